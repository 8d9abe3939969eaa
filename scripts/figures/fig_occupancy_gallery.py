"""Target, ReLU, REI and SIREN from one camera: `fig_occupancy_gallery.py FRAME OUT`.

Beside each, the same detail of every picture in a row: where the fits differ most.
"""

import sys
from pathlib import Path

import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import method
from inr_experiments.reporting.tables import last_values
from inr_experiments.runs.frame import read_frame

MODELS = ("relu", "rank_expanding", "siren")
#: Side of the detail, and of the detail enlarged beside the picture, in shares of its height.
DETAIL, INSET = 0.18, 0.45
MARK = "#CC0000"


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    iou = last_values(frame[frame["model"].isin(MODELS)], "iou")
    iou = iou[iou["seed"] == iou["seed"].min()].set_index(["item", "model"])
    items = list(iou.index.unique("item"))
    figure, axes = plt.subplots(
        len(items),
        1 + len(MODELS),
        figsize=(style.PAGE, 1.4 * len(items)),
        squeeze=False,
    )
    for row, item in zip(axes, items, strict=True):
        titles = [
            item,
            *(f"{method(m).label}, IoU {iou.loc[(item, m), 'value']:.4f}" for m in MODELS),
        ]
        draw(row, pictures(iou, item), titles)
    style.save(figure, Path(out))


def pictures(iou: pd.DataFrame, item: str) -> list[np.ndarray]:
    """The target and the fits as (H, W, 3) in [0, 1], cut to the square that holds them all."""
    files = [Path(iou.loc[(item, MODELS[0]), "folder"]) / "target.png"]
    files += [Path(iou.loc[(item, model), "folder"]) / "prediction.png" for model in MODELS]
    whole = np.stack([iio.imread(file) / 255 for file in files])
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


def draw(axes: np.ndarray, row: list[np.ndarray], titles: list[str]) -> None:
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


if __name__ == "__main__":
    with door("fig_occupancy_gallery"):
        main(*sys.argv[1:])
