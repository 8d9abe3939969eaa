"""Spectra of representations beside those of weights: FRAME OUT are the arguments.

Geometric mean over runs.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.reporting.panels import curves, ends, stage_colour
from inr_experiments.runs.frame import read_frame

DIAGNOSTIC = "layer_spectra"
LAYERS = ("inlet", "hidden.0", "hidden.1", "hidden.2")
FLOOR = 1e-8


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    models = in_order(set(frame["model"]))
    figure, axes = plt.subplots(
        4, len(models), figsize=(style.PAGE, 5.6), sharex=True, sharey=True, squeeze=False
    )
    rows = [(what, step) for step in ends(frame) for what in ("", ".weight")]
    for column, model in zip(axes.T, models, strict=True):
        folders = frame.loc[frame["model"] == model, "folder"].unique()
        column[0].set_title(method(model).label)
        column[-1].set_xlabel("index i")
        for axis, (what, step) in zip(column, rows, strict=True):
            draw(axis, folders, what, step)
    for axis, (what, step) in zip(axes[:, 0], rows, strict=True):
        axis.set_ylabel(f"σᵢ / σ₁ of {'Wₖ' if what else 'Zₖ'}\nat step {step}")
    axes[0, 0].set(yscale="log", ylim=(FLOOR, 2))
    handles = [
        plt.Line2D([], [], color=stage_colour(layer), label=f"layer {k}{', the inlet' * (k == 0)}")
        for k, layer in enumerate(LAYERS)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(LAYERS), frameon=False)
    style.save(figure, Path(out))


def draw(axis: Axes, folders: Sequence[str], what: str, step: int) -> None:
    """One line a layer, the geometric mean over runs."""
    for layer in LAYERS:
        name = f"{layer}{what}/singular_values"
        spectra = curves(folders, DIAGNOSTIC, name, step=step, floor=FLOOR / 10)
        index = np.arange(1, spectra.shape[1] + 1)
        mean = np.exp(np.log(spectra).mean(0))
        few = "." if len(index) < 4 else ""
        axis.plot(index, mean, color=stage_colour(layer), linewidth=1.1, marker=few, markersize=4)


if __name__ == "__main__":
    with door("fig_weights_vs_representations"):
        main(*sys.argv[1:])
