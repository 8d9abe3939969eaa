"""Ranks of every layer's output through training, one row a layer.

Centred: of the features less their mean over points. Geometric mean over runs, band: their range.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.looks import MEASURES, looks
from inr_experiments.reporting.panels import draw_curves, layers, stage_name
from inr_experiments.runs.frame import Frame

READS = ("diagnosis",)

SHOWN = ("rank_0.01", "effective_rank", "centred_effective_rank")


def draw(diagnosis: Frame) -> Figure:
    shown = layers(diagnosis, "spectra/*/effective_rank")
    figure, axes = plt.subplots(
        len(shown),
        len(SHOWN),
        figsize=(style.PAGE, 1.1 * len(shown) + 0.8),
        sharex=True,
        sharey="col",
        squeeze=False,
    )
    for row, layer in zip(axes, shown, strict=True):
        row[0].set_ylabel(f"directions of\n{stage_name(layer)}")
        for axis, measure in zip(row, SHOWN, strict=True):
            draw_course(axis, diagnosis, f"spectra/{layer}/{measure}")
    for axis, measure in zip(axes[0], SHOWN, strict=True):
        axis.set_title(MEASURES[measure].name)
        style.log2(axis.yaxis)
    for axis in axes[-1]:
        axis.set_xlabel("step")
    style.legend(figure, axes[0, 0], ncols=5)
    return figure


def draw_course(axis: Axes, frame: Frame, metric: str) -> None:
    """One line a method, and the range over its runs."""
    for label, look in looks(frame).items():
        course = frame.where(label=label).course(metric)
        draw_curves(axis, course.columns, course.to_numpy(), look, logs=True)
