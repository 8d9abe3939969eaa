"""Values per item, gains over the reference, and correlations within items."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..checks import InputError
from ..runs.frame import Frame
from ..statistics import Estimate, max_t, of_rho, spearman, summarise

#: Linear interpolation of fitted pixels on a grid and elsewhere; an item has one of them.
LINEAR = ("bilinear", "Delaunay-linear")


def per_item(
    frame: Frame,
    metric: str,
    by: str | Sequence[str] = "label",
    at: str = "last",
    *,
    complete: bool = True,
) -> pd.DataFrame:
    """A metric, seeds averaged within items: groups × items, both in the order of the sweep.

    Args:
        by: columns of `runs` that make a group.
        at: the step, see `Frame.value`.
        complete: False leaves NaN where a group lacks an item.

    Raises:
        InputError: if `complete` and a group lacks an item that another has; or one of its items
            and seeds has several runs.
    """
    by = [by] if isinstance(by, str) else list(by)
    names = [*by, "item", "seed"]
    cells = pd.DataFrame({name: frame.column(name) for name in names})
    cells["value"] = frame.value(metric, at)
    cells = cells.dropna(subset=["value"])
    if cells.duplicated(names).any():
        twice = cells[cells.duplicated(names)].iloc[0]
        told = ", ".join(f"{name}={twice[name]}" for name in names)
        raise InputError(
            f"frame {frame.name}: several runs of {told}; expected a label of its own "
            "(model.label) for each value that is swept"
        )
    means = cells.groupby([*by, "item"], sort=False, dropna=False)["value"].mean().unstack("item")
    if complete and means.isna().any(axis=None):
        raise InputError(f"frame {frame.name}: not every {', '.join(by)} has {metric} of all items")
    groups = cells.drop_duplicates(by).set_index(by).index
    return means.reindex(groups)[list(cells["item"].unique())]


def without_network(frame: Frame, metric: str) -> pd.DataFrame:
    """A metric of what needs no network: its labels × items, NaN where runs do not agree.

    Runs of an item that have the metric agree where all have the same value, as they do where
    they were given the same data; of a size or share that was swept there is none.
    """
    items = frame.runs.loc[frame.value(metric).dropna().index, "item"]
    found = {}
    for column in frame.runs:
        start, _, label = column.removesuffix(f".{metric}").partition(".without_network.")
        if start != "data" or not column.endswith(f".{metric}"):
            continue
        values = frame.runs.loc[items.index, column].groupby(items, sort=False)
        least, most = values.min(), values.max()
        agree = (values.count() == values.size()) & (most - least <= 1e-9 * most.abs())
        found[label] = most.where(agree)
    rows = pd.DataFrame(found, index=pd.unique(items)).T
    return rows.dropna(how="all")


@dataclass(frozen=True)
class Row:
    """A method, or a value that was swept, in one metric.

    Attributes:
        metric, name: what is measured, and of what.
        mean: over items, seeds averaged within each.
        against: paired difference to the reference; None for the reference itself and where they
            share no item.
        p: step-down max-T p over the rows of the metric.
        seed_std: standard deviation over seeds within an item, averaged over items; NaN for one
            seed.
        network: False where it needs none: outside the family of the others, so without p.
    """

    metric: str
    name: str
    mean: Estimate
    against: Estimate | None
    p: float = math.nan
    seed_std: float = math.nan
    network: bool = True


def paired_rows(
    frame: Frame, metric: str, reference: str, by: str = "label", *, factor: float = 1.0
) -> list[Row]:
    """Every row of a metric at the last step against one of them, what needs no network below.

    Seeds that one of the two lacks would enter as a difference: only those that both have are
    paired.

    Args:
        reference: a value of the column `by` of `runs`.
        factor: from the frame's numbers to those of the rows.

    Raises:
        InputError: if the reference has no such metric, or as for `per_item`.
    """
    whole = per_item(frame, metric, by, complete=False)
    if reference not in whole.index:
        raise InputError(f"frame {frame.name}: {reference} has no {metric}")
    cells = pd.DataFrame({name: frame.column(name) for name in (by, "item", "seed")})
    cells["value"] = factor * frame.value(metric).replace([np.inf, -np.inf], np.nan)
    seeds = cells.dropna().pivot(index=["item", "seed"], columns=by, values="value")
    seeds = seeds.reindex(columns=whole.index)
    items = seeds.groupby(level="item").mean().T.reindex(columns=whole.columns)
    paired = seeds.sub(seeds[reference], axis=0).groupby(level="item").mean()
    paired = paired.reindex(items.columns).drop(columns=reference)
    adjusted = dict(zip(paired, max_t(paired.to_numpy()), strict=True))
    spread = seeds.groupby(level="item").std(ddof=1).mean()

    def against(differences: pd.Series) -> Estimate | None:
        own = differences.dropna()
        return summarise(own) if len(own) else None

    networks = [
        Row(
            metric, name, summarise(own.dropna()),
            against(paired[name]) if name in paired else None,
            adjusted.get(name, math.nan), float(spread[name]),
        )
        for name, own in items.iterrows()
    ]  # fmt: skip
    return networks + [
        Row(metric, name, summarise(own), against(own - items.loc[reference]), network=False)
        for name, own in (factor * without_network(frame, metric).dropna()).iterrows()
    ]


def left_out(frame: Frame, metric: str, by: str = "label") -> dict[str, int]:
    """Runs whose metric is no finite number, as the PSNR of a perfect fit, by row.

    They are in no mean.
    """
    values = frame.value(metric)
    measured = frame.steps.loc[frame.steps["metric"] == metric, "run"]
    odd = np.isinf(values) | (values.isna() & values.index.isin(measured))
    counts = frame.runs.loc[values.index[odd], by].value_counts(sort=False)
    return {str(name): int(count) for name, count in counts.items()}


def limit(frame: Frame) -> float:
    """Held-out PSNR (dB) of linear interpolation, mean over items; NaN where an item has none."""
    rows = without_network(frame, "psnr_heldout").reindex(LINEAR).bfill()
    return float(rows.iloc[0].mean(skipna=False))


def correlation(frame: Frame, x: str, y: str) -> Estimate:
    """Spearman's ρ of x at step 0 and y at the last step over an item's configs; mean over items.

    Seeds are averaged within a config; see `of_rho`.
    """
    table = pd.DataFrame({name: frame.column(name) for name in ("item", "key")})
    table["x"], table["y"] = frame.value(x, "first"), frame.value(y)
    cells = table.groupby(["item", "key"], dropna=False)[["x", "y"]].mean()
    return of_rho([spearman(own["x"], own["y"]) for _, own in cells.groupby("item")])


def signed(estimate: Estimate) -> str:
    """The mean and its interval, as far as there are: `+1.22 [+0.84, +1.60]`."""
    if math.isnan(estimate.mean):
        return "–"
    if math.isnan(estimate.low):
        return f"{estimate.mean:+.2f}"
    return f"{estimate.mean:+.2f} [{estimate.low:+.2f}, {estimate.high:+.2f}]"
