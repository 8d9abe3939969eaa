"""Spectra of Z₀ at initialisation and their ranks: `fig_inlet_spectra.py FRAME OUT`.

Left: geometric mean over runs, band: their range. Right: mean over runs.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.reporting.panels import curves, draw_curves
from inr_experiments.runs.frame import read_frame

DIAGNOSTIC = "inlet_spectrum"
MEASURES = {
    "rank_0.001": ("σ > 10⁻³ σ₁", "o"),
    "rank_0.01": ("σ > 10⁻² σ₁", "s"),
    "effective_rank": ("effective rank", "D"),
    "stable_rank": ("stable rank", "^"),
}
FLOOR = 1e-8


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    frame = frame[frame["step"] == 0]
    models = in_order(set(frame["model"]))
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.PAGE, 3.0), width_ratios=(1.15, 1))
    for model in models:
        folders = frame.loc[frame["model"] == model, "folder"].unique()
        spectra = curves(folders, DIAGNOSTIC, "inlet/singular_values", step=0, floor=FLOOR / 10)
        index = np.arange(1, spectra.shape[1] + 1)
        draw_curves(left, index, spectra, method(model), logs=True)
    left.set(xlabel="index i", ylabel="σᵢ / σ₁ of Z₀ at initialisation", yscale="log")
    left.set_ylim(FLOOR, 2)
    left.set_xlim(left=0)
    draw_ranks(right, frame, models)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    style.save(figure, Path(out))


def draw_ranks(axis: Axes, frame: pd.DataFrame, models: list[str]) -> None:
    """The rank family, one line a model, mean over runs."""
    means = frame.groupby(["model", "metric"])["value"].mean()
    for measure, (label, marker) in MEASURES.items():
        values = [means[model, f"{DIAGNOSTIC}/inlet/{measure}"] for model in models]
        axis.scatter(
            values,
            range(len(models)),
            marker=marker,
            s=22,
            c=[method(model).colour for model in models],
            zorder=3,
        )
        axis.scatter([], [], marker=marker, s=22, c="0.4", label=label)
    axis.set_yticks(range(len(models)), [method(model).label for model in models])
    axis.set_xscale("log", base=2)
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set_xlabel("directions of Z₀ at initialisation")
    axis.invert_yaxis()
    axis.grid(axis="y", color="0.9")
    axis.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, frameon=False)


if __name__ == "__main__":
    with door("fig_inlet_spectra"):
        main(*sys.argv[1:])
