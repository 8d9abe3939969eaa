"""The held-out PSNR that interpolating the fitted pixels gives, without a network."""

import math

from matplotlib.axes import Axes

from ..runs.frame import Frame

#: Columns of it, of fitted pixels on a grid and elsewhere; a run has one of them.
COLUMNS = tuple(
    f"data.without_network.{row}.psnr_heldout" for row in ("bilinear", "Delaunay-linear")
)
NAME = "linear interpolation"


def limit(frame: Frame) -> float:
    """Mean over items of the PSNR (dB) of linear interpolation; NaN where a run has none."""
    own = frame.runs[[column for column in COLUMNS if column in frame.runs]]
    if own.empty:
        return math.nan
    return float(own.bfill(axis=1).iloc[:, 0].groupby(frame.runs["item"]).mean().mean(skipna=False))


def draw_limit(axis: Axes, level: float, *, across: bool = False) -> None:
    """A line at the limit, over the height of the axis or `across` it; none where it is NaN."""
    if not math.isnan(level):
        line = axis.axhline if across else axis.axvline
        line(level, color="0.4", linewidth=0.9, linestyle=(0, (5, 2)), label=NAME)
