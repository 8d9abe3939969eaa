"""Frames that are kept for comparison, and what of a new run lies outside their intervals."""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..statistics import Mean, summarise

#: What depends on the machine.
NOT_COMPARED = ("seconds",)


def compact(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that claims and comparisons read: first step, first milestone after it, last step.

    Of the ranks it keeps the effective ones. The folder of a run is told relative to the outputs
    folder.
    """
    frame = frame[_told(frame["metric"])]
    later = frame["step"].where(frame["step"] > 0)
    early = later.groupby([frame["key"], frame["seed"]]).transform("min")
    kept = frame[(frame["step"] == 0) | frame["last"] | (frame["step"] == early)].copy()
    kept["folder"] = ["runs/" + "/".join(Path(folder).parts[-2:]) for folder in kept["folder"]]
    return kept


@dataclass(frozen=True)
class Change:
    """A mean over items, or its difference to default ReLU's, then and now."""

    what: str
    then: Mean
    now: float

    @property
    def moved(self) -> bool:
        """Whether it is outside the interval of then, or differs where all items agreed then."""
        if self.then.n > 1 and self.then.std == 0:
            return not math.isclose(self.now, self.then.mean, rel_tol=1e-9, abs_tol=1e-12)
        return not math.isnan(self.then.low) and not self.then.low <= self.now <= self.then.high

    @property
    def sentence(self) -> str:
        """The two numbers, in words."""
        then = self.then
        return (
            f"{self.what}: {self.now:.4g}, was {then.mean:.4g} [{then.low:.4g}, {then.high:.4g}] "
            f"over {then.n} items"
        )


def changes(then: pd.DataFrame, now: pd.DataFrame) -> tuple[list[Change], list[str]]:
    """Every compared number of two frames, and what could not be compared, in words.

    Compared are the metrics of the last step and the effective ranks, as means over items with
    seeds averaged in each, and each metric's difference to default ReLU's.
    """
    before, after = _by_item(then), _by_item(now)
    found, lacking = [], []
    for name in before.index.droplevel("item").unique():
        task, model, metric = name
        what = f"{model}, {metric} ({task})"
        a = before.xs(name, level=("task", "model", "metric"))
        try:
            b = after.xs(name, level=("task", "model", "metric"))
        except KeyError:
            lacking.append(f"{what}: not in the new frame")
            continue
        if set(a.index) != set(b.index):
            lacking.append(f"{what}: {len(b)} items, not the {len(a)} of the reference")
            continue
        found.append(Change(what, summarise(a), float(b.mean())))
        plain = (task, "relu", metric)
        if model == "relu" or any(_lacks(table, plain, a) for table in (before, after)):
            continue
        zero_a, zero_b = (t.xs(plain, level=("task", "model", "metric")) for t in (before, after))
        found.append(Change(f"{what} over relu", summarise(a - zero_a), float((b - zero_b).mean())))
    return found, lacking


def _by_item(frame: pd.DataFrame) -> pd.Series:
    metric = frame["metric"]
    chosen = frame[frame["last"] & _told(metric) & ~metric.isin(NOT_COMPARED)]
    return chosen.groupby(["task", "model", "metric", "item"])["value"].mean()


def _told(metric: pd.Series) -> pd.Series:
    """Which metrics are plain ones or effective ranks, and none of the rest of a diagnostic."""
    return ~metric.str.contains("/") | metric.str.endswith("/effective_rank")


def _lacks(table: pd.Series, name: tuple[str, str, str], items: pd.Series) -> bool:
    return any((*name, item) not in table.index for item in items.index)
