"""Spectra of Z₀ at initialisation, and measures of their rank.

Left: geometric mean over runs, band: their range. Right: mean over runs.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.looks import MEASURES, looks
from inr_experiments.reporting.panels import draw_curves, spectra
from inr_experiments.runs.frame import Frame

READS = ("table1",)
ARRAYS = ("*/000000/spectra/inlet/singular_values",)

SHOWN = ("rank_0.001", "rank_0.01", "effective_rank", "centred_effective_rank", "stable_rank")
FLOOR = 1e-8


def draw(table1: Frame) -> Figure:
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.PAGE, 3.0), width_ratios=(1.15, 1))
    for label, look in looks(table1).items():
        own = table1.where(label=label)
        index, values = spectra(own, "spectra/inlet/singular_values", step=0, floor=FLOOR / 10)
        draw_curves(left, index, values, look, logs=True)
    left.set(xlabel="index i", ylabel="σᵢ / σ₁ of Z₀ at initialisation", yscale="log")
    left.set_ylim(FLOOR, 2)
    left.set_xlim(left=0)
    draw_ranks(right, table1)
    style.legend(figure, left, ncols=4)
    return figure


def draw_ranks(axis: Axes, frame: Frame) -> None:
    """The rank family, one line a method, mean over runs."""
    shown = looks(frame)
    for name in SHOWN:
        means = per_item(frame, f"spectra/inlet/{name}", at="first").mean(axis=1)
        measure = MEASURES[name]
        axis.scatter(
            [means[label] for label in shown],
            range(len(shown)),
            marker=measure.marker,
            s=22,
            c=[look.colour for look in shown.values()],
            zorder=3,
        )
        axis.scatter([], [], marker=measure.marker, s=22, c="0.4", label=measure.name)
    axis.set_yticks(range(len(shown)), list(shown))
    style.log2(axis.xaxis)
    axis.set_xlabel("directions of Z₀ at initialisation")
    axis.invert_yaxis()
    axis.grid(axis="y", color="0.9")
    axis.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2)
