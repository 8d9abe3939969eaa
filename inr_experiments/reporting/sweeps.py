"""What figures of sweeps share: one row a run, gains and correlations over items."""

from collections.abc import Sequence

import pandas as pd

from ..checks import InputError
from ..runs.frame import COLUMNS
from ..statistics import Mean, spearman, summarise


def runs(frame: pd.DataFrame, *, first: Sequence[str] = (), last: Sequence[str]) -> pd.DataFrame:
    """One row a run: model, item, seed, scale, folder, what was swept, and metrics by name.

    Args:
        first: metrics at step 0.
        last: metrics at the last step.

    Raises:
        InputError: if a metric is not in the frame.
    """
    swept = [column for column in frame.columns if column not in COLUMNS]
    table = frame.drop_duplicates("folder")[["model", "item", "seed", "scale", "folder", *swept]]
    table = table.set_index("folder", drop=False).rename_axis(None)
    for metrics, rows in ((first, frame[frame["step"] == 0]), (last, frame[frame["last"]])):
        for metric in metrics:
            values = rows[rows["metric"] == metric].set_index("folder")["value"]
            if values.empty:
                raise InputError(f"{metric}: not in the frame")
            table[metric] = values
    return table


def per_item(table: pd.DataFrame, metric: str, by: str | list[str]) -> pd.DataFrame:
    """A metric of `runs`, seeds averaged within items: groups × items.

    Raises:
        InputError: if a group lacks an item that another has.
    """
    by = [by] if isinstance(by, str) else by
    means = table.groupby([*by, "item"])[metric].mean().unstack("item")
    if means.isna().any(axis=None):
        raise InputError(f"{metric}: not every {', '.join(by)} of the frame has the same items")
    return means


def correlation(table: pd.DataFrame, x: str, y: str) -> Mean:
    """Spearman's ρ of two metrics over the runs of an item, seeds averaged; mean over items."""
    # Keys have dots and metrics, which may have one as well, slashes.
    swept = [c for c in table.columns if c == "knob" or ("." in c and "/" not in c)]
    cells = table.groupby(["item", *swept], dropna=False)[[x, y]].mean()
    return summarise([spearman(own[x], own[y]) for _, own in cells.groupby("item")])
