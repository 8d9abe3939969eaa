"""Fitted and held-out PSNR from few and from noisy pixels.

Mean over pictures; dashed, linear interpolation of the fitted pixels. Below, the paired gain over
ReLU on held-out pixels with its 95 % interval. Noise is on the fitted pixels only; both are
compared with the clean picture.
"""

from typing import TypeVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import limit, per_item
from inr_experiments.reporting.looks import label_of, looks
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("generalisation",)

Rows = TypeVar("Rows", pd.Series, pd.DataFrame)

FITTED, NOISE = "task.fitted", "task.noise"
#: The share of the pixels that is fitted with noise.
NOISY = "0.1"


def draw(generalisation: Frame) -> Figure:
    shares = generalisation.column(FITTED).unique()
    figure, axes = plt.subplots(3, 2, figsize=(style.PAGE, 6.0), sharex="col", sharey="row")
    draw_levels(axes[:, 0], generalisation.where(**{NOISE: 0}), FITTED)
    draw_levels(axes[:, 1], generalisation.where(**{FITTED: NOISY}), NOISE)
    axes[2, 0].set_xscale("log")
    # Fewer pixels further to the right.
    axes[2, 0].invert_xaxis()
    axes[2, 0].set_xticks(
        [float(share) for share in shares], [f"{100 * float(share):g}" for share in shares]
    )
    axes[2, 0].minorticks_off()
    axes[2, 0].set_xlabel("pixels fitted (%)")
    axes[2, 1].set_xticks(generalisation.column(NOISE).unique())
    axes[2, 1].set_xlabel("noise σ on a tenth of the pixels")
    axes[0, 0].set_ylabel("fitted PSNR (dB)")
    axes[1, 0].set_ylabel("held-out PSNR (dB)")
    axes[2, 0].set_ylabel("held-out gain over ReLU (dB)")
    style.legend(figure, axes[1, 0], ncols=5)
    return figure


def draw_levels(axes: np.ndarray, frame: Frame, key: str) -> None:
    """Means over pictures, fitted and held out; below the paired held-out gain over ReLU."""
    fitted, held_out = (
        per_item(frame, metric, ["label", key]) for metric in ("psnr", "psnr_heldout")
    )
    relu = label_of(frame)
    for label, look in looks(frame).items():
        own = by_level(held_out.loc[label])
        x = own.index.astype(float)
        marks = {"color": look.colour, "linestyle": look.dash, "marker": "o", "markersize": 3}
        axes[0].plot(x, by_level(fitted.loc[label]).mean(axis=1), **marks)
        axes[1].plot(x, own.mean(axis=1), label=label, **marks)
        if label == relu:
            continue
        gains = [summarise(row) for _, row in (own - held_out.loc[relu]).loc[own.index].iterrows()]
        axes[2].plot(x, [g.mean for g in gains], **marks)
        axes[2].fill_between(
            x, [g.low for g in gains], [g.high for g in gains], color=look.colour, alpha=0.15, lw=0
        )
    draw_interpolation(axes[1], frame.where(label=relu), key)
    axes[2].axhline(0, color="0.4", linewidth=0.8)


def draw_interpolation(axis: Axes, frame: Frame, key: str) -> None:
    """The linear one at each level; nothing where records have none."""
    levels = frame.column(key).unique()
    y = by_level(pd.Series({n: limit(frame.where(**{key: n})) for n in levels}).dropna())
    if len(y):
        axis.plot(y.index.astype(float), y, "--", color="0.4", label="interpolation", zorder=0)


def by_level(rows: Rows) -> Rows:
    """Rows in the order of the numbers that their index holds, as words or not."""
    return rows.sort_index(key=lambda level: level.astype(float))
