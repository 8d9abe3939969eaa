"""REI under other activations and on uneven samples.

Left: effective rank of the centred Z₀ at initialisation against the scale of REI's rows; dotted:
the default's, mean over seeds; ring: the scale that was fitted. Others: mean over pictures, REI's
paired gain and its 95 % interval, above under other activations, below with ReLU on other samples
of as many pixels. Bar: interpolation of the fitted pixels without a network.
"""

import math

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import limit, per_item, signed
from inr_experiments.reporting.looks import REFERENCE, REI, label_of, looks
from inr_experiments.reporting.panels import INTERPOLATION
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("activations", "row_scale")

ACTIVATION, FITTED = "model.inlet_activation._target_", "task.fitted"
SCALE = "model.inlet_init.scale"
RANK = "spectra/inlet/centred_effective_rank"
#: Names of levels; the reference has the default initialisation under every activation.
NAMES = {"every_second": "grid", "LeakyReLU": "leaky ReLU"}
DEFAULT = "default initialisation"
#: Colours of activations, in the order of the sweep.
COLOURS = ("#000000", "#999999", "#0072B2", "#009E73", "#CC79A7")


def draw(activations: Frame, row_scale: Frame) -> Figure:
    figure, axes = plt.subplots(2, 3, figsize=(style.PAGE, 4.6), height_ratios=(5, 3.4))
    on_grid = activations.where(**{FITTED: "every_second"})
    sampling = activations.where(**{ACTIVATION: "torch.nn.ReLU"})
    draw_ranks(axes[0, 0], row_scale, fitted_scales(activations))
    for column, metric, name in ((1, "psnr", "fitted"), (2, "psnr_heldout", "held-out")):
        draw_gains(axes[0, column], on_grid, ACTIVATION, metric)
        draw_gains(axes[1, column], sampling, FITTED, metric)
        axes[0, column].set_title(f"{name} pixels")
        axes[1, column].set_xlabel("PSNR (dB)")
    handles, labels = axes[1, 2].get_legend_handles_labels()
    axes[1, 0].legend(handles, labels, loc="center")
    axes[1, 0].axis("off")
    return figure


def fitted_scales(frame: Frame) -> dict[str, float]:
    """The row scale of REI's runs by activation, 1 where the config has none."""
    runs = frame.where(model=REI).runs
    scales = runs[SCALE].fillna(1.0) if SCALE in runs else runs["seed"] * 0 + 1.0
    return {str(key): float(own.iloc[0]) for key, own in scales.groupby(runs[ACTIVATION])}


def draw_ranks(axis: Axes, frame: Frame, fitted: dict[str, float]) -> None:
    """A line an activation over the scales of the rows, and the default's rank."""
    ranks = per_item(frame.where(model=REI), RANK, [ACTIVATION, SCALE], "first").mean(axis=1)
    default = per_item(frame.where(model=REFERENCE), RANK, ACTIVATION, "first").mean(axis=1)
    for activation, colour in zip(default.index, COLOURS, strict=False):
        own = ranks.loc[activation]
        axis.plot(own.index, own, color=colour, marker=".", markersize=4, label=name_of(activation))
        axis.axhline(default[activation], color=colour, linewidth=0.8, linestyle=":")
        scale = fitted.get(str(activation))
        if scale is not None and scale in own.index:
            axis.plot(scale, own[scale], "o", color=colour, markersize=7, mfc="none")
    style.log2(axis.xaxis)
    axis.set_ylim(bottom=0)
    axis.set(xlabel="scale of REI's rows", ylabel="effective rank of centred Z₀")
    axis.legend(fontsize=6)


def name_of(level: str) -> str:
    """A level for readers."""
    short = level.rpartition(".")[2]
    return NAMES.get(short, short)


def draw_gains(axis: Axes, frame: Frame, key: str, metric: str) -> None:
    """A dumbbell a level, default to REI, mean over pictures; the gain and its interval above."""
    values = per_item(frame, metric, ["label", key])
    levels = list(frame.column(key).unique())
    shown = looks(frame)
    default, rei = label_of(frame), label_of(frame, REI)
    for y, level in enumerate(levels):
        pair = {label: values.loc[(label, level)] for label in (default, rei)}
        means = [own.mean() for own in pair.values()]
        axis.plot(means, [y, y], color="0.8", zorder=1)
        for label, mean in zip(pair, means, strict=True):
            name = DEFAULT if label == default else label
            axis.plot(mean, y, "o", color=shown[label].colour, label=name if y == 0 else None)
        beyond = limit(frame.where(**{key: level})) if metric == "psnr_heldout" else math.nan
        if not math.isnan(beyond):
            axis.plot(
                beyond, y, "|", color="0.4", markersize=10, label=INTERPOLATION if y == 0 else None
            )
        gain = summarise(pair[rei] - pair[default])
        middle = (sum(means) / 2, y)
        axis.annotate(signed(gain), middle, (0, 4), textcoords="offset points", ha="center", size=6)
    axis.set_yticks(range(len(levels)), [name_of(level) for level in levels])
    axis.set_ylim(len(levels) - 0.6, -0.7)
    axis.margins(x=0.4)
