"""Held-out PSNR from few and from noisy pixels: `fig_generalisation.py FRAME NOISE_FRAME OUT`.

Above the mean over pictures, below the paired gain over ReLU with its 95 % interval. Noise is on
the fitted pixels only; held-out pixels are clean.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.reporting.sweeps import per_item, runs
from inr_experiments.runs.frame import read_frame
from inr_experiments.statistics import summarise

#: What is swept in each column, and how its axis calls it.
COLUMNS = {
    "task.fitted": "pixels fitted (%)",
    "task.noise": "noise σ on the fitted pixels",
}


def main(frame_path: str, noise_path: str, out: str) -> None:
    figure, axes = plt.subplots(2, 2, figsize=(style.PAGE, 4.2), sharex="col", sharey="row")
    for path, column, (key, label) in zip(
        (frame_path, noise_path), axes.T, COLUMNS.items(), strict=True
    ):
        draw(column, path, key)
        column[1].set_xlabel(label)
    axes[0, 0].set_ylabel("held-out PSNR (dB)")
    axes[1, 0].set_ylabel("gain over ReLU (dB)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    style.save(figure, Path(out))


def draw(axes: np.ndarray, path: str, key: str) -> None:
    """Mean over pictures above; below the paired gain over ReLU and its 95 % interval."""
    table = runs(read_frame(Path(path)), last=["psnr_heldout"])
    psnr = per_item(table, "psnr_heldout", ["model", key])
    levels = sorted(table[key].unique())
    x = 100 * np.array(levels) if key == "task.fitted" else np.array(levels)
    for model in in_order(set(table["model"])):
        look = method(model)
        own, relu = psnr.loc[model].loc[levels], psnr.loc["relu"].loc[levels]
        marks = {"color": look.colour, "linestyle": look.dash, "marker": "o", "markersize": 3}
        axes[0].plot(x, own.mean(axis=1), label=look.label, **marks)
        if model == "relu":
            continue
        gains = [summarise(row) for _, row in (own - relu).iterrows()]
        axes[1].plot(x, [g.mean for g in gains], **marks)
        axes[1].fill_between(
            x, [g.low for g in gains], [g.high for g in gains], color=look.colour, alpha=0.15, lw=0
        )
    ticks(axes, x, logs=key == "task.fitted")
    axes[1].axhline(0, color="0.4", linewidth=0.8)


def ticks(axes: np.ndarray, x: np.ndarray, *, logs: bool) -> None:
    """A tick at every level that was run; fewer pixels further to the right."""
    for axis in axes:
        assert isinstance(axis, Axes)
        if logs:
            axis.set_xscale("log")
            axis.set_xlim(1.1 * x.max(), x.min() / 1.1)
        axis.set_xticks(x, [f"{value:g}" for value in x])
        axis.minorticks_off()


if __name__ == "__main__":
    with door("fig_generalisation"):
        main(*sys.argv[1:])
