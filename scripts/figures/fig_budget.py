"""PSNR against steps, by width, with the published values beside the held-out ones.

Constant rate; at every milestone the better of two rates, by the PSNR that is drawn. Mean over
pictures that are in no table. Dashed: interpolation of the fitted pixels without a network. Ticks
at the right: the published PSNR less 27.04 dB, the interpolation of the paper's 16 crops, plus that
of ours. In the title: the least distance to them (root mean square), and the step of it.
"""

import math

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import limit
from inr_experiments.reporting.looks import looks, published
from inr_experiments.reporting.panels import draw_limit
from inr_experiments.reporting.rates import best_courses, not_of_the_tables
from inr_experiments.runs.frame import Frame

READS = ("budget",)

WIDTH = "model.width"
#: What the rows show.
METRICS = {"psnr": "fitted PSNR (dB)", "psnr_heldout": "held-out PSNR (dB)"}
#: PSNR (dB) on the rest of the 16 crops at 512², every second pixel interpolated bilinearly.
LIMIT_OF_THE_CROPS = 27.04


def draw(budget: Frame) -> Figure:
    not_of_the_tables(budget)
    widths = sorted(budget.column(WIDTH).unique())
    figure, axes = plt.subplots(
        2, len(widths), figsize=(style.PAGE, 4.4), sharex=True, sharey="row", squeeze=False
    )
    for (fitted, held_out), width in zip(axes.T, widths, strict=True):
        own = budget.where(**{WIDTH: width})
        fitted.set_title(f"width {width:g}")
        draw_courses(fitted, own, best_courses(own, "psnr"))
        courses = best_courses(own, "psnr_heldout")
        draw_courses(held_out, own, courses)
        draw_limit(held_out, limit(own), across=True)
        draw_published(held_out, own, courses)
        held_out.set_xlabel("steps")
    for row, name in zip(axes[:, 0], METRICS.values(), strict=True):
        row.set_ylabel(name)
    style.legend(figure, axes[1, 0], ncols=5)
    return figure


def draw_courses(axis: Axes, frame: Frame, courses: pd.DataFrame) -> None:
    """A line a method."""
    for label, look in looks(frame).items():
        own = courses.loc[label].dropna()
        axis.plot(own.index, own, color=look.colour, linestyle=look.dash, label=label)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter("{x:,g}")
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(color="0.92")


def draw_published(axis: Axes, frame: Frame, courses: pd.DataFrame) -> None:
    """A tick a method at its published value, and the step nearest to all; none without a limit."""
    wanted = expected(frame)
    if wanted.isna().any():
        return
    for label, look in looks(frame).items():
        if label in wanted:
            axis.plot(1, wanted[label], "_", color=look.colour, ms=12, mew=2,
                      clip_on=False, transform=axis.get_yaxis_transform())  # fmt: skip
    away = distances(courses, wanted)
    axis.set_title(f"{away.min():.1f} dB from the published\nafter {away.idxmin():,} steps")


def expected(frame: Frame) -> pd.Series:
    """The published PSNR (dB) by label, as far beside our interpolation as it is beside theirs."""
    return pd.Series(published("psnr")) - LIMIT_OF_THE_CROPS + limit(frame)


def distances(courses: pd.DataFrame, wanted: pd.Series) -> pd.Series:
    """Distance (dB) of the courses to these values by step: root mean square over labels."""
    away = courses.loc[wanted.index.intersection(courses.index)].sub(wanted, axis=0).dropna(axis=1)
    return (away**2).mean().map(math.sqrt)
