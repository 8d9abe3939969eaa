"""Ranks of weights and representations by optimiser: `fig_optimisers.py FRAME OUT`.

Mean over pictures, band: their range. W₁ … W₃ are the three hidden layers' weights, averaged.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import Method, in_order, method
from inr_experiments.reporting.panels import draw_training
from inr_experiments.runs.frame import read_frame

#: How each choice of `fit` appears.
LOOKS = {
    "standard": Method("Adam", "#0072B2", "-"),
    "sgd": Method("SGD, momentum 0.9", "#E69F00", "--"),
    "muon": Method("Muon, hidden matrices", "#009E73", "-."),
}
#: Metrics of a panel, averaged where there are several, and its title.
PANELS = {
    "PSNR (dB)": ["psnr"],
    "effective rank, Z₀": ["layer_spectra/inlet/effective_rank"],
    "effective rank, Z₃": ["layer_spectra/hidden.2/effective_rank"],
    "effective rank, W₁ … W₃": [
        f"layer_spectra/hidden.{i}.weight/effective_rank" for i in range(3)
    ],
}


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    models = in_order(set(frame["model"]))
    figure, axes = plt.subplots(
        len(models),
        len(PANELS),
        figsize=(style.PAGE, 3.6),
        sharex=True,
        sharey="col",
        squeeze=False,
    )
    for row, model in zip(axes, models, strict=True):
        row[0].annotate(
            method(model).label, (-0.42, 0.5), xycoords="axes fraction", rotation=90, va="center"
        )
        for axis, metrics in zip(row, PANELS.values(), strict=True):
            draw(axis, frame[(frame["model"] == model) & frame["metric"].isin(metrics)])
    for axis, title in zip(axes[0], PANELS, strict=True):
        axis.set_title(title, fontsize=7)
    for axis in axes[-1]:
        axis.set_xlabel("step")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    style.save(figure, Path(out))


def draw(axis: Axes, values: pd.DataFrame) -> None:
    """One line an optimiser, mean over pictures, and the range over them."""
    for choice, look in LOOKS.items():
        draw_training(axis, values[values["fit"] == choice], look, logs=False)


if __name__ == "__main__":
    with door("fig_optimisers"):
        main(*sys.argv[1:])
