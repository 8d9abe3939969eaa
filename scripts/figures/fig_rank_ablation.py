"""PSNR and early loss against the rank of the centred Z₀ at step 0, knob by knob.

Lines and pooled ρ: over the pictures that all knobs have. Spearman's ρ is within each picture, with
its mean over pictures and 95 % interval. Stars: the default and REI as they are.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.ablation import KNOBS, knob_of, pooled, shared, with_early_fall
from inr_experiments.reporting.gains import correlation, per_item
from inr_experiments.reporting.looks import MEASURES, looks
from inr_experiments.runs.frame import Frame

READS = ("rank_ablation",)

#: Measures of the rank that are drawn; table rank_correlations has them all.
SHOWN = ("centred_effective_rank", "centred_rank_0.01", "centred_stable_rank")
OUTCOMES = {
    "psnr": ("PSNR (dB)", "PSNR"),
    "early_fall": ("early fall of ln loss (per step)", "early fall of the loss"),
}


def draw(rank_ablation: Frame) -> Figure:
    frame = with_early_fall(rank_ablation)
    compared = shared(frame)
    figure, axes = plt.subplots(3, 3, figsize=(style.PAGE, 6.6))
    for row, outcome in zip(axes, OUTCOMES, strict=False):
        for axis, measure in zip(row, SHOWN, strict=True):
            draw_knobs(axis, compared, measure, outcome)
        row[0].set_ylabel(OUTCOMES[outcome][0])
    for axis, outcome in zip(axes[2], OUTCOMES, strict=False):
        draw_correlations(axis, frame, outcome)
    axes[2, 1].set_yticklabels([])
    axes[2, 2].set_axis_off()
    handles, labels = axes[0, 0].get_legend_handles_labels()
    marks = [
        plt.Line2D([], [], color="0.4", marker=MEASURES[measure].marker, linestyle="",
                   label=f"ρ with {MEASURES[measure].name}")
        for measure in SHOWN
    ]  # fmt: skip
    names = [*labels, *(mark.get_label() for mark in marks)]
    axes[2, 2].legend([*handles, *marks], names, loc="center")
    return figure


def draw_knobs(axis: Axes, frame: Frame, measure: str, outcome: str) -> None:
    """A line a knob through its levels in their order, a star a method; means over pictures."""
    knobs = knob_of(frame)
    for label, look in looks(frame).items():
        own, key = frame.where(label=label), knobs.get(label, "label")
        x = per_item(own, f"spectra/inlet/{measure}", key, "first").mean(axis=1)
        y = per_item(own, outcome, key).mean(axis=1)
        line = "-" if label in knobs else ""
        axis.plot(
            x, y, linestyle=line, linewidth=0.8, label=label, color=look.colour,
            marker=KNOBS.get(key, "*"), markersize=3.5 if line else 9,
            mfc=look.colour if line else "white", zorder=2 if line else 3,
        )  # fmt: skip
    style.log2(axis.xaxis)
    axis.set_xlabel(MEASURES[measure].name)


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
