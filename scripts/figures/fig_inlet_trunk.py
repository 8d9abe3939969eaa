"""The share of SIREN's lead that is its inlet, and that of its trunk.

Mean over pictures and 95 % interval, each cell at a rate of its own. Left fitted, right held-out
pixels; dashed: linear interpolation of the fitted ones.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.limit import draw_limit, limit
from inr_experiments.reporting.looks import Look
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("inlet_trunk",)

#: Models by trunk, in the order of the inlets.
INLETS = ("default", "REI", "PE", "sine")
TRUNKS = {
    "ReLU trunk": (Look("ReLU trunk", "#000000"), ("relu", "rank_expanding", "pe", "sine_inlet")),
    "sine trunk": (
        Look("sine trunk", "#009E73"),
        ("relu_sine_trunk", "rei_sine_trunk", "pe_sine_trunk", "siren"),
    ),
}


def draw(inlet_trunk: Frame) -> Figure:
    figure, axes = plt.subplots(1, 2, figsize=(style.PAGE, 2.6))
    for axis, metric, told in zip(
        axes, ("psnr", "psnr_heldout"), ("fitted", "held-out"), strict=True
    ):
        draw_cells(axis, inlet_trunk, metric)
        axis.set_ylabel(f"PSNR, {told} pixels (dB)")
    draw_limit(axes[1], limit(inlet_trunk), across=True)
    handles, labels = axes[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def draw_cells(axis: Axes, frame: Frame, metric: str) -> None:
    """One line a trunk over the inlets."""
    values = per_item(frame, metric, "model")
    for offset, (look, models) in zip((-0.05, 0.05), TRUNKS.values(), strict=True):
        means = [summarise(values.loc[model]) for model in models]
        x = [i + offset for i in range(len(models))]
        axis.plot(x, [m.mean for m in means], "o-", color=look.colour, label=look.label)
        axis.vlines(x, [m.low for m in means], [m.high for m in means], color=look.colour)
    axis.set_xticks(range(len(INLETS)), [f"{name}\ninlet" for name in INLETS])
