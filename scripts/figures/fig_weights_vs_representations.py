"""Spectra of representations beside those of weights, before and after training.

Geometric mean over runs.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.stats import gmean

from inr_experiments.reporting import style
from inr_experiments.reporting.panels import Colour, layers, spectra, stage_colours
from inr_experiments.runs.frame import Frame

READS = ("diagnosis",)
ARRAYS = ("*/spectra/*/singular_values",)

FLOOR = 1e-8


def draw(diagnosis: Frame) -> Figure:
    colours = stage_colours(layers(diagnosis, "spectra/*.weight/effective_rank"))
    columns = diagnosis.labels
    rows = [(what, step) for step in (0, diagnosis.last_step()) for what in ("", ".weight")]
    figure, axes = plt.subplots(
        len(rows), len(columns), figsize=(style.PAGE, 5.6), sharex=True, sharey=True, squeeze=False
    )
    for column, label in zip(axes.T, columns, strict=True):
        column[0].set_title(label)
        column[-1].set_xlabel("index i")
        for axis, (what, step) in zip(column, rows, strict=True):
            draw_layers(axis, diagnosis.where(label=label), colours, what, step)
    for axis, (what, step) in zip(axes[:, 0], rows, strict=True):
        axis.set_ylabel(f"σᵢ / σ₁ of {'Wₖ' if what else 'Zₖ'}\nat step {step}")
    axes[0, 0].set(yscale="log", ylim=(FLOOR, 2))
    handles = [
        Line2D([], [], color=colour, label=f"layer {k}{', the inlet' * (k == 0)}")
        for k, colour in enumerate(colours.values())
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=6)
    return figure


def draw_layers(axis: Axes, frame: Frame, colours: dict[str, Colour], what: str, step: int) -> None:
    """One line a layer, the geometric mean over runs."""
    for layer, colour in colours.items():
        name = f"spectra/{layer}{what}/singular_values"
        index, values = spectra(frame, name, step=step, floor=FLOOR / 10)
        mean = gmean(values)
        few = "." if len(index) < 4 else ""
        axis.plot(index, mean, color=colour, linewidth=1.1, marker=few, markersize=4)
