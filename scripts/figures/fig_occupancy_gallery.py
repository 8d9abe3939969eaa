"""Target, ReLU, REI and SIREN from one camera.

Beside each, the same detail of every picture in a row: where the fits differ most. One seed.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.looks import REFERENCE, REI, label_of
from inr_experiments.reporting.panels import one_seed, run_of
from inr_experiments.runs.frame import Frame

READS = ("table1_occupancy",)
ARRAYS = (
    "relu-*/target", "relu-*/prediction", "rank_expanding-*/prediction", "siren-*/prediction",
)  # fmt: skip

MODELS = (REFERENCE, REI, "siren")
#: Side of the detail, and of the detail enlarged beside the picture, in shares of its height.
DETAIL, INSET = 0.18, 0.45
MARK = "#CC0000"


def draw(table1_occupancy: Frame) -> Figure:
    frame = one_seed(table1_occupancy)
    labels = [label_of(frame, model) for model in MODELS]
    items = list(frame.column("item").unique())
    iou = frame.value("iou")
    figure, axes = plt.subplots(
        len(items),
        1 + len(labels),
        figsize=(style.PAGE, 1.4 * len(items)),
        squeeze=False,
    )
    for row, item in zip(axes, items, strict=True):
        runs = {label: run_of(frame, label, item) for label in labels}
        titles = [item, *(f"{label}, IoU {iou[run]:.4f}" for label, run in runs.items())]
        draw_row(row, pictures(frame, list(runs.values())), titles)
    return figure


def pictures(frame: Frame, runs: list[str]) -> list[np.ndarray]:
    """The target and the fits as (H, W, 3) in [0, 1], cut to the square that holds them all."""
    shown = [frame.picture(runs[0], "target"), *(frame.picture(r, "prediction") for r in runs)]
    whole = np.stack(shown) / 255
    used = np.argwhere((whole < 1).any(axis=(0, 3)))
    low, high = used.min(axis=0), used.max(axis=0) + 1
    middle, half = (low + high) // 2, (high - low).max() // 2 + 4
    top, left = np.clip(middle - half, 0, np.array(whole.shape[1:3]) - 1)
    bottom, right = middle + half
    return list(whole[:, top:bottom, left:right])


def most_different(row: list[np.ndarray], side: int) -> tuple[int, int]:
    """Top and left of the square of that side in which the fits' pixels differ most.

    The sum over the square of the standard deviation over the fits, the target left out.
    """
    spread = np.stack(row[1:]).std(axis=0).mean(axis=2)
    total = np.pad(spread.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    inside = total[side:, side:] - total[:-side, side:] - total[side:, :-side]
    inside += total[:-side, :-side]
    top, left = np.unravel_index(inside.argmax(), inside.shape)
    return int(top), int(left)


def draw_row(axes: np.ndarray, row: list[np.ndarray], titles: list[str]) -> None:
    """One shape: the pictures, each with the same detail enlarged in a strip on its right."""
    height, width = row[0].shape[:2]
    side = round(DETAIL * height)
    top, left = most_different(row, side)
    for axis, picture, title in zip(axes, row, titles, strict=True):
        axis.imshow(picture)
        axis.set_xlim(0, (1 + INSET) * width)
        axis.set_title(title, fontsize=7, pad=2)
        axis.set_axis_off()
        square = plt.Rectangle((left, top), side, side, fill=False, edgecolor=MARK, linewidth=0.8)
        axis.add_patch(square)
        inset = axis.inset_axes((1 / (1 + INSET), 0, INSET / (1 + INSET), INSET))
        inset.imshow(picture[top : top + side, left : left + side], interpolation="bilinear")
        inset.set(xticks=[], yticks=[])
        inset.spines[:].set(visible=True, edgecolor=MARK, linewidth=0.8)
