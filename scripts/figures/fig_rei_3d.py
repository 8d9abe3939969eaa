"""Readings of REI's lattice in 3D: IoU over the default's, dead units and ranks of each.

Left: mean gain over solids with its 95 % interval, and a small dot a solid. Middle and right: of
the inlet at initialisation, means over solids.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.lattice_variants import RANKS, UNITS, inlets
from inr_experiments.reporting.looks import Measure, label_of, looks
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("lattice_3d",)


def draw(lattice_3d: Frame) -> Figure:
    shown = looks(lattice_3d)
    colours = [look.colour for look in shown.values()]
    size = (style.PAGE, 0.3 * len(shown) + 1.1)
    figure, axes = plt.subplots(1, 3, figsize=size, sharey=True, width_ratios=(1.3, 1, 1.3))
    iou = 100 * per_item(lattice_3d, "iou")
    draw_gains(axes[0], iou - iou.loc[label_of(lattice_3d)], colours)
    table = inlets(lattice_3d)
    draw_measures(axes[1], table, UNITS, colours)
    axes[1].set_xlabel("units of the inlet")
    draw_measures(axes[2], table, RANKS, colours)
    style.log2(axes[2].xaxis)
    axes[2].set_xlabel("directions of Z₀ at initialisation")
    axes[0].set_yticks(range(len(shown)), list(shown))
    axes[0].invert_yaxis()
    for axis in axes:
        axis.grid(axis="y", color="0.9")
    told = f"{lattice_3d.words('item')}, scale {lattice_3d.words('scale')}"
    figure.suptitle(told, fontsize=8)
    return figure


def draw_gains(axis: Axes, gains: pd.DataFrame, colours: list[str]) -> None:
    """A label's gain on every solid, and the mean with its interval."""
    for y, ((_, own), colour) in enumerate(zip(gains.iterrows(), colours, strict=True)):
        mean = summarise(own)
        axis.scatter(own, [y] * len(own), s=5, color=colour, alpha=0.45, linewidths=0)
        axis.hlines(y, mean.low, mean.high, color=colour, linewidth=1.4)
        axis.plot(mean.mean, y, "o", color=colour, markersize=4.5)
    axis.axvline(0, color="0.4", linewidth=0.8)
    axis.set_xlabel("IoU over the default's (points)")


def draw_measures(
    axis: Axes, table: pd.DataFrame, measures: dict[str, Measure], colours: list[str]
) -> None:
    """Several measures of the inlet, a mark each."""
    for metric, measure in measures.items():
        axis.scatter(table[metric], range(len(table)), marker=measure.marker, s=20, c=colours,
                     zorder=3)  # fmt: skip
        axis.scatter([], [], marker=measure.marker, s=20, c="0.4", label=measure.name)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2,
                columnspacing=1, handletextpad=0.2)  # fmt: skip
