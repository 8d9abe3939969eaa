"""The share of REI's gain that is the spectrum of Z₀, and that of its span.

A frozen inlet whose singular values are replaced; mean paired gain over the default's own cell and
95 % interval over pictures. Filled: fitted pixels; open: held out. Below: the effects.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item, signed
from inr_experiments.reporting.looks import looks
from inr_experiments.reporting.spectrum_span import FIRST, cells, effects
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("spectrum_span",)

RANK = "spectra/inlet/{}centred_effective_rank"
#: Metrics of fitted and held-out points, with the mark's face and its offset.
POINTS = {"psnr": ("full", -0.13), "psnr_heldout": ("none", 0.13)}


def draw(spectrum_span: Frame) -> Figure:
    labels = spectrum_span.labels
    figure = plt.figure(figsize=(style.PAGE, 2.4 + 0.2 * len(labels)))
    rows = figure.add_gridspec(2, 1, height_ratios=(0.2 * len(labels) + 0.6, 1.8))
    above, below = (figure.add_subfigure(rows[i]) for i in range(2))
    axes = above.subplots(1, 3, sharey=True, width_ratios=(1.3, 1, 0.9))
    early = int(spectrum_span.steps["step"].loc[lambda s: s > 0].min())
    for axis, at, told in ((axes[0], "last", "the end"), (axes[1], "early", f"step {early}")):
        draw_gains(axis, spectrum_span, at)
        axis.set_xlabel(f"PSNR gain at {told} (dB)")
    draw_ranks(axes[2], spectrum_span)
    axes[0].set_yticks(range(len(labels)), labels)
    axes[0].invert_yaxis()
    for axis in axes:
        axis.grid(axis="y", color="0.92")
    draw_effects(below.subplots(1, 1), spectrum_span)
    return figure


def draw_gains(axis: Axes, frame: Frame, at: str) -> None:
    """The paired gain of every cell over the default's own."""
    shown = looks(frame)
    for metric, (face, offset) in POINTS.items():
        values = cells(frame, metric, at)
        for y, label in enumerate(frame.labels):
            gain = summarise(values.loc[label] - values.loc[FIRST])
            colour = shown[label].colour
            axis.plot(gain.mean, y + offset, "o", color=colour, fillstyle=face, markersize=4)
            axis.hlines(y + offset, gain.low, gain.high, color=colour, linewidth=1)
    axis.axvline(0, color="0.4", linewidth=0.8)


def draw_ranks(axis: Axes, frame: Frame) -> None:
    """The effective rank of the centred Z₀ at step 0, of fitted and of held-out points."""
    shown = looks(frame)
    for prefix, (face, offset) in zip(("", "heldout_"), POINTS.values(), strict=True):
        ranks = per_item(frame, RANK.format(prefix), at="first").mean(axis=1)
        for y, label in enumerate(frame.labels):
            colour = shown[label].colour
            axis.plot(ranks[label], y + offset, "o", color=colour, fillstyle=face, markersize=4)
    style.log2(axis.xaxis)
    axis.set_xlabel("effective rank, centred Z₀")


def draw_effects(axis: Axes, frame: Frame) -> None:
    """Main effects, interaction and gains, with their numbers beside them."""
    for metric, (face, offset) in POINTS.items():
        found, told = effects(frame, metric), "" if metric == "psnr" else " held out"
        for y, mean in enumerate(found.values()):
            axis.plot(mean.mean, y + offset, "o", color="0.2", fillstyle=face, markersize=4)
            axis.hlines(y + offset, mean.low, mean.high, color="0.2", linewidth=1)
            said, across = f"{signed(mean)}{told}", axis.get_yaxis_transform()
            axis.text(1.01, y + 1.6 * offset, said, transform=across, va="center", fontsize=5.5)
        axis.set_yticks(range(len(found)), list(found))
    axis.invert_yaxis()
    axis.axvline(0, color="0.4", linewidth=0.8)
    pictures = frame.runs["item"].nunique()
    axis.set_xlabel(f"effect on PSNR at the end (dB), {pictures} pictures")
