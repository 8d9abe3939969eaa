"""Variants of REI's lattice in 3D: IoU, silent units and ranks of each."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import MarkerType

from inr_experiments.reporting import style
from inr_experiments.reporting.lattice_variants import UNITS, lattice_variants
from inr_experiments.reporting.looks import MEASURES, Measure, looks
from inr_experiments.runs.frame import Frame

READS = ("lattice_3d",)

#: Distance of the rows of two widths around their label's.
OFFSET = 0.17
RANKS = {
    name: MEASURES[name] for name in ("rank_0.001", "rank_0.01", "effective_rank", "stable_rank")
}


def draw(lattice_3d: Frame) -> Figure:
    shown = looks(lattice_3d)
    table = placed(lattice_3d)
    size = (style.PAGE, 0.36 * len(shown) + 1.1)
    figure, axes = plt.subplots(1, 3, figsize=size, sharey=True, width_ratios=(1, 1, 1.3))
    draw_iou(axes[0], table)
    draw_measures(axes[1], table, UNITS, of_width=True)
    axes[1].set_xlabel("silent units of the inlet, %")
    draw_measures(axes[2], table, RANKS, of_width=False)
    style.log2(axes[2].xaxis)
    axes[2].set_xlabel("directions of Z₀ at initialisation")
    axes[0].set_yticks(range(len(shown)), list(shown))
    axes[0].invert_yaxis()
    for axis in axes:
        axis.grid(axis="y", color="0.9")
    draw_widths(axes[0], sorted(table["width"].unique()))
    told = f"{lattice_3d.words('item')}, scale {lattice_3d.words('scale')}"
    figure.suptitle(told, fontsize=8)
    return figure


def placed(frame: Frame) -> pd.DataFrame:
    """The variants with `row`, `colour` and `face` of their marks, full for the largest width."""
    table = lattice_variants(frame)
    shown, widths = looks(frame), sorted(table["width"].unique())
    shift = {w: OFFSET * (2 * i - len(widths) + 1) for i, w in enumerate(widths)}
    colour = table["label"].map(lambda label: shown[label].colour)
    return table.assign(
        row=table["label"].map(list(shown).index) + table["width"].map(shift),
        colour=colour,
        face=colour.where(table["width"] == widths[-1], "white"),
    )


def draw_iou(axis: Axes, table: pd.DataFrame) -> None:
    """IoU at the last step, written beside its mark."""
    values = 100 * table["iou"]
    marks(axis, values, table, "o")
    for value, row in zip(values, table["row"], strict=True):
        axis.annotate(f"{value:.1f}", (value, row), (4, 0), textcoords="offset points",
                      va="center", fontsize=5.5)  # fmt: skip
    axis.margins(x=0.18)
    axis.set_xlabel("IoU, %")


def draw_measures(
    axis: Axes, table: pd.DataFrame, measures: dict[str, Measure], *, of_width: bool
) -> None:
    """Several measures of the inlet at step 0, a mark each; `of_width` in percent of it."""
    for name, measure in measures.items():
        values = 100 * table[name] / table["width"] if of_width else table[name]
        marks(axis, values, table, measure.marker)
        axis.scatter([], [], marker=measure.marker, s=20, c="0.4", label=measure.name)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2,
                columnspacing=1, handletextpad=0.2)  # fmt: skip


def marks(axis: Axes, values: pd.Series, table: pd.DataFrame, marker: MarkerType) -> None:
    """One mark a variant and width."""
    axis.scatter(
        values, table["row"], marker=marker, s=20, c=table["face"], edgecolors=table["colour"],
        zorder=3,
    )  # fmt: skip


def draw_widths(axis: Axes, widths: list[int]) -> None:
    """The legend of widths: the largest filled."""
    for width in widths:
        face = "0.3" if width == widths[-1] else "white"
        axis.scatter([], [], marker="o", s=20, c=face, edgecolors="0.3", label=f"width {width}")
    axis.legend(loc="lower center", bbox_to_anchor=(0.4, 1))
