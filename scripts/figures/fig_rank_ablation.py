"""PSNR and early loss against the rank of the centred Z₀ at step 0, knob by knob.

Lines and pooled ρ: over the pictures that all knobs have. Spearman's ρ is within each picture, with
its mean over pictures and 95 % interval; REI's gain likewise. Dotted, and not pooled: knobs of
another activation or that change the number of parameters. Star: the default, at the same width.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.ablation import (
    KNOBS,
    alike,
    default_cell,
    knob_of,
    pooled,
    widths,
    with_early_fall,
)
from inr_experiments.reporting.gains import correlation, per_item
from inr_experiments.reporting.looks import MEASURES, REI, label_of, looks
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("rank_ablation",)

#: Measures of the rank that are drawn; table rank_correlations has them all.
SHOWN = ("centred_effective_rank", "centred_rank_0.01", "centred_stable_rank")
OUTCOMES = {
    "psnr": ("PSNR (dB)", "PSNR"),
    "early_fall": ("early fall of ln loss (per step)", "early fall of the loss"),
}


def draw(rank_ablation: Frame) -> Figure:
    frame = with_early_fall(rank_ablation)
    shared = alike(frame)
    figure, axes = plt.subplots(3, 3, figsize=(style.PAGE, 6.6), sharey=False)
    for row, outcome in zip(axes, OUTCOMES, strict=False):
        for axis, measure in zip(row, SHOWN, strict=True):
            draw_knobs(axis, shared, measure, outcome)
            draw_default(axis, default_cell(frame), measure, outcome)
        row[0].set_ylabel(OUTCOMES[outcome][0])
    for axis, outcome in zip(axes[2], OUTCOMES, strict=False):
        draw_correlations(axis, frame, outcome)
    axes[2, 1].set_yticklabels([])
    draw_widths(axes[2, 2], widths(frame))
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    marks = [
        plt.Line2D([], [], color="0.4", marker=MEASURES[measure].marker, linestyle="",
                   label=f"ρ with {MEASURES[measure].name}")
        for measure in SHOWN
    ]  # fmt: skip
    figure.legend(handles=marks, loc="outside lower center", ncols=3)
    return figure


def draw_knobs(axis: Axes, frame: Frame, measure: str, outcome: str) -> None:
    """A line a knob through its levels in their order, mean over pictures."""
    shown = looks(frame)
    for label, key in knob_of(frame).items():
        own, knob = frame.where(label=label), KNOBS[key]
        axis.plot(
            per_item(own, f"spectra/inlet/{measure}", key, "first").mean(axis=1),
            per_item(own, outcome, key).mean(axis=1),
            color=shown[label].colour,
            marker=knob.marker,
            markersize=3.5,
            linewidth=0.8,
            linestyle="-" if knob.pooled else ":",
            label=label + parameters(own),
        )
    style.log2(axis.xaxis)
    axis.set_xlabel(MEASURES[measure].name)


def draw_default(axis: Axes, default: Frame | None, measure: str, outcome: str) -> None:
    """A star where the default initialisation stands, at the knobs' width."""
    if default is None:
        return
    x = per_item(default, f"spectra/inlet/{measure}", at="first").mean(axis=1)
    y = per_item(default, outcome).mean(axis=1)
    axis.plot(x, y, "*", color="black", markersize=9, mfc="white", label=default.labels[0])


def parameters(frame: Frame) -> str:
    """The range of the number of parameters over a knob's levels, where it moves them."""
    counts = frame.column("parameters") / 1000
    if counts.nunique() == 1:
        return ""
    return f", {counts.min():.1f}k to {counts.max():.1f}k parameters"


def draw_correlations(axis: Axes, frame: Frame, outcome: str) -> None:
    """Spearman's ρ within pictures, its mean and 95 % interval, by knob and of those pooled."""
    shown = looks(frame)
    rows = [(label, shown[label].colour, frame.where(label=label)) for label in knob_of(frame)]
    rows.append(("pooled", "0.3", pooled(frame)))
    for y, (_, colour, own) in enumerate(rows):
        for offset, measure in zip((-0.22, 0, 0.22), SHOWN, strict=True):
            rho = correlation(own, f"spectra/inlet/{measure}", outcome)
            marker = MEASURES[measure].marker
            axis.plot(rho.mean, y + offset, marker=marker, color=colour, markersize=3.5)
            axis.hlines(y + offset, rho.low, rho.high, color=colour, linewidth=1)
    axis.axvline(0, color="0.6", linewidth=0.8)
    axis.set(xlim=(-1.05, 1.05), xlabel=f"Spearman's ρ, {OUTCOMES[outcome][1]}")
    axis.set_yticks(range(len(rows)), [label for label, *_ in rows])
    axis.invert_yaxis()


def draw_widths(axis: Axes, frame: Frame) -> None:
    """REI's paired gain over the default by width, with the number of parameters."""
    psnr = per_item(frame, "psnr", ["label", "model.width"])
    rei = label_of(frame, REI)
    gains = (psnr.loc[rei] - psnr.loc[label_of(frame)]).sort_index()
    means = [summarise(row) for _, row in gains.iterrows()]
    x, colour = np.arange(len(means)), looks(frame)[rei].colour
    axis.plot(x, [m.mean for m in means], color=colour, marker="o", markersize=4)
    axis.vlines(x, [m.low for m in means], [m.high for m in means], color=colour)
    count = frame.runs.groupby("model.width")["parameters"].first()
    axis.set_xticks(x, [f"{w:g}\n{count[w] / 1000:.0f}k" for w in gains.index])
    axis.set_xlabel("width, parameters")
    axis.set_ylabel(f"{rei}'s gain (dB)")
    axis.axhline(0, color="0.6", linewidth=0.8)
