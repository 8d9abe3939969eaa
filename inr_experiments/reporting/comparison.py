"""A table of whatever was run: a row a model or swept value, each against one of them."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import pandas as pd

from ..checks import InputError, counted, nearest
from ..runs.frame import Frame, word
from ..runs.key import KEY_EXCLUDES
from ..statistics import smallest_p
from .gains import Row, left_out, paired_rows
from .tables import Table

GROUPS = ("model.", "task.", "fit.")


@dataclass(frozen=True)
class Comparison:
    """All rows, and what names them.

    Attributes:
        key: `model`, or the one key that was swept.
        references: the row that the others are held against, by metric.
        rows: in the order of the runs, metric by metric; below them what needs no network.
        units, better: by metric, where the task says so; `better` is `higher` or `lower`.
        left_out: runs whose metric is no finite number, by metric and row.
    """

    key: str
    references: Mapping[str, str]
    rows: list[Row]
    units: Mapping[str, str]
    better: Mapping[str, str]
    left_out: Mapping[str, Mapping[str, int]]

    def measured(self, metric: str) -> str:
        """A metric with its unit: `psnr (dB)`."""
        unit = self.units.get(metric)
        return f"{metric} ({unit})" if unit else metric


def compare_rows(
    frame: Frame, metrics: Sequence[str] = (), reference: str | None = None
) -> Comparison:
    """The rows of a frame, each against one of them.

    Args:
        metrics: at the last step; without any, the first metric of each task.
        reference: a row; without one the first that has every metric or, where none has, of each
            metric the first that has it.

    Raises:
        InputError: if no run has a metric, or there is no such reference or it lacks one.
    """
    asked = metrics or list(dict.fromkeys(frame.column("metric")))
    key, frame = named_rows(frame, asked)
    names = list(frame.runs["row"].unique())
    if reference is not None:
        reference = _row_named(reference, frame.runs)
    having = {m: list(frame.runs.loc[frame.value(m).dropna().index, "row"]) for m in asked}
    whole = [name for name in names if all(name in own for own in having.values())]
    chosen = {metric: reference or (whole or own or names)[0] for metric, own in having.items()}
    rows = [row for metric in asked for row in paired_rows(frame, metric, chosen[metric], "row")]
    units, better = (_of_metrics(frame, asked, fact) for fact in ("unit", "better"))
    odd = {metric: left_out(frame, metric, "row") for metric in asked}
    return Comparison(key, chosen, rows, units, better, odd)


def _row_named(asked: str, runs: pd.DataFrame) -> str:
    """The row of that name, that of the model of that name, or of the number."""
    names = list(runs["row"].unique())
    of_model = list(runs.loc[runs["model"] == asked, "row"].unique())
    alike = [asked, *(of_model if len(of_model) == 1 else [])]
    with suppress(ValueError):
        alike.append(word(float(asked)))
    for name in alike:
        if name in names:
            return name
    raise InputError(
        f"against {asked!r}: no such row; expected one of {', '.join(names)}{nearest(asked, names)}"
    )


def _of_metrics(frame: Frame, metrics: Sequence[str], fact: str) -> dict[str, str]:
    """A fact of metrics that their tasks tell; a metric's best milestone is a metric like it."""
    found = {}
    for metric in metrics:
        for column in (f"metric.{metric}.{fact}", f"metric.{metric.removesuffix('_best')}.{fact}"):
            if column in frame.runs and metric not in found:
                found[metric] = ", ".join(frame.runs[column].dropna().unique())
    return found


def named_rows(frame: Frame, metrics: Sequence[str] = ()) -> tuple[str, Frame]:
    """The frame with a column `row`, and what its values are of.

    Rows are labels, with the task where tasks share one of the metrics or an item, and the keys
    whose values differ within a label; a key whose value follows from those before it, or decides
    no number, is left out. With one label and one such key the rows are its values.
    """
    runs = frame.runs
    together = [runs.loc[frame.value(name).dropna().index].groupby("label") for name in metrics]
    together.append(runs.groupby(["label", "item"]))
    keys = ["task"] if any(own["task"].nunique().max() > 1 for own in together) else []
    outside = {f"{group}.{key}" for group, names in KEY_EXCLUDES.items() for key in names}
    columns = [c for group in GROUPS for c in runs if c.startswith(group) and c not in outside]
    for column in ["scale", *columns]:
        # Within a task: what tells tasks apart was not swept.
        alike = [runs["label"], runs["task"], *(runs[key].map(word) for key in keys)]
        if runs[column].map(word).groupby(alike).nunique().max() > 1:
            keys.append(column)
    one = runs["label"].nunique() == 1 and len(keys) == 1

    def name(run: pd.Series) -> str:
        if one:
            value = run[keys[0]]
            return "null" if pd.isna(value) else word(value)
        swept = [f"{key}={word(run[key])}" for key in keys if not pd.isna(run[key])]
        return ", ".join([run["label"], *swept])

    rows = runs.apply(name, axis=1)
    return keys[0] if one else "model", replace(frame, runs=runs.assign(row=rows))


def as_table(compared: Comparison) -> Table:
    """The comparison for readers."""
    several = len({row.metric for row in compared.rows}) > 1
    first, references = ["metric"] if several else [], set(compared.references.values())
    against = references.pop() if len(references) == 1 else "the first of each metric"
    measured = "mean" if several else compared.measured(compared.rows[0].metric)
    header = [*first, compared.key, "items", f"{measured} ± std", f"against {against}",
              "95 % interval", "p (max-T)"]  # fmt: skip
    body = [
        [*([compared.measured(row.metric)] if several else []), *_cells(row)]
        for row in compared.rows
    ]
    if len({row.name for row in compared.rows}) == 1:  # nothing to hold it against
        header, body = header[:-3], [line[:-3] for line in body]
    shared = [r.against.n for r in compared.rows if r.against and r.network]
    without = ", ".join(dict.fromkeys(row.name for row in compared.rows if not row.network))
    items = max(shared, default=compared.rows[0].mean.n)
    note = (
        "Means over items at the last step, seeds averaged within each; differences over the items "
        "and seeds that both rows have. Intervals: Student's t. p: sign flips, step-down max-T; "
        f"with {counted(items, 'item')} the smallest attainable is {smallest_p(items):.2g}."
        + "".join(f" {metric}: {better} is better." for metric, better in compared.better.items())
        + (f" Without a network: {without}." if without else "")
        + "".join(
            f" Left out, as its {metric} is no finite number: {count} of {name}."
            for metric, own in compared.left_out.items()
            for name, count in own.items()
        )
    )
    return Table(header, body, note)


def _cells(row: Row) -> list[str]:
    digits = 2 if abs(row.mean.mean) >= 1 else 4

    def number(value: float, sign: str = "") -> str:
        return "–" if math.isnan(value) else f"{value:{sign}.{digits}f}"

    cells = [row.name, str(row.mean.n), f"{number(row.mean.mean)} ± {number(row.mean.std)}"]
    if (gain := row.against) is None:
        return [*cells, "–", "–", "–"]
    bounds = "–" if math.isnan(gain.low) else f"[{number(gain.low, '+')}, {number(gain.high, '+')}]"
    return [*cells, number(gain.mean, "+"), bounds, "–" if math.isnan(row.p) else f"{row.p:.2g}"]


def as_csv(compared: Comparison) -> str:
    """All numbers of the comparison, in full."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["metric", compared.key, "items", "mean", "std", "low", "high", "reference",
         "shared_items", "difference", "difference_low", "difference_high", "p", "unit", "better"]
    )  # fmt: skip
    for row in compared.rows:
        mean, gain = row.mean, row.against
        numbers: list[float | int | None] = [mean.n, mean.mean, mean.std, mean.low, mean.high]
        rest = [gain.n, gain.mean, gain.low, gain.high, row.p] if gain else [None] * 5
        told = [named.get(row.metric) for named in (compared.units, compared.better)]
        cells = [*numbers, compared.references[row.metric], *rest, *told]
        empty = ["" if c is None or (isinstance(c, float) and math.isnan(c)) else c for c in cells]
        writer.writerow([row.metric, row.name, *empty])
    return out.getvalue()
