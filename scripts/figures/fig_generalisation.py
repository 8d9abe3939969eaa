"""Held-out PSNR from few and from noisy pixels.

Above the mean over pictures, below the paired gain over ReLU with its 95 % interval. Noise is on
the fitted pixels only; held-out pixels are clean.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.looks import label_of, looks
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("generalisation",)

FITTED, NOISE = "task.fitted", "task.noise"
#: The pixels that are fitted with noise; of the others a share at random is fitted.
GRID = "every_second"


def draw(generalisation: Frame) -> Figure:
    shares = [share for share in generalisation.column(FITTED).unique() if share != GRID]
    figure, axes = plt.subplots(2, 2, figsize=(style.PAGE, 4.2), sharex="col", sharey="row")
    draw_levels(axes[:, 0], generalisation.where(**{FITTED: shares, NOISE: 0}), FITTED)
    draw_levels(axes[:, 1], generalisation.where(**{FITTED: GRID}), NOISE)
    axes[1, 0].set_xscale("log")
    # Fewer pixels further to the right.
    axes[1, 0].invert_xaxis()
    axes[1, 0].set_xticks(
        [float(share) for share in shares], [f"{100 * float(share):g}" for share in shares]
    )
    axes[1, 0].minorticks_off()
    axes[1, 0].set_xlabel("pixels fitted (%)")
    axes[1, 1].set_xticks(generalisation.column(NOISE).unique())
    axes[1, 1].set_xlabel("noise σ on the fitted pixels")
    axes[0, 0].set_ylabel("held-out PSNR (dB)")
    axes[1, 0].set_ylabel("gain over ReLU (dB)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return figure


def draw_levels(axes: np.ndarray, frame: Frame, key: str) -> None:
    """Mean over pictures above; below the paired gain over ReLU and its 95 % interval."""
    psnr = per_item(frame, "psnr_heldout", ["label", key])
    relu = label_of(frame)
    for label, look in looks(frame).items():
        own = psnr.loc[label].sort_index(key=lambda level: level.astype(float))
        x = own.index.astype(float)
        marks = {"color": look.colour, "linestyle": look.dash, "marker": "o", "markersize": 3}
        axes[0].plot(x, own.mean(axis=1), label=label, **marks)
        if label == relu:
            continue
        gains = [summarise(row) for _, row in (own - psnr.loc[relu]).loc[own.index].iterrows()]
        axes[1].plot(x, [g.mean for g in gains], **marks)
        axes[1].fill_between(
            x, [g.low for g in gains], [g.high for g in gains], color=look.colour, alpha=0.15, lw=0
        )
    axes[1].axhline(0, color="0.4", linewidth=0.8)
