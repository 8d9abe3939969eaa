"""Lines w·x + b = 0 of the inlet's ReLUs, default and REI, at both ends of training.

The first image, one seed.
"""

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from inr_experiments.reporting import style
from inr_experiments.reporting.looks import REFERENCE, REI, label_of
from inr_experiments.reporting.panels import array, one_seed, run_of
from inr_experiments.runs.frame import Frame

READS = ("diagnosis",)
ARRAYS = ("*/activation_pattern/inlet/thresholds",)

Values = npt.NDArray[np.float64]
#: Points along a side of the map of open units.
SIDE = 200


def draw(diagnosis: Frame) -> Figure:
    frame = one_seed(diagnosis)
    item = str(frame.column("item").iloc[0])
    labels = [label_of(frame, model) for model in (REFERENCE, REI)]
    panels = [(label, step) for label in labels for step in (0, diagnosis.last_step())]
    figure, axes = plt.subplots(1, 4, figsize=(style.PAGE, 2.35), sharex=True, sharey=True)
    for axis, (label, step) in zip(axes, panels, strict=True):
        run = run_of(frame, label, item)
        thresholds = array(frame, run, "activation_pattern/inlet/thresholds", step)
        shown = draw_lines(axis, thresholds[:, :-1], thresholds[:, -1])
        axis.set_title(f"{label}\nstep {step}")
    bar = figure.colorbar(shown, ax=axes, shrink=0.6)
    bar.set_label(f"open units (%), {item}")
    axes[0].set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    return figure


def draw_lines(axis: Axes, W: Values, b: Values) -> AxesImage:
    """Lines over the share of units that are open; how many of them cross the square."""
    side = np.linspace(-1, 1, SIDE)
    x = np.stack(np.meshgrid(side, side), axis=-1)
    share = 100 * (x @ W.T + b > 0).mean(axis=-1)
    shown = axis.imshow(
        share, extent=(-1, 1, -1, 1), origin="lower", cmap="Blues", vmin=0, vmax=100
    )
    lines = [line for w, c in zip(W, b, strict=True) if (line := within_square(w, c)) is not None]
    axis.add_collection(LineCollection(lines, colors="black", linewidths=0.35, alpha=0.8))
    axis.set_xlabel(f"{len(lines)} of {len(W)} lines cross")
    return shown


def within_square(w: Values, b: float) -> Values | None:
    """The ends of {x in [-1, 1]² : w·x + b = 0}, or None where the line misses the square.

    Shapes: w (2,) -> (2, 2).
    """
    ends = []
    for along in (0, 1):
        across = 1 - along
        for edge in (-1.0, 1.0):
            if w[across] != 0:
                at = -(w[along] * edge + b) / w[across]
                if -1 <= at <= 1:
                    ends.append((edge, at) if along == 0 else (at, edge))
    if len(ends) < 2:
        return None
    ends_array = np.array(ends)
    # A line through a corner meets two sides there: the farthest pair is the segment.
    far = np.linalg.norm(ends_array - ends_array[0], axis=1).argmax()
    return ends_array[[0, far]]
