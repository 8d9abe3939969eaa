"""Effective ranks of the field's methods, centred, against their PSNR: does the inlet order them?

Open: at initialisation, filled: after training, joined; means over pictures. Above each panel
Spearman's ρ of the rank at initialisation and the PSNR, over methods, with the interval of Bonett
and Wright.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item, signed
from inr_experiments.reporting.looks import looks
from inr_experiments.reporting.methods import WHERE, ranks, relu_family
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import rank_correlation

READS = ("methods",)

OUTCOMES = {"psnr": "PSNR, fitted pixels (dB)", "psnr_heldout": "PSNR, held-out pixels (dB)"}
MARKERS = "osD^vP"


def draw(methods: Frame) -> Figure:
    figure, axes = plt.subplots(2, 3, figsize=(style.PAGE, 5.4), sharey="row")
    for column, where in zip(axes.T, WHERE, strict=True):
        first, last = (ranks(methods, where, at) for at in ("first", "last"))
        for axis, metric in zip(column, OUTCOMES, strict=True):
            psnr = per_item(methods, metric).mean(axis=1)
            draw_methods(axis, methods, first, last, psnr)
            draw_correlations(axis, methods, first, psnr)
        column[-1].set_xlabel(f"effective rank, centred: {where}")
    for row, told in zip(axes, OUTCOMES.values(), strict=True):
        row[0].set_ylabel(told)
    style.legend(figure, axes[0, 0], ncols=5)
    return figure


def draw_methods(
    axis: Axes, frame: Frame, first: pd.Series, last: pd.Series, psnr: pd.Series
) -> None:
    """A method's rank before and after, at its PSNR; marks go round, as colours are many."""
    for i, (label, look) in enumerate(looks(frame).items()):
        marker, y = MARKERS[i % len(MARKERS)], psnr[label]
        axis.plot([first[label], last[label]], [y, y], color=look.colour, linewidth=0.8)
        axis.plot(first[label], y, marker, color=look.colour, mfc="white", markersize=5)
        axis.plot(last[label], y, marker, color=look.colour, markersize=5, label=label)
    style.log2(axis.xaxis)


def draw_correlations(axis: Axes, frame: Frame, rank: pd.Series, psnr: pd.Series) -> None:
    """ρ over all methods, and over those with a ReLU behind the inlet."""
    every, family = (
        rank_correlation(rank[labels], psnr[labels])
        for labels in (frame.labels, relu_family(frame))
    )
    axis.set_title(f"ρ = {signed(every)}\nReLU alone {signed(family)}", fontsize="small")
