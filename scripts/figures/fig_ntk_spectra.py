"""Eigenvalues of the NTK and of its layers' parts: `fig_ntk_spectra.py FRAME OUT`.

Geometric mean over runs, band: their range.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.reporting.panels import curves, draw_curves, ends
from inr_experiments.runs.frame import read_frame

DIAGNOSTIC = "layer_ntk"
#: What each panel shows, and whether after training.
PANELS = (
    ("total", "K = Σ Kₖ", False),
    ("total", "K = Σ Kₖ", True),
    ("inlet", "K₀, the inlet's", False),
    ("hidden.0", "K₁", False),
    ("hidden.1", "K₂", False),
    ("hidden.2", "K₃", False),
)
FLOOR = 1e-10


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    first, last = ends(frame)
    figure, axes = plt.subplots(2, 3, figsize=(style.PAGE, 4.4), sharex=True, sharey=True)
    for axis, (what, label, trained) in zip(axes.flat, PANELS, strict=True):
        step = last if trained else first
        for model in in_order(set(frame["model"])):
            folders = frame.loc[frame["model"] == model, "folder"].unique()
            name = f"{what}/eigenvalues"
            values = curves(folders, DIAGNOSTIC, name, step=step, floor=FLOOR / 10)
            draw_curves(axis, np.arange(1, values.shape[1] + 1), values, method(model), logs=True)
        axis.set_title(f"{label}, step {step}")
    axes[0, 0].set(xscale="log", yscale="log", ylim=(FLOOR, 2))
    for axis in axes[-1]:
        axis.set_xlabel("index i")
    for axis in axes[:, 0]:
        axis.set_ylabel("λᵢ / λ₁")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    style.save(figure, Path(out))


if __name__ == "__main__":
    with door("fig_ntk_spectra"):
        main(*sys.argv[1:])
