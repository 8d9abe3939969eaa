"""Readings of REI in 3D: IoU, silent units and ranks of each: `fig_rei_3d.py FRAME … OUT`."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import method
from inr_experiments.reporting.readings import RARE, readings
from inr_experiments.runs.frame import read_frame

#: Distance of the rows of two widths around their model's.
APART = 0.17
UNITS = {"dead": ("open nowhere", "X"), "rare": (f"open at < {RARE:.0%}", "o")}
RANKS = {
    "1e-3": ("σ > 10⁻³ σ₁", "o"),
    "1e-2": ("σ > 10⁻² σ₁", "s"),
    "effective": ("effective rank", "D"),
    "stable": ("stable rank", "^"),
}


def main(*arguments: str) -> None:
    *frames, out = map(Path, arguments)
    frame = pd.concat([read_frame(path) for path in frames])
    table = readings(frame)
    models = list(dict.fromkeys(table["model"]))
    widths = sorted(table["width"].unique())
    shift = {w: APART * (2 * i - len(widths) + 1) for i, w in enumerate(widths)}
    table["row"] = table["model"].map(models.index) + table["width"].map(shift)
    table["filled"] = table["width"] == widths[-1]
    size = (style.PAGE, 0.36 * len(models) + 1.1)
    figure, axes = plt.subplots(1, 3, figsize=size, sharey=True, width_ratios=(1, 1, 1.3))
    draw_iou(axes[0], table)
    draw(axes[1], table, UNITS, of_width=True)
    axes[1].set_xlabel("silent units of the inlet, %")
    draw(axes[2], table, RANKS, of_width=False)
    axes[2].set_xscale("log", base=2)
    axes[2].xaxis.set_major_formatter("{x:g}")
    axes[2].set_xlabel("directions of Z₀ at initialisation")
    axes[0].set_yticks(range(len(models)), [method(model).label for model in models])
    axes[0].invert_yaxis()
    for axis in axes:
        axis.grid(axis="y", color="0.9")
    marks = [axes[0].scatter([], [], marker="o", s=20, c=c, edgecolors="0.3") for c in ("w", "0.3")]
    names = [f"width {width}" for width in widths]
    shown = marks[-len(widths) :]
    axes[0].legend(shown, names, loc="lower center", bbox_to_anchor=(0.4, 1), frameon=False)
    items = ", ".join(frame["item"].unique())
    figure.suptitle(f"{items}, scale {', '.join(frame['scale'].unique())}", fontsize=8)
    style.save(figure, out)


def draw_iou(axis: Axes, table: pd.DataFrame) -> None:
    """IoU at the last step, written beside its mark."""
    values = 100 * table["iou"]
    marks(axis, values, table, "o")
    for value, row in zip(values, table["row"], strict=True):
        axis.annotate(f"{value:.1f}", (value, row), (4, 0), textcoords="offset points",
                      va="center", fontsize=5.5)  # fmt: skip
    axis.margins(x=0.18)
    axis.set_xlabel("IoU, %")


def draw(axis: Axes, table: pd.DataFrame, measures: dict, *, of_width: bool) -> None:
    """Several measures of the inlet at step 0, a mark each; `of_width` in percent of it."""
    for name, (label, marker) in measures.items():
        values = 100 * table[name] / table["width"] if of_width else table[name]
        marks(axis, values, table, marker)
        axis.scatter([], [], marker=marker, s=20, c="0.4", label=label)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False,
                columnspacing=1, handletextpad=0.2)  # fmt: skip


def marks(axis: Axes, values: pd.Series, table: pd.DataFrame, marker: str) -> None:
    """One mark a row, filled for the largest width."""
    colours = [method(model).colour for model in table["model"]]
    faces = [c if full else "white" for c, full in zip(colours, table["filled"], strict=True)]
    axis.scatter(values, table["row"], marker=marker, s=20, c=faces, edgecolors=colours, zorder=3)


if __name__ == "__main__":
    with door("fig_rei_3d"):
        main(*sys.argv[1:])
