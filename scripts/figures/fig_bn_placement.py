"""BatchNorm at one layer at a time: `fig_bn_placement.py FRAME BASELINE OUT`.

Mean over pictures and 95 % interval; seeds averaged within pictures. Dashed: the
same network without it.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import method
from inr_experiments.reporting.panels import STAGES
from inr_experiments.reporting.sweeps import per_item, runs
from inr_experiments.runs.frame import read_frame
from inr_experiments.statistics import summarise

LAYERS, PLACE = "model.batch_norm.layers", "model.batch_norm.place"
RANKS = ("inlet", "hidden.2")
#: Colour and offset of each place of BatchNorm, so that intervals do not hide each other.
LOOKS = {"before": ("#E69F00", "s", -0.06), "after": ("#CC79A7", "o", 0.06)}


def main(frame_path: str, baseline_path: str, out: str) -> None:
    measures = [f"training_rank/{stage}/effective_rank" for stage in RANKS]
    relu = read_frame(Path(baseline_path))
    relu = runs(relu[relu["model"] == "relu"], first=measures, last=["psnr"])
    normed = runs(read_frame(Path(frame_path)), first=measures, last=["psnr"])
    figure, axes = plt.subplots(1, 3, figsize=(style.PAGE, 2.5))
    base = per_item(relu, "psnr", "model").loc["relu"]
    draw(axes[0], per_item(normed, "psnr", [PLACE, LAYERS]) - base)
    axes[0].axhline(0, color=method("relu").colour, linewidth=0.8, linestyle="--")
    axes[0].set_ylabel("PSNR gain over ReLU (dB)")
    for axis, measure, stage in zip(axes[1:], measures, RANKS, strict=True):
        draw(axis, per_item(normed, measure, [PLACE, LAYERS]))
        axis.axhline(relu[measure].mean(), color=method("relu").colour, linewidth=0.8, ls="--")
        axis.set_ylabel(f"effective rank of {STAGES[stage].split(', ')[-1]}, step 0")
        axis.set_ylim(bottom=0)
    handles, labels = axes[0].get_legend_handles_labels()
    handles.append(plt.Line2D([], [], color="black", linewidth=0.8, linestyle="--"))
    figure.legend(
        handles, [*labels, method("relu").label], loc="outside lower center", ncols=3, frameon=False
    )
    style.save(figure, Path(out))


def draw(axis: Axes, values: pd.DataFrame) -> None:
    """One line a place: mean over items and its 95 % interval. Rows are (place, layers)."""
    for place, (colour, marker, offset) in LOOKS.items():
        means = [summarise(row) for _, row in values.loc[place].sort_index().iterrows()]
        x = [i + offset for i in range(len(means))]
        y = [m.mean for m in means]
        axis.plot(x, y, color=colour, marker=marker, markersize=4, label=f"{place} the activation")
        axis.vlines(x, [m.low for m in means], [m.high for m in means], color=colour, linewidth=1)
    names = ["inlet", *map(str, range(1, len(means)))]
    axis.set_xticks(range(len(means)), names)
    axis.set_xlabel("layer with BatchNorm")


if __name__ == "__main__":
    with door("fig_bn_placement"):
        main(*sys.argv[1:])
