"""REI under other activations and on uneven samples.

Mean over pictures; numbers are REI's paired gain and its 95 % interval. Left: other activations on
a grid of pixels. Middle and right: ReLU, other samples of as many pixels.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item, signed
from inr_experiments.reporting.looks import REI, label_of, looks
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("activations",)

ACTIVATION, FITTED = "model.inlet_activation._target_", "task.fitted"
#: Names of levels; the reference has the default initialisation under every activation.
NAMES = {"every_second": "grid", "LeakyReLU": "leaky ReLU"}
DEFAULT = "default initialisation"


def draw(activations: Frame) -> Figure:
    figure, axes = plt.subplots(1, 3, figsize=(style.PAGE, 2.5), width_ratios=(1.4, 1, 1))
    sampling = activations.where(**{ACTIVATION: "torch.nn.ReLU"})
    draw_gains(axes[0], activations.where(**{FITTED: "every_second"}), ACTIVATION, "psnr")
    draw_gains(axes[1], sampling, FITTED, "psnr")
    draw_gains(axes[2], sampling, FITTED, "psnr_heldout")
    axes[0].set_title("activation of inlet and hidden layers")
    axes[1].set_title("fitted quarter, at its pixels")
    axes[2].set_title("… at held-out pixels")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure


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
        gain = summarise(pair[rei] - pair[default])
        middle = (sum(means) / 2, y)
        axis.annotate(signed(gain), middle, (0, 4), textcoords="offset points", ha="center", size=6)
    short = [level.rpartition(".")[2] for level in levels]
    axis.set_yticks(range(len(levels)), [NAMES.get(name, name) for name in short])
    axis.set_ylim(len(levels) - 0.6, -0.7)
    axis.margins(x=0.4)
    axis.set_xlabel("PSNR (dB)")
