"""Where the fits err, in planes through the middle: `fig_occupancy_slices.py FRAME OUT`.

Three planes a shape; of more than three shapes one each, as no more can be told apart on a page.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

from inr_experiments.commands.door import door
from inr_experiments.data.render import MISSING, RIGHT, TOO_MUCH, errors, upright
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.reporting.tables import last_values
from inr_experiments.runs.frame import read_frame

NORMALS = ("x", "y", "z")


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    iou = last_values(frame, "iou")
    iou = iou[iou["seed"] == iou["seed"].min()].set_index(["item", "model"])
    items, models = list(iou.index.unique("item")), in_order(set(iou.index.unique("model")))
    normals = NORMALS if len(items) <= len(NORMALS) else NORMALS[1:2]
    columns = len(items) * len(normals)
    figure, axes = plt.subplots(
        len(models),
        columns,
        figsize=(style.PAGE, style.PAGE / columns * len(models) * 1.3 + 0.6),
        squeeze=False,
    )
    for row, model in zip(axes, models, strict=True):
        row[0].set_ylabel(method(model).label, fontsize=7)
        for axis in row:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(visible=True, edgecolor="0.7", linewidth=0.5)
        for place, item in enumerate(items):
            group = row[len(normals) * place : len(normals) * (place + 1)]
            draw(group, normals, Path(iou.loc[(item, model), "folder"]))
            title = f"{item}, IoU {iou.loc[(item, model), 'value']:.4f}"
            if len(normals) == 1:  # as wide as one plane
                title = title.replace(", ", "\n")
            group[len(normals) // 2].set_title(title, fontsize=7, pad=2)
    colours = {"inside, and found": RIGHT, "missing": MISSING, "too much": TOO_MUCH}
    handles = [Patch(facecolor=colour, label=label) for label, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    style.save(figure, Path(out))


def draw(axes: np.ndarray, normals: Sequence[str], folder: Path) -> None:
    """The planes of one run, by their normals."""
    with np.load(folder / "slices.npz") as stored:
        for axis, normal in zip(axes, normals, strict=True):
            image = errors(stored[f"prediction_{normal}"], stored[f"target_{normal}"])
            axis.imshow(upright(image, normal), origin="lower", interpolation="nearest")
            axis.set_xlabel(f"{normal} ≈ 0", fontsize=6, labelpad=1)


if __name__ == "__main__":
    with door("fig_occupancy_slices"):
        main(*sys.argv[1:])
