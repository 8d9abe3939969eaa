"""Share of the NTK's trace by layer, before and after training: `fig_layer_share.py FRAME OUT`.

Mean over runs.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.reporting.panels import ends, stage_colour
from inr_experiments.runs.frame import read_frame

LAYERS = {"inlet": "inlet", "hidden.0": "1", "hidden.1": "2", "hidden.2": "3", "head": "head"}


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    models = in_order(set(frame["model"]))
    height = 0.9 + 0.26 * len(models)
    figure, axes = plt.subplots(1, 2, figsize=(style.PAGE, height), sharex=True, sharey=True)
    for axis, step in zip(axes, ends(frame), strict=True):
        draw(axis, frame[frame["step"] == step], models)
        axis.set(title=f"step {step}", xlabel="share of tr K (%)", xlim=(0, 100))
    axes[0].invert_yaxis()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, title="layer", loc="outside right center", frameon=False)
    style.save(figure, Path(out))


def draw(axis: Axes, frame: pd.DataFrame, models: list[str]) -> None:
    """One bar a model, mean over runs; its pieces are the layers."""
    means = 100 * frame.groupby(["model", "metric"])["value"].mean()
    left = pd.Series(0.0, index=models)
    for layer, label in LAYERS.items():
        share = means[:, f"layer_ntk/{layer}/share"][models]
        axis.barh(
            [method(model).label for model in models],
            share,
            left=left,
            color=stage_colour(layer),
            label=label,
            height=0.7,
        )
        left += share


if __name__ == "__main__":
    with door("fig_layer_share"):
        main(*sys.argv[1:])
