"""Where the inlet's ReLU lines w·x + b = 0 fall: `fig_threshold_geometry.py FRAME OUT`.

One run of each model: the first image by name, one seed.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.image import AxesImage
from safetensors.numpy import load_file

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import method
from inr_experiments.reporting.panels import ends
from inr_experiments.runs.frame import read_frame

Values = npt.NDArray[np.float64]
MODELS = ("relu", "rank_expanding")
#: Points along a side of the map of open units.
SIDE = 200


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    frame = frame[frame["model"].isin(MODELS)]
    item, seed = sorted(frame["item"].unique())[0], frame["seed"].min()
    runs = frame[(frame["item"] == item) & (frame["seed"] == seed)]
    figure, axes = plt.subplots(1, 4, figsize=(style.PAGE, 2.35), sharex=True, sharey=True)
    panels = [(model, step) for model in MODELS for step in ends(frame)]
    for axis, (model, step) in zip(axes, panels, strict=True):
        state = load_file(weights_of(runs, model, step))
        shown = draw(axis, state["inlet.linear.weight"], state["inlet.linear.bias"])
        axis.set_title(f"{method(model).label}, step {step}")
    bar = figure.colorbar(shown, ax=axes, shrink=0.6)
    bar.set_label(f"open units (%), {item}")
    axes[0].set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    style.save(figure, Path(out))


def weights_of(runs: pd.DataFrame, model: str, step: int) -> Path:
    folder = runs.loc[runs["model"] == model, "folder"].iloc[0]
    return Path(folder) / "weights" / f"{step:06d}.safetensors"


def draw(axis: Axes, W: Values, b: Values) -> AxesImage:
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


if __name__ == "__main__":
    with door("fig_threshold_geometry"):
        main(*sys.argv[1:])
