"""What of REI's gain is rank, scale or geometry: `fig_controls.py FRAME UNIT_FRAME OUT`.

Mean paired gain over pictures and 95 % interval, beside the effective rank of Z₀. Dotted:
REI's gain.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from inr_experiments.commands.door import door
from inr_experiments.reporting import style
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.reporting.sweeps import per_item, runs
from inr_experiments.runs.frame import read_frame
from inr_experiments.statistics import Mean, summarise

RANK = "inlet_spectrum/inlet/effective_rank"


def main(frame_path: str, unit_path: str, out: str) -> None:
    rows = gains(frame_path)
    rows += [(f"{row[0]} on [0, 1)", *row[1:]) for row in gains(unit_path)]
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(style.PAGE, 0.8 + 0.22 * len(rows)), sharey=True, width_ratios=(1.6, 1)
    )
    for y, (_, colour, gain, rank) in enumerate(rows):
        left.hlines(y, gain.low, gain.high, color=colour, linewidth=1.4)
        left.plot(gain.mean, y, "o", color=colour, markersize=4.5)
        right.plot(rank, y, "o", color=colour, markersize=4.5)
    write_gains(left, [gain for _, _, gain, _ in rows])
    rei = next(gain.mean for label, _, gain, _ in rows if label == method("rank_expanding").label)
    left.axvline(0, color="0.4", linewidth=0.8)
    left.axvline(rei, color=method("rank_expanding").colour, linewidth=0.8, linestyle=":")
    left.set_yticks(range(len(rows)), [label for label, *_ in rows])
    left.invert_yaxis()
    pictures = " and ".join(dict.fromkeys(str(gain.n) for _, _, gain, _ in rows))
    left.set_xlabel(f"PSNR gain over ReLU at the same coordinates (dB), {pictures} pictures")
    right.set_xscale("log", base=2)
    right.xaxis.set_major_formatter("{x:g}")
    right.set_xlabel("effective rank of Z₀ at step 0")
    for axis in (left, right):
        axis.grid(axis="y", color="0.92")
        axis.set_axisbelow(True)
    style.save(figure, Path(out))


def write_gains(axis: Axes, means: list[Mean]) -> None:
    """The number of each row beside its mark, on the side that has room."""
    middle = max(mean.mean for mean in means) / 2
    for y, mean in enumerate(means):
        if mean.mean == 0:  # ReLU's own
            continue
        interval = "" if np.isnan(mean.low) else f" [{mean.low:+.2f}, {mean.high:+.2f}]"
        aside = mean.mean > middle
        x = np.nanmin([mean.mean, mean.low]) if aside else np.nanmax([mean.mean, mean.high])
        axis.annotate(
            f"{mean.mean:+.2f}{interval}",
            (x, y),
            xytext=(-6 if aside else 6, 0),
            textcoords="offset points",
            ha="right" if aside else "left",
            va="center",
            fontsize=6,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            zorder=3,
        )


def gains(path: str) -> list[tuple[str, str, Mean, float]]:
    """Label, colour, gain over ReLU and rank of every model of a frame, in order."""
    table = runs(read_frame(Path(path)), first=[RANK], last=["psnr"])
    psnr = per_item(table, "psnr", "model")
    ranks: pd.Series = table.groupby("model")[RANK].mean()
    return [
        (method(m).label, method(m).colour, summarise(psnr.loc[m] - psnr.loc["relu"]), ranks[m])
        for m in in_order(set(psnr.index))
    ]


if __name__ == "__main__":
    with door("fig_controls"):
        main(*sys.argv[1:])
