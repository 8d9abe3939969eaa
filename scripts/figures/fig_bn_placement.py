"""BatchNorm at one layer at a time, before or after its activation.

Gain in fitted and in held-out PSNR, and ranks; mean over pictures and 95 % interval, seeds averaged
within pictures. Dashed: the same network without it.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.looks import Look, label_of, looks
from inr_experiments.reporting.panels import layers, stage_name
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("bn_placement",)

LAYERS, PLACE = "model.batch_norm.layers", "model.batch_norm.place"
GAINS = {"psnr": "fitted", "psnr_heldout": "held-out"}
#: Colour, marker and offset of each place of BatchNorm, so that intervals do not hide each other.
LOOKS = {"before": ("#E69F00", "s", -0.06), "after": ("#CC79A7", "o", 0.06)}


def draw(bn_placement: Frame) -> Figure:
    relu = looks(bn_placement)[label_of(bn_placement)]
    plain = bn_placement.where(label=relu.label)
    normed = bn_placement.only(bn_placement.column(PLACE).notna(), PLACE)
    found = layers(bn_placement, "spectra/*/effective_rank")
    figure, grid = plt.subplots(2, 2, figsize=(style.PAGE, 4.4))
    axes = grid.flat
    for axis, (metric, pixels) in zip(axes[:2], GAINS.items(), strict=True):
        base = per_item(plain, metric).loc[relu.label]
        draw_places(axis, per_item(normed, metric, [PLACE, LAYERS]) - base, 0.0, relu)
        axis.set_ylabel(f"{pixels} gain over ReLU (dB)")
    for axis, stage in zip(axes[2:], (found[0], found[-1]), strict=True):
        metric = f"spectra/{stage}/effective_rank"
        values = per_item(normed, metric, [PLACE, LAYERS], "first")
        without = per_item(plain, metric, at="first").loc[relu.label].mean()
        draw_places(axis, values, without, relu)
        axis.set_ylabel(f"effective rank of {stage_name(stage).split(', ')[-1]}, step 0")
        axis.set_ylim(bottom=0)
    style.legend(figure, axes[0], ncols=3)
    return figure


def draw_places(axis: Axes, values: pd.DataFrame, without: float, plain: Look) -> None:
    """One line a place, mean over items and 95 % interval, and dashed what is there without it.

    Rows of `values` are (place, layers).
    """
    shown = list(dict.fromkeys(values.index.get_level_values(LAYERS)))
    for place, (colour, marker, offset) in LOOKS.items():
        means = [summarise(values.loc[(place, layer)]) for layer in shown]
        x = [i + offset for i in range(len(means))]
        y = [m.mean for m in means]
        axis.plot(x, y, color=colour, marker=marker, markersize=4, label=f"{place} the activation")
        axis.vlines(x, [m.low for m in means], [m.high for m in means], color=colour, linewidth=1)
    names = ["inlet" if layer == "[0]" else layer.strip("[]") for layer in shown]
    axis.set_xticks(range(len(shown)), names)
    axis.set_xlabel("layer with BatchNorm")
    axis.axhline(without, color=plain.colour, linewidth=0.8, linestyle="--", label=plain.label)
