"""Eigenvalues of the NTK K, of K centred, and of each layer's part of K.

K centred is HKH, H = I − 11ᵀ/N: without the constant direction, which holds most of the trace; its
last eigenvalue is 0.
Geometric mean over runs, band: their range.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.looks import looks
from inr_experiments.reporting.panels import draw_curves, layers, spectra, stage_name
from inr_experiments.runs.frame import Frame

READS = ("diagnosis",)
ARRAYS = ("*/layer_ntk/*eigenvalues",)

COLUMNS = 4
FLOOR = 1e-10


def draw(diagnosis: Frame) -> Figure:
    last = diagnosis.last_step()
    whole = {"total/eigenvalues": "K = Σ Kₖ", "total/centred_eigenvalues": "K centred"}
    shown = [(name, title, step) for name, title in whole.items() for step in (0, last)]
    shown += [
        (f"{layer}/eigenvalues", stage_name(layer, "K"), 0)
        for layer in layers(diagnosis, "layer_ntk/*/share")
    ]
    figure, axes = panels(len(shown))
    for axis, (name, title, step) in zip(axes, shown, strict=True):
        draw_spectra(axis, diagnosis, f"layer_ntk/{name}", step)
        axis.set_title(f"{title}, step {step}")
    axes[0].set(xscale="log", yscale="log", ylim=(FLOOR, 2))
    style.legend(figure, axes[0], ncols=5)
    return figure


def panels(count: int) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels, row by row, with the same axes."""
    rows = -(-count // COLUMNS)
    figure, grid = plt.subplots(
        rows, COLUMNS, figsize=(style.PAGE, 1.85 * rows + 0.4), sharex=True, sharey=True
    )
    for axis in grid.flat[count:]:
        axis.remove()
    for axis in grid.flat[max(0, count - COLUMNS) : count]:
        axis.tick_params(labelbottom=True)
        axis.set_xlabel("index i")
    for axis in grid[:, 0]:
        axis.set_ylabel("λᵢ / λ₁")
    return figure, list(grid.flat[:count])


def draw_spectra(axis: Axes, frame: Frame, name: str, step: int) -> None:
    """One line a method."""
    for label, look in looks(frame).items():
        index, values = spectra(frame.where(label=label), name, step=step, floor=FLOOR / 10)
        draw_curves(axis, index, values, look, logs=True)
