"""Target, default, REI and their errors.

One seed; at most four images, evenly spread over the gain of REI. PSNR of fitted and of held-out
pixels.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.looks import REFERENCE, REI, label_of
from inr_experiments.reporting.panels import evenly, one_seed, run_of
from inr_experiments.runs.frame import Frame

READS = ("table1",)
ARRAYS = ("relu-*/target", "relu-*/reconstruction", "rank_expanding-*/reconstruction")

#: Pictures shown at the most, and the error that saturates the map.
ROWS, SATURATED = 4, 0.3


@dataclass(frozen=True)
class Fit:
    """The fit of a picture by a method, (H, W) or (H, W, C) in [0, 1]."""

    label: str
    psnr: str
    reconstruction: npt.NDArray[np.float64]


def draw(table1: Frame) -> Figure:
    frame = one_seed(table1)
    pair = [label_of(frame, model) for model in (REFERENCE, REI)]
    items = evenly_by_gain(per_item(frame.where(label=pair), "psnr"), *pair)
    rows = [[fit_of(frame, label, item) for label in pair] for item in items]
    targets = [frame.picture(run_of(frame, pair[0], item), "target") / 255 for item in items]
    heights = [target.shape[0] / target.shape[1] for target in targets]
    figure, axes = plt.subplots(
        len(items),
        5,
        figsize=(style.PAGE, 1.32 * sum(heights) + 0.2 * len(items) + 0.65),
        height_ratios=heights,
        squeeze=False,
    )
    for axis, item, target, row in zip(axes, items, targets, rows, strict=True):
        draw_picture(axis, item, target, row)
    colours = ScalarMappable(Normalize(0, SATURATED), "magma")
    # Of all axes, so that no row is moved out of line; below the last two.
    bar = figure.colorbar(
        colours, ax=axes, location="bottom", extend="max", shrink=0.4, anchor=(1, 0.5), aspect=30
    )
    bar.set_label("absolute error, mean over channels")
    return figure


def evenly_by_gain(psnr: pd.DataFrame, reference: str, other: str) -> list[str]:
    """At most `ROWS` items, evenly spread over the gain of the other from least to largest."""
    order = (psnr.loc[other] - psnr.loc[reference]).sort_values().index
    return [order[i] for i in evenly(len(order), ROWS)]


def fit_of(frame: Frame, label: str, item: str) -> Fit:
    """The picture of a run."""
    run = run_of(frame, label, item)
    psnr = " / ".join(f"{frame.value(metric)[run]:.1f}" for metric in ("psnr", "psnr_heldout"))
    return Fit(label, psnr, frame.picture(run, "reconstruction") / 255)


def draw_picture(
    axes: np.ndarray, item: str, target: npt.NDArray[np.float64], row: list[Fit]
) -> None:
    """One picture: target, the two fits, their error maps."""
    shown = [target, *(fit.reconstruction for fit in row)]
    titles = [item, *(f"{fit.label}, {fit.psnr} dB" for fit in row)]
    for axis, picture, title in zip(axes[:3], shown, titles, strict=True):
        axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
        axis.set_title(title, fontsize=7, pad=2)
    for axis, fit in zip(axes[3:], row, strict=True):
        error = np.abs(fit.reconstruction - target)
        error = error.mean(axis=2) if error.ndim == 3 else error
        axis.imshow(error, cmap="magma", vmin=0, vmax=SATURATED)
        axis.set_title(f"error, {fit.label}", fontsize=7, pad=2)
    for axis in axes:
        axis.set_axis_off()
