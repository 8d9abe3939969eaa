"""A diagnosis in a figure: spectra, ranks, shares of the NTK."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from ..checks import InputError

if TYPE_CHECKING:
    from . import Diagnosis

#: Characters of a name that are shown.
LONGEST = 28


def drawn(found: Diagnosis, points: int) -> Figure:
    """Three panels: singular values, directions kept, shares of the NTK's trace by layer."""
    height = max(2.6, 1.2 + 0.24 * len(found.stages))
    figure = Figure(figsize=(10, height), layout="constrained")
    FigureCanvasAgg(figure)
    spectra, ranks, shares = figure.subplots(1, 3)
    draw_spectra(spectra, found)
    draw_ranks(ranks, found)
    draw_shares(shares, found, points)
    for axis in (spectra, ranks, shares):
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=7)
        axis.title.set_fontsize(9)
    return figure


def colours(count: int) -> np.ndarray:
    """Colours from the first stage to the last. Shapes: -> (count, 4)."""
    return matplotlib.colormaps["viridis"](np.linspace(0, 0.9, count))


def draw_spectra(axis: Axes, found: Diagnosis) -> None:
    """σ_i / σ_1 of each stage, the inlet's thicker, and the tolerance."""
    for stage, colour in zip(found.stages, colours(len(found.stages)), strict=True):
        sigma = stage.singular_values
        if sigma.size and sigma[0] > 0:
            i = np.arange(1, len(sigma) + 1)
            width = 2.5 if stage is found.inlet else 1.2
            axis.plot(i, sigma / sigma[0], ".-", ms=3, color=colour, lw=width)
    axis.axhline(found.inlet.tolerance, color="0.5", lw=0.8, ls="--")
    axis.set(xscale="log", yscale="log", ylim=(1e-8, 2), xlabel="i", ylabel="σ$_i$ / σ$_1$")
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.set_title("singular values of Z (thick: inlet)")


def draw_ranks(axis: Axes, found: Diagnosis) -> None:
    """The part of its directions that each stage keeps, with its weights' and effective rank's."""
    stages = found.stages
    at = np.arange(len(stages))
    kept = [100 * s.share for s in stages]
    axis.barh(at, kept, color=colours(len(stages)), height=0.6)
    effective = [100 * s.ranks["effective_rank"] / max(1, s.most) for s in stages]
    axis.plot(effective, at, "o", color="white", mec="black", ms=4, label="effective rank of Z")
    own = [(100 * min(w.share for w in s.weights), i) for i, s in enumerate(stages) if s.weights]
    if own:
        axis.plot(*zip(*own, strict=True), "|", color="tab:red", ms=9, mew=2, label="weights")
    for i, stage in enumerate(stages):
        text = f"{stage.kept} of {stage.most}"
        axis.text(103, i, text, va="center", fontsize=7, clip_on=False)
    axis.set_yticks(at, [_short(s.name) + " *" * (s is found.inlet) for s in stages])
    axis.set(xlim=(0, 140), xticks=range(0, 101, 20), xlabel="part of the directions (%)")
    axis.invert_yaxis()
    axis.set_title("directions kept (*: inlet)")
    axis.legend(fontsize=6, loc="upper left", bbox_to_anchor=(0, -0.25), ncols=2, frameon=False)


def draw_shares(axis: Axes, found: Diagnosis, points: int) -> None:
    """tr K_k / tr K by layer, or why there is none."""
    axis.set_title("share of the NTK's trace by layer")
    try:
        shares = found.ntk(points=points).shares()
    except InputError as error:
        axis.text(0, 0.5, textwrap.fill(f"none: {error}", 40), fontsize=7, va="center")
        axis.set_axis_off()
        return
    at = np.arange(len(shares))
    axis.barh(at, [100 * share for share in shares.values()], color="0.45", height=0.6)
    axis.set_yticks(at, [_short(name) or "(itself)" for name in shares])
    axis.set(xlabel="share (%)")
    axis.invert_yaxis()


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}…{name[-LONGEST // 2 :]}"
