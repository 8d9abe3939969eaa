"""The rank that a band-limited signal needs, the rank that is there, and how well it is fitted.

Signals of band K in P dimensions span (2K + 1)^P directions. Above: directions of the centred Z₀
at initialisation; dashed: as many as the signal spans, its mean among them. Below: PSNR after
training, of fitted values as lines, of those held out as crosses.
"""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.looks import MEASURES, looks
from inr_experiments.runs.frame import Frame

READS = ("needed_rank",)

NEEDED, DIMENSIONS = "data.needed_rank", "data.dimensions"
SHOWN = ("centred_rank_0.01", "centred_effective_rank")


def draw(needed_rank: Frame) -> Figure:
    dimensions = sorted(needed_rank.column(DIMENSIONS).unique())
    size = (style.PAGE, 4.4)
    figure, axes = plt.subplots(2, len(dimensions), figsize=size, sharey="row", squeeze=False)
    for column, P in zip(axes.T, dimensions, strict=True):
        own = needed_rank.where(**{DIMENSIONS: P})
        column[0].set_title(f"P = {P:g}")
        draw_ranks(column[0], own)
        draw_psnr(column[1], own)
        for axis in column:
            axis.set(xscale="log", yscale="log")
            for side in (axis.xaxis, axis.yaxis):
                side.set_major_locator(LogLocator(base=2))
                side.set_minor_locator(NullLocator())
                side.set_major_formatter("{x:g}")
        column[1].set_xlabel("needed rank (2K + 1)$^P$")
    axes[0, 0].set_ylabel("directions of Z₀ at initialisation")
    axes[1, 0].set_ylabel("PSNR (dB)")
    methods, ranks = (axis.get_legend_handles_labels() for axis in axes[::-1, 0])
    handles, labels = (a + b for a, b in zip(methods, ranks, strict=True))
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def by_need(
    frame: Frame, metric: str, at: str = "last"
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The needed ranks and a metric there, by label; mean over signals and seeds of a rank."""
    table = per_item(frame, metric, ["label", NEEDED], at, complete=False).mean(axis=1)
    courses = {label: table.loc[label].sort_index() for label in frame.labels}
    return {label: (own.index.to_numpy(), own.to_numpy()) for label, own in courses.items()}


def draw_ranks(axis: Axes, frame: Frame) -> None:
    """The ranks that are there, and the dashed line of those that are needed."""
    for name, line in zip(SHOWN, ("-", ":"), strict=True):
        measure = MEASURES[name]
        for label, (x, y) in by_need(frame, f"spectra/inlet/{name}", "first").items():
            colour = looks(frame)[label].colour
            axis.plot(x, y, line, color=colour, marker=measure.marker, markersize=4)
        marks: dict[str, Any] = {"color": "0.4", "marker": measure.marker, "markersize": 4}
        axis.plot([], [], line, label=measure.name, **marks)
    needed = np.sort(frame.column(NEEDED).unique())
    axis.plot(needed, needed, "--", color="0.6", label="needed")


def draw_psnr(axis: Axes, frame: Frame) -> None:
    """PSNR on the fitted values as lines, on those held out as crosses."""
    for label, (x, y) in by_need(frame, "psnr").items():
        axis.plot(x, y, color=looks(frame)[label].colour, marker="o", markersize=3, label=label)
    for label, (x, y) in by_need(frame, "psnr_heldout").items():
        axis.plot(x, y, "x", color=looks(frame)[label].colour, markersize=4)
