"""Gains over ReLU of REI and its controls: rank, scale and geometry apart.

Mean paired gain over pictures and 95 % interval, beside the effective rank of Z₀. Dotted: REI's
gain.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import per_item, signed
from inr_experiments.reporting.looks import REI, label_of, looks
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import Estimate, summarise

READS = ("controls",)

RANK = "spectra/inlet/effective_rank"
COORDINATES = "task.coordinates"
#: What a label is followed by where coordinates are not those of the tables, [-1, 1].
ON = {"symmetric": "", "unit": " on [0, 1)"}


@dataclass(frozen=True)
class Row:
    """One method at one kind of coordinates; its `gain` is over the reference at the same."""

    label: str
    coordinates: str
    gain: Estimate
    rank: float


def draw(controls: Frame) -> Figure:
    shown, rows, relu = looks(controls), gains(controls), label_of(controls)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(style.PAGE, 0.8 + 0.22 * len(rows)), sharey=True, width_ratios=(1.6, 1)
    )
    for y, row in enumerate(rows):
        colour = shown[row.label].colour
        left.hlines(y, row.gain.low, row.gain.high, color=colour, linewidth=1.4)
        left.plot(row.gain.mean, y, "o", color=colour, markersize=4.5)
        right.plot(row.rank, y, "o", color=colour, markersize=4.5)
        said = "" if row.label == relu else signed(row.gain)
        left.text(1.02, y, said, transform=left.get_yaxis_transform(), va="center", fontsize=6)
    rei = next(row for row in rows if row.label == label_of(controls, REI))
    left.axvline(0, color="0.4", linewidth=0.8)
    left.axvline(rei.gain.mean, color=shown[rei.label].colour, linewidth=0.8, linestyle=":")
    left.set_yticks(range(len(rows)), [row.label + ON[row.coordinates] for row in rows])
    left.invert_yaxis()
    pictures = controls.runs["item"].nunique()
    left.set_xlabel(f"PSNR gain over ReLU at the same coordinates (dB), {pictures} pictures")
    right.set_xscale("log", base=2)
    right.xaxis.set_major_formatter("{x:g}")
    right.set_xlabel("effective rank of Z₀ at step 0")
    for axis in (left, right):
        axis.grid(axis="y", color="0.92")
        axis.set_axisbelow(True)
    return figure


def gains(frame: Frame) -> list[Row]:
    """Every method at every kind of coordinates, in the order of the sweep."""
    by = [COORDINATES, "label"]
    psnr, ranks = per_item(frame, "psnr", by), per_item(frame, RANK, by, "first").mean(axis=1)
    relu = label_of(frame)
    return [
        Row(label, at, summarise(values - psnr.loc[(at, relu)]), ranks[(at, label)])
        for (at, label), values in psnr.iterrows()
    ]
