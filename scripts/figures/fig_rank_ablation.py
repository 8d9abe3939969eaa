"""PSNR and early loss against the rank of Z₀, knob by knob: `fig_rank_ablation.py FRAME OUT`.

Lines and pooled ρ: over the pictures that all knobs have. Spearman's ρ is within each picture, with
its mean over pictures and 95 % interval; REI's gain likewise.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from inr_experiments.checks import InputError
from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.ablation import APART, RANKS, knob_runs, on_shared_pictures, pooled
from inr_experiments.reporting.labels import KNOBS, method
from inr_experiments.reporting.sweeps import correlation, per_item
from inr_experiments.statistics import Mean, summarise

#: Marker by measure of the rank; table rank_correlations has them all.
DRAWN = {"effective rank": "o", "σ > 10⁻² σ₁": "s", "stable rank": "^"}
MEASURES = {metric: name for metric, name in RANKS.items() if name in DRAWN}
OUTCOMES = {
    "psnr": ("PSNR (dB)", "PSNR"),
    "early_fall": ("early fall of ln loss (per step)", "early fall of the loss"),
}


def main(*arguments: str) -> None:
    """The frames are those of labels.KNOBS and of rank_width, as far as they are there."""
    *frames, out = map(Path, arguments)
    tables = {path.stem: knob_runs(path) for path in frames}
    width = tables.pop("rank_width", None)
    if not tables:
        raise InputError(f"{frames[0]}: expected a frame of {', '.join(KNOBS)}")
    alike = on_shared_pictures(tables)
    figure, axes = plt.subplots(3, 3, figsize=(style.PAGE, 6.6), sharey=False)
    for row, outcome in zip(axes, OUTCOMES, strict=False):
        for axis, rank in zip(row, MEASURES, strict=True):
            draw(axis, alike, rank, outcome)
        row[0].set_ylabel(OUTCOMES[outcome][0])
    for axis, outcome in zip(axes[2], OUTCOMES, strict=False):
        draw_correlations(axis, tables, alike, outcome)
    axes[2, 1].set_yticklabels([])
    if width is None:
        axes[2, 2].set_axis_off()
    else:
        draw_width(axes[2, 2], width)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    marks = [
        plt.Line2D([], [], color="0.4", marker=marker, linestyle="", label=f"ρ with {label}")
        for label, marker in DRAWN.items()
    ]
    figure.legend(handles=marks, loc="outside lower center", ncols=3, frameon=False)
    style.save(figure, Path(out))


def draw(axis: Axes, tables: dict[str, pd.DataFrame], rank: str, outcome: str) -> None:
    """A line a knob through its levels in their order, mean over pictures."""
    for knob, table in tables.items():
        label, colour, marker = KNOBS[knob]
        key = next(column for column in table.columns if column.startswith("model."))
        means = table.groupby(key, sort=False)[[rank, outcome]].mean()
        axis.plot(
            means[rank],
            means[outcome],
            color=colour,
            marker=marker,
            markersize=3.5,
            linewidth=0.8,
            linestyle=":" if knob in APART else "-",
            label=label + f", {parameters(table)} parameters" * (knob == "rank_octaves"),
        )
    axis.set_xscale("log", base=2)
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set_xlabel(f"{MEASURES[rank]} of Z₀, step 0")


def parameters(table: pd.DataFrame) -> str:
    """The range of the number of parameters over a knob's levels."""
    return f"{table['parameters'].min() / 1000:.1f}k to {table['parameters'].max() / 1000:.1f}k"


def draw_correlations(
    axis: Axes, tables: dict[str, pd.DataFrame], alike: dict[str, pd.DataFrame], outcome: str
) -> None:
    """Spearman's ρ within pictures, its mean and 95 % interval, by knob; pooled of `alike`."""
    rows = [(*KNOBS[knob][:2], table) for knob, table in tables.items()]
    together = pooled(alike)
    if together is not None:
        rows.append(("pooled, but ω₀, octaves", "0.3", together))
    for y, (_, colour, table) in enumerate(rows):
        for offset, (rank, name) in zip((-0.22, 0, 0.22), MEASURES.items(), strict=True):
            rho = correlation(table, rank, outcome)
            axis.plot(rho.mean, y + offset, DRAWN[name], color=colour, markersize=3.5)
            axis.hlines(y + offset, rho.low, rho.high, color=colour, linewidth=1)
    axis.axvline(0, color="0.6", linewidth=0.8)
    axis.set(xlim=(-1.05, 1.05), xlabel=f"Spearman's ρ, {OUTCOMES[outcome][1]}")
    axis.set_yticks(range(len(rows)), [label for label, *_ in rows])
    axis.invert_yaxis()


def draw_width(axis: Axes, table: pd.DataFrame) -> None:
    """REI's paired gain over the default by width, with the number of parameters."""
    psnr = per_item(table, "psnr", ["model", "model.width"])
    gains = psnr.loc["rank_expanding"] - psnr.loc["relu"]
    means: list[Mean] = [summarise(row) for _, row in gains.iterrows()]
    x, look = np.arange(len(means)), method("rank_expanding")
    axis.plot(x, [m.mean for m in means], color=look.colour, marker="o", markersize=4)
    axis.vlines(x, [m.low for m in means], [m.high for m in means], color=look.colour)
    count = table.groupby("model.width")["parameters"].first()
    axis.set_xticks(x, [f"{w}\n{count[w] / 1000:.0f}k" for w in gains.index])
    axis.set_xlabel("width, parameters")
    axis.set_ylabel("REI's gain (dB)")
    axis.axhline(0, color="0.6", linewidth=0.8)


if __name__ == "__main__":
    with door("fig_rank_ablation"):
        main(*sys.argv[1:])
