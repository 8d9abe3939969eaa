"""The share of SIREN's lead that is its inlet, and that of its trunk.

Mean paired gain over the default network and 95 % interval over pictures, each cell at its own
rate. Left fitted, right held-out pixels; dashed: linear interpolation of the fitted ones.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import limit, per_item
from inr_experiments.reporting.looks import REFERENCE, Look
from inr_experiments.reporting.panels import draw_limit
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("inlet_trunk",)

#: Models of each trunk, in the order of the inlets.
INLETS = ("default", "REI", "PE", "sine")
TRUNKS = {
    Look("ReLU trunk", "#000000"): ("relu", "rank_expanding", "pe", "sine_inlet"),
    Look("sine trunk", "#009E73"): (
        "relu_sine_trunk",
        "rei_sine_trunk",
        "pe_sine_trunk",
        "siren",
    ),
}


def draw(inlet_trunk: Frame) -> Figure:
    figure, axes = plt.subplots(1, 2, figsize=(style.PAGE, 2.6))
    for axis, metric, told in zip(
        axes, ("psnr", "psnr_heldout"), ("fitted", "held-out"), strict=True
    ):
        draw_cells(axis, inlet_trunk, metric)
        axis.set_ylabel(f"PSNR gain, {told} pixels (dB)")
    default = per_item(inlet_trunk, "psnr_heldout", "model").loc[REFERENCE].mean()
    draw_limit(axes[1], limit(inlet_trunk) - default, across=True)
    style.legend(figure, axes[1], ncols=3)
    return figure


def draw_cells(axis: Axes, frame: Frame, metric: str) -> None:
    """One line a trunk over the inlets."""
    values = per_item(frame, metric, "model")
    for offset, (look, models) in zip((-0.05, 0.05), TRUNKS.items(), strict=True):
        means = [summarise(values.loc[model] - values.loc[REFERENCE]) for model in models]
        x = [i + offset for i in range(len(models))]
        axis.plot(x, [m.mean for m in means], "o-", color=look.colour, label=look.label)
        axis.vlines(x, [m.low for m in means], [m.high for m in means], color=look.colour)
    axis.set_xticks(range(len(INLETS)), [f"{name}\ninlet" for name in INLETS])
