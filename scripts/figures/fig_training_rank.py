"""Ranks of every layer's output through training: `fig_training_rank.py FRAME OUT`.

Mean over runs, band: their range.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.reporting.panels import STAGES, draw_training
from inr_experiments.runs.frame import read_frame

LAYERS = ("inlet", "hidden.0", "hidden.1", "hidden.2")
MEASURES = {"rank_0.01": "directions, σ > 10⁻² σ₁", "effective_rank": "effective rank"}


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    figure, axes = plt.subplots(
        len(MEASURES), len(LAYERS), figsize=(style.PAGE, 3.8), sharex=True, sharey="row"
    )
    for row, (measure, label) in zip(axes, MEASURES.items(), strict=True):
        row[0].set_ylabel(label)
        row[0].set_yscale("log", base=2)
        row[0].yaxis.set_major_formatter("{x:g}")
        for axis, layer in zip(row, LAYERS, strict=True):
            draw(axis, frame[frame["metric"] == f"training_rank/{layer}/{measure}"])
    for axis, layer in zip(axes[0], LAYERS, strict=True):
        axis.set_title(STAGES[layer])
    for axis in axes[-1]:
        axis.set_xlabel("step")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    style.save(figure, Path(out))


def draw(axis: Axes, values: pd.DataFrame) -> None:
    """One line a model, mean over runs, and the range over them."""
    for model in in_order(set(values["model"])):
        draw_training(axis, values[values["model"] == model], method(model), logs=True)


if __name__ == "__main__":
    with door("fig_training_rank"):
        main(*sys.argv[1:])
