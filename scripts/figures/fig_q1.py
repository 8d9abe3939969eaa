"""The inlet's rank in a CNN and a Transformer of coordinates, and in one of photographs' patches.

Left: effective rank of Z₀ and after each layer or block at initialisation; dashed: without skips.
Others: mean after training, filled on fitted points, open on held-out ones; numbers: paired gain
on fitted points over the arm in bold and its 95 % interval. Right, middle: how much of what a
block puts out differs between tokens, ‖X − 1x̄ᵀ‖/‖X‖.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item, signed
from inr_experiments.reporting.looks import label_of, looks
from inr_experiments.reporting.panels import layers, stages
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("q1_cnn", "q1_transformer", "q1_vit")

RANK, RESIDUAL = "spectra/{}/effective_rank", "oversmoothing/{}/residual"
FITTED, SKIPS, BLOCKS = "task.fitted", "model.skips", "model.hidden_layers"
#: The arms whose inlet REI, or whitening, initialises anew.
CNN, TRANSFORMER, VIT = "coordinate_cnn", "transformer_relu", "vit_patches"
#: Of a residual that is rounding alone.
LEAST = 1e-8


def draw(q1_cnn: Frame, q1_transformer: Frame, q1_vit: Frame) -> Figure:
    figure, axes = plt.subplots(3, 3, figsize=(style.PAGE, 6.4))
    pixels = q1_cnn.where(**{FITTED: "every_second"})
    draw_course(axes[0, 0], pixels, RANK)
    draw_arms(axes[0, 1], pixels, "psnr", CNN)
    draw_arms(axes[0, 2], q1_cnn.where(**{FITTED: "hole"}), "psnr", CNN)
    at_first, trained = untrained_and_trained(q1_transformer)
    for skips, line in ((True, "-"), (False, "--")):
        own = at_first.where(**{SKIPS: skips})
        draw_course(axes[1, 0], own, RANK, line)
        draw_course(axes[1, 2], own, RESIDUAL, line)
    draw_arms(axes[1, 1], trained, "psnr", TRANSFORMER)
    draw_course(axes[2, 0], q1_vit, RANK, encoding=True)
    draw_arms(axes[2, 1], q1_vit, "accuracy", VIT, factor=100)
    for row, name in zip(axes, ("CNN", "Transformer", "ViT"), strict=True):
        row[0].set_ylabel(f"{name}: effective rank")
        style.log2(row[0].yaxis)
    axes[1, 2].set(yscale="log", ylabel="residual")
    for axis, told in (
        *((axes[0, 1], "PSNR (dB), every second pixel"), (axes[0, 2], "PSNR (dB), all but a hole")),
        *((axes[1, 1], "PSNR (dB), a quarter of the pixels"), (axes[2, 1], "accuracy (%)")),
    ):
        axis.set_xlabel(told)
    draw_key(axes[2, 2])
    return figure


def untrained_and_trained(frame: Frame) -> tuple[Frame, Frame]:
    """The runs of more blocks, for their initialisation, and those of fewer that were fitted."""
    blocks = frame.column(BLOCKS)
    few, many = blocks == blocks.min(), blocks == blocks.max()
    return frame.only(many, "the most blocks"), frame.only(few, "the fewest blocks")


def draw_course(
    axis: Axes, frame: Frame, metric: str, line: str = "-", *, encoding: bool = False
) -> None:
    """A line an arm over the stages at initialisation, mean over items."""
    names = (stages if encoding else layers)(frame, metric.format("*"))
    values = [per_item(frame, metric.format(name), at="first").mean(axis=1) for name in names]
    for label, look in looks(frame).items():
        y = [max(own[label], LEAST) for own in values]
        axis.plot(range(len(y)), y, line, color=look.colour, marker=".", markersize=4)
    axis.set_xticks(range(len(names)), [short(name) for name in names])


def short(stage: str) -> str:
    """A stage by what it puts out."""
    if stage in ("encoding", "inlet"):
        return {"encoding": "patches", "inlet": "Z$_0$"}[stage]
    return f"Z$_{int(stage.partition('.')[2]) + 1}$"


def draw_arms(axis: Axes, frame: Frame, metric: str, default: str, *, factor: float = 1) -> None:
    """A row an arm: means of fitted and held-out points, and the gain over the default's."""
    reference, shown = label_of(frame, default), looks(frame)
    fitted, heldout = (factor * per_item(frame, name) for name in (metric, f"{metric}_heldout"))
    for y, label in enumerate(frame.labels):
        colour = shown[label].colour
        axis.plot(fitted.loc[label].mean(), y, "o", color=colour, markersize=4)
        axis.plot(heldout.loc[label].mean(), y, "o", color=colour, markersize=4, mfc="none")
        if label != reference:
            gain = signed(summarise(fitted.loc[label] - fitted.loc[reference]))
            across = axis.get_yaxis_transform()
            axis.text(0.98, y - 0.3, gain, transform=across, ha="right", va="center", size=5.5)
    axis.set_yticks(range(len(frame.labels)), [label.rpartition(", ")[2] for label in frame.labels])
    for tick, label in zip(axis.get_yticklabels(), frame.labels, strict=True):
        tick.set(color=shown[label].colour, weight="bold" if label == reference else "normal")
    axis.set_ylim(len(frame.labels) - 0.5, -0.7)
    axis.margins(x=0.1)


def draw_key(axis: Axes) -> None:
    """The marks, in the place of a panel."""
    for mark, face, name in (("o", "0.4", "fitted"), ("o", "none", "held out")):
        axis.plot([], [], mark, color="0.4", mfc=face, markersize=4, label=name)
    for line, name in (("-", "with skips"), ("--", "without skips")):
        axis.plot([], [], line, color="0.4", label=name)
    axis.legend(loc="center")
    axis.axis("off")
