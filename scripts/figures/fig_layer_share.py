"""Share of the NTK's trace by layer, before and after training.

Mean over runs.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.panels import stage_colours, stage_name, stages
from inr_experiments.runs.frame import Frame

READS = ("diagnosis",)


def draw(diagnosis: Frame) -> Figure:
    height = 0.9 + 0.26 * len(diagnosis.labels)
    figure, axes = plt.subplots(1, 2, figsize=(style.PAGE, height), sharex=True, sharey=True)
    ends = {"first": 0, "last": diagnosis.last_step()}
    for axis, (at, step) in zip(axes, ends.items(), strict=True):
        draw_shares(axis, diagnosis, at)
        axis.set(title=f"step {step}", xlabel="share of tr K (%)", xlim=(0, 100))
    axes[0].invert_yaxis()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, title="layer", loc="outside right center")
    return figure


def draw_shares(axis: Axes, frame: Frame, at: str) -> None:
    """One bar a method, mean over runs; its pieces are the layers."""
    layers = stages(frame, "layer_ntk/*/share")
    left = pd.Series(0.0, index=frame.labels)
    for layer, colour in stage_colours(layers).items():
        share = 100 * per_item(frame, f"layer_ntk/{layer}/share", at=at).mean(axis=1)
        axis.barh(
            list(left.index),
            share[left.index],
            left=left,
            color=colour,
            label=stage_name(layer, "K"),
            height=0.7,
        )
        left += share
