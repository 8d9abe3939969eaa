"""Errors of the fits, in planes through the middle.

Three planes a shape; of more than three shapes one each, as no more can be told apart on a page.
One seed.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from inr_experiments.reporting import style
from inr_experiments.reporting.panels import array, one_seed, run_of
from inr_experiments.runs.frame import Frame
from inr_experiments.viz.render import MISSING, RIGHT, TOO_MUCH, errors, upright

READS = ("table1_occupancy",)
ARRAYS = ("*/slices/*",)

NORMALS = ("x", "y", "z")
COLOURS = {"inside, and found": RIGHT, "missing": MISSING, "too much": TOO_MUCH}


def draw(table1_occupancy: Frame) -> Figure:
    frame = one_seed(table1_occupancy)
    items, labels = list(frame.column("item").unique()), frame.labels
    normals = NORMALS if len(items) <= len(NORMALS) else NORMALS[1:2]
    columns = len(items) * len(normals)
    plane = (style.PAGE - 0.6) / columns
    written = 0.32 if len(normals) > 1 else 0.45  # above and below a plane
    figure, axes = plt.subplots(
        len(labels),
        columns,
        figsize=(style.PAGE, (plane + written) * len(labels) + 0.4),
        squeeze=False,
    )
    for row, label in zip(axes, labels, strict=True):
        row[0].set_ylabel(label, fontsize=7)
        for group, item in zip(np.split(row, len(items)), items, strict=True):
            draw_planes(group, normals, frame, run_of(frame, label, item))
    handles = [Patch(facecolor=colour, label=label) for label, colour in COLOURS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def draw_planes(axes: np.ndarray, normals: Sequence[str], frame: Frame, run: str) -> None:
    """The planes of one run, by their normals, under its item and IoU."""
    for axis, normal in zip(axes, normals, strict=True):
        found, wanted = (
            array(frame, run, f"slices/{n}_{normal}") for n in ("prediction", "target")
        )
        image = upright(errors(found, wanted), normal)
        axis.imshow(image, origin="lower", interpolation="nearest")
        axis.set(xticks=[], yticks=[])
        axis.set_xlabel(f"{normal} ≈ 0", fontsize=6, labelpad=1)
        axis.spines[:].set(visible=True, edgecolor="0.7", linewidth=0.5)
    between = "\n" if len(normals) == 1 else ", "  # a title as wide as one plane, or as three
    title = f"{frame.runs.loc[run, 'item']}{between}IoU {frame.value('iou')[run]:.4f}"
    axes[len(normals) // 2].set_title(title, fontsize=7, pad=2)
