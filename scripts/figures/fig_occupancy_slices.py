"""Where the fits err, in three planes through the middle: `fig_occupancy_slices.py FRAME OUT`."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

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
    figure, axes = plt.subplots(
        len(models),
        len(items) * len(NORMALS),
        figsize=(style.PAGE, style.PAGE / (len(items) * len(NORMALS)) * len(models) * 1.2 + 0.6),
        squeeze=False,
    )
    for row, model in zip(axes, models, strict=True):
        row[0].set_ylabel(method(model).label, fontsize=7)
        for axis in row:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(visible=True, edgecolor="0.7", linewidth=0.5)
        for place, item in enumerate(items):
            group = row[len(NORMALS) * place : len(NORMALS) * (place + 1)]
            draw(group, Path(iou.loc[(item, model), "folder"]))
            value = iou.loc[(item, model), "value"]
            group[1].set_title(f"{item}, IoU {value:.4f}", fontsize=7, pad=2)
    colours = {"inside, and found": RIGHT, "missing": MISSING, "too much": TOO_MUCH}
    handles = [Patch(facecolor=colour, label=label) for label, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    style.save(figure, Path(out))


def draw(axes: np.ndarray, folder: Path) -> None:
    """The three planes of one run, by their normals."""
    with np.load(folder / "slices.npz") as stored:
        for axis, normal in zip(axes, NORMALS, strict=True):
            image = errors(stored[f"prediction_{normal}"], stored[f"target_{normal}"])
            axis.imshow(upright(image, normal), origin="lower", interpolation="nearest")
            axis.set_xlabel(f"{normal} ≈ 0", fontsize=6, labelpad=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
