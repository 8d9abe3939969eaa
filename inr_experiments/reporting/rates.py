"""Learning rates: the grid of what was tried, and courses at the best of several rates."""

from collections.abc import Sequence

import pandas as pd

from ..checks import InputError, counted
from ..runs.frame import Frame
from .gains import per_item
from .tables import Table

RATE = "fit.lr"
#: The metric that a rate is chosen by and the one shown beside it, by the first metric of a task.
METRICS = {"psnr": ("psnr_heldout", "psnr"), "iou": ("iou", "iou_near_surface")}
BLANK = ""


def grid(frame: Frame) -> Table:
    """Labels × rates, PSNR of held-out and of fitted pixels; the best rate by the former.

    Of solids IoU on the grid and near the surface. Means are over the items that every cell has. A
    label lacks the rates that it was not given.

    Raises:
        InputError: if a picture is of the tables, or none is in every cell.
    """
    not_of_the_tables(frame)
    names = METRICS[frame.column("metric").iloc[0]]
    chosen, beside = (whole(frame, metric) for metric in names)
    rates = sorted(chosen.index.unique(RATE))
    body = [row(label, rates, chosen, beside) for label in frame.labels]
    runs, items = len(frame.runs), ", ".join(sorted(chosen.columns))
    ends = [line[0] for line in body if line[-1]]
    note = (
        f"{' / '.join(names)} by learning rate, mean over {items}; {runs} fits, scale "
        f"{frame.words('scale')}, {counted(frame.runs['seed'].nunique(), 'seed')}. The best is by "
        f"{names[0]}; trials: rates tried. None of the items is in a table. A best at the end of "
        f"its grid: {', '.join(ends) or 'none'}."
    )
    header = ["method", *(f"{rate:g}" for rate in rates), "best", f"best by {names[1]}", "trials",
              "at an end"]  # fmt: skip
    return Table(header, body, note)


def not_of_the_tables(frame: Frame) -> None:
    """Raise an `InputError` for a picture that the tables have."""
    if "div2k" in set(frame.runs["task"]):
        raise InputError(
            f"frame {frame.name}: nothing is tuned on the 16 pictures of the tables; expected "
            "others, as fits: tuning has them"
        )


def whole(frame: Frame, metric: str) -> pd.DataFrame:
    """A metric of (label, rate) × pictures, those that every cell has.

    Raises:
        InputError: if there is none.
    """
    values = per_item(frame, metric, ["label", RATE], complete=False).dropna(axis=1)
    if values.empty:
        raise InputError(f"frame {frame.name}: no picture has {metric} of every label and rate")
    return values


def row(
    label: str, rates: Sequence[float], chosen_by: pd.DataFrame, shown: pd.DataFrame
) -> list[str]:
    """A label's line of the grid."""
    chosen, beside = (values.loc[label].mean(axis=1) for values in (chosen_by, shown))
    best, tried = chosen.idxmax(), sorted(chosen.index)
    return [
        label,
        *(f"{chosen[r]:.2f} / {beside[r]:.2f}" if r in tried else BLANK for r in rates),
        f"{best:g}",
        f"{beside.idxmax():g}",
        str(len(tried)),
        {tried[0]: "lowest", tried[-1]: "highest"}.get(best, BLANK) if len(tried) > 1 else BLANK,
    ]


def best_courses(frame: Frame, metric: str) -> pd.DataFrame:
    """A metric through training at the best rate of each step: labels × steps.

    Seeds are averaged within pictures, then pictures; a rate that lacks a picture does not count.
    Step 0 is left out.
    """
    steps = frame.steps[(frame.steps["metric"] == metric) & (frame.steps["step"] > 0)]
    if steps.empty:
        raise InputError(f"frame {frame.name}: no {metric} after step 0")
    values = steps.join(frame.runs[["label", RATE, "item"]], on="run")
    by = values.groupby(["label", RATE, "step", "item"], sort=False)
    means = by["value"].mean().unstack("item").mean(axis=1, skipna=False)
    return means.groupby(["label", "step"], sort=False).max().unstack("step").sort_index(axis=1)
