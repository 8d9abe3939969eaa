"""Target, default, REI and their errors: `fig_reconstruction.py FRAME OUT`.

One seed; at most four images, evenly spread over the gain of REI. PSNR of the fitted pixels.
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
from inr_experiments.runs.frame import read_frame

MODELS = ("relu", "rank_expanding")
#: Pictures shown at the most, and the error that saturates the map.
ROWS, SATURATED = 4, 0.3


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    psnr = frame[(frame["metric"] == "psnr") & frame["last"] & frame["model"].isin(MODELS)]
    psnr = psnr[psnr["seed"] == psnr["seed"].min()].set_index(["item", "model"])
    items = evenly_by_gain(psnr)
    pictures = [[read(psnr.loc[(item, model), "folder"]) for model in MODELS] for item in items]
    heights = [row[0]["target"].shape[0] / row[0]["target"].shape[1] for row in pictures]
    figure, axes = plt.subplots(
        len(items),
        5,
        figsize=(style.PAGE, 1.32 * sum(heights) + 0.2 * len(items) + 0.5),
        height_ratios=heights,
        squeeze=False,
    )
    for axis, item, row in zip(axes, items, pictures, strict=True):
        draw(axis, item, row, [psnr.loc[(item, model), "value"] for model in MODELS])
    colours = plt.cm.ScalarMappable(plt.Normalize(0, SATURATED), "magma")
    bar = figure.colorbar(colours, ax=axes[:, 3:], location="bottom", extend="max", aspect=30)
    bar.set_label("absolute error, mean over channels")
    style.save(figure, Path(out))


def evenly_by_gain(psnr: pd.DataFrame) -> list[str]:
    """At most `ROWS` items, evenly spread over the gain of REI from least to largest."""
    gain = psnr["value"].unstack("model")
    order = (gain["rank_expanding"] - gain["relu"]).sort_values().index
    chosen = np.unique(np.linspace(0, len(order) - 1, min(ROWS, len(order))).round().astype(int))
    return [order[i] for i in chosen]


def read(folder: str) -> dict[str, np.ndarray]:
    names = ("target", "reconstruction")
    return {name: iio.imread(Path(folder) / f"{name}.png") / 255 for name in names}


def draw(axes: np.ndarray, item: str, row: list[dict], psnr: list[float]) -> None:
    """One picture: target, the two fits, their error maps."""
    shown = [row[0]["target"], *(fit["reconstruction"] for fit in row)]
    titles = [item, *(f"{method(m).label}, {p:.2f} dB" for m, p in zip(MODELS, psnr, strict=True))]
    for axis, picture, title in zip(axes[:3], shown, titles, strict=True):
        axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
        axis.set_title(title, fontsize=7, pad=2)
    for axis, fit, model in zip(axes[3:], row, MODELS, strict=True):
        error = np.abs(fit["reconstruction"] - fit["target"])
        error = error.mean(axis=2) if error.ndim == 3 else error
        axis.imshow(error, cmap="magma", vmin=0, vmax=SATURATED)
        axis.set_title(f"error, {method(model).label}", fontsize=7, pad=2)
    for axis in axes:
        axis.set_axis_off()


if __name__ == "__main__":
    with door("fig_reconstruction"):
        main(*sys.argv[1:])
