"""PSNR against steps, by width.

Constant rate; at every milestone the better of two rates, by the PSNR that is drawn. Mean over
pictures. Dashed: interpolation of the fitted pixels without a network.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import limit
from inr_experiments.reporting.looks import looks
from inr_experiments.reporting.panels import draw_limit
from inr_experiments.reporting.rates import best_courses
from inr_experiments.runs.frame import Frame

READS = ("budget",)

WIDTH = "model.width"
#: What the rows show.
METRICS = {"psnr": "fitted PSNR (dB)", "psnr_heldout": "held-out PSNR (dB)"}


def draw(budget: Frame) -> Figure:
    widths = sorted(budget.column(WIDTH).unique())
    figure, axes = plt.subplots(
        2, len(widths), figsize=(style.PAGE, 4.2), sharex=True, sharey="row", squeeze=False
    )
    for column, width in zip(axes.T, widths, strict=True):
        own = budget.where(**{WIDTH: width})
        for axis, metric in zip(column, METRICS, strict=True):
            draw_courses(axis, own, metric)
        draw_limit(column[1], limit(own), across=True)
        column[0].set_title(f"width {width:g}")
        column[1].set_xlabel("steps")
    for row, name in zip(axes[:, 0], METRICS.values(), strict=True):
        row.set_ylabel(name)
    style.legend(figure, axes[1, 0], ncols=5)
    return figure


def draw_courses(axis: Axes, frame: Frame, metric: str) -> None:
    """A line a method."""
    courses = best_courses(frame, metric, ["label"])
    for label, look in looks(frame).items():
        own = courses.loc[label].dropna()
        axis.plot(own.index, own, color=look.colour, linestyle=look.dash, label=label)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter("{x:,g}")
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(color="0.92")
    axis.set_axisbelow(True)
