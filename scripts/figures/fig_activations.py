"""REI under other activations and uneven sampling: `fig_activations.py FRAME SAMPLING OUT`.

Mean over pictures; numbers are REI's paired gain and its 95 % interval.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import method
from inr_experiments.reporting.sweeps import per_item, runs
from inr_experiments.runs.frame import read_frame
from inr_experiments.statistics import summarise

ACTIVATION, FITTED = "model.inlet_activation._target_", "task.fitted"
MODELS = ("relu", "rank_expanding")
NAMES = {
    **{"relu": "default initialisation", "rank_expanding": "REI"},
    **{"every_second": "grid", "LeakyReLU": "leaky ReLU"},
}


def main(frame_path: str, sampling_path: str, out: str) -> None:
    activations = runs(read_frame(Path(frame_path)), last=["psnr"])
    sampling = runs(read_frame(Path(sampling_path)), last=["psnr", "psnr_heldout"])
    figure, axes = plt.subplots(1, 3, figsize=(style.PAGE, 2.5), width_ratios=(1.4, 1, 1))
    draw(axes[0], activations, ACTIVATION, "psnr")
    draw(axes[1], sampling, FITTED, "psnr")
    draw(axes[2], sampling, FITTED, "psnr_heldout")
    axes[0].set_title("activation of inlet and hidden layers")
    axes[1].set_title("fitted quarter, at its pixels")
    axes[2].set_title("… at held-out pixels")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    style.save(figure, Path(out))


def draw(axis: Axes, table: pd.DataFrame, key: str, metric: str) -> None:
    """A dumbbell a level, default to REI, mean over pictures; the gain and its interval above."""
    psnr = per_item(table, metric, ["model", key])
    levels = list(table[key].unique())
    for y, level in enumerate(levels):
        pair = [psnr.loc[(model, level)] for model in MODELS]
        means = [values.mean() for values in pair]
        gain = summarise(pair[1] - pair[0])
        axis.plot(means, [y, y], color="0.8", zorder=1)
        for model, mean in zip(MODELS, means, strict=True):
            look = method(model)
            axis.plot(mean, y, "o", color=look.colour, label=NAMES[model] if y == 0 else None)
        said = f"{gain.mean:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}]"
        axis.annotate(
            said, (sum(means) / 2, y), (0, 4), textcoords="offset points", ha="center", size=6
        )
    short = [str(level).rpartition(".")[2] for level in levels]
    axis.set_yticks(range(len(levels)), [NAMES.get(name, name) for name in short])
    axis.set_ylim(len(levels) - 0.6, -0.7)
    axis.margins(x=0.4)
    axis.set_xlabel("PSNR (dB)")


if __name__ == "__main__":
    with door("fig_activations"):
        main(*sys.argv[1:])
