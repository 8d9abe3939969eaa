"""Training as a clip: `training_clip.py FRAME OUT`.

One picture a milestone, of the image whose gain of REI over default ReLU is the median; PSNR of the
fitted pixels, one seed.
"""

import sys
from pathlib import Path

import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.runs.frame import read_frame
from inr_experiments.runs.store import read_arrays

#: Frames at the most, milliseconds of each and of the last, and dots an inch.
FRAMES, PACE, LAST, DPI = 24, 500, 2500, 110


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    psnr = frame[(frame["metric"] == "psnr") & (frame["seed"] == frame["seed"].min())]
    item = median_gain(psnr[psnr["last"]])
    psnr = psnr[psnr["item"] == item].set_index(["model", "step"])
    steps = sorted(psnr.index.unique("step"))
    chosen = np.unique(np.linspace(0, len(steps) - 1, min(FRAMES, len(steps))).round().astype(int))
    figures = [draw(psnr, item, steps[i]) for i in chosen]
    shown = [pixels(figure) for figure in figures]
    style.save(figures[-1], Path(out))  # on paper, the last one stands for all
    pace = [PACE] * (len(shown) - 1) + [LAST]
    iio.imwrite(Path(out).with_suffix(".gif"), shown, duration=pace, loop=0)


def median_gain(last: pd.DataFrame) -> str:
    values = last.pivot(index="item", columns="model", values="value")
    order = (values["rank_expanding"] - values["relu"]).sort_values().index
    return str(order[len(order) // 2])


def draw(psnr: pd.DataFrame, item: str, step: int) -> plt.Figure:
    """The fits of every model at a step."""
    models = in_order(set(psnr.index.unique("model")))
    rows = [psnr.loc[(model, step)] for model in models]
    pictures = [
        read_arrays(Path(row["folder"]), "picture", step=step)["reconstruction"] for row in rows
    ]
    high, wide = pictures[0].shape[:2]
    height = style.PAGE / len(models) * high / wide + 0.45
    figure, axes = plt.subplots(1, len(models), figsize=(style.PAGE, height), squeeze=False)
    for axis, model, row, picture in zip(axes[0], models, rows, pictures, strict=True):
        axis.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255)
        axis.set_title(f"{method(model).label}, {row['value']:.2f} dB")
        axis.set_axis_off()
    figure.suptitle(f"{item}, step {step}", fontsize=8)
    return figure


def pixels(figure: plt.Figure) -> np.ndarray:
    """The figure as (H, W, 3) uint8."""
    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


if __name__ == "__main__":
    with door("training_clip"):
        main(*sys.argv[1:])
