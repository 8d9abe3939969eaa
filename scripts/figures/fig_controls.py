"""Gains over ReLU of REI and its controls, those that speak against rank among them.

Mean paired gain over pictures and 95 % interval, on fitted and on held-out pixels, beside the
effective rank of the centred Z₀ at step 0. Open and shaded: less rank than the default's, and a
gain whose interval lies above zero. Dotted: REI's gain. Dashed: interpolation of the fitted pixels.
Beyond 2 dB the scale is logarithmic.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import limit, per_item, signed
from inr_experiments.reporting.looks import REI, Look, label_of, looks
from inr_experiments.reporting.panels import draw_limit
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import Estimate, summarise

READS = ("controls",)

RANK = "spectra/inlet/centred_effective_rank"
COORDINATES = "task.coordinates"
#: What a label is followed by where coordinates are not those of the tables, [-1, 1].
ON = {"symmetric": "", "unit": " on [0, 1)"}
PIXELS = {"psnr": "fitted", "psnr_heldout": "held-out"}
SHADE = "#FFF0DC"
TICKS = (-20, -5, -1, 0, 1, 5, 20)


@dataclass(frozen=True)
class Row:
    """One method at one kind of coordinates; its `gain` is over the reference at the same.

    Attributes:
        less: its rank is below the reference's.
    """

    label: str
    coordinates: str
    gain: Estimate
    rank: float
    less: bool

    @property
    def against(self) -> bool:
        """True where it speaks against rank: less of it, and more PSNR."""
        return self.less and self.gain.low > 0


def draw(controls: Frame) -> Figure:
    shown = looks(controls)
    by_pixels = {metric: gains(controls, metric) for metric in PIXELS}
    rows = by_pixels["psnr"]
    figure, axes = plt.subplots(
        1, 3, figsize=(style.PAGE, 0.9 + 0.22 * len(rows)), sharey=True, width_ratios=(1.5, 1.5, 1)
    )
    for axis, (metric, own) in zip(axes, by_pixels.items(), strict=False):
        draw_gains(axis, own, shown, label_of(controls))
        axis.set_xlabel(f"gain on {PIXELS[metric]} pixels (dB)")
    rei = label_of(controls, REI)
    for axis, own in zip(axes, by_pixels.values(), strict=False):
        gain = next(row.gain.mean for row in own if row.label == rei)
        axis.axvline(gain, color=shown[rei].colour, linewidth=0.8, linestyle=":")
    tables = controls.where(**{COORDINATES: "symmetric"})
    relu = per_item(tables, "psnr_heldout").loc[label_of(controls)].mean()
    draw_limit(axes[1], limit(tables) - relu)
    draw_ranks(axes[2], rows, shown)
    axes[0].set_yticks(range(len(rows)), [row.label + ON[row.coordinates] for row in rows])
    axes[0].invert_yaxis()
    pictures = controls.runs["item"].nunique()
    figure.suptitle(f"PSNR over ReLU's at the same coordinates, {pictures} pictures", fontsize=8)
    return figure


def draw_gains(axis: Axes, rows: list[Row], shown: dict[str, Look], relu: str) -> None:
    """Mean and interval of a row's gain, and both in numbers."""
    # SIREN's gain would crowd the others together.
    axis.set_xscale("symlog", linthresh=2, linscale=1.5)
    for y, row in enumerate(rows):
        colour = shown[row.label].colour
        axis.hlines(y, row.gain.low, row.gain.high, color=colour, linewidth=1.4)
        draw_mark(axis, row.gain.mean, y, colour, against=row.against)
        said = "" if row.label == relu else signed(row.gain)
        axis.text(1.02, y, said, transform=axis.get_yaxis_transform(), va="center", fontsize=5)
    axis.axvline(0, color="0.4", linewidth=0.8)
    axis.grid(axis="y", color="0.92")
    axis.xaxis.set_major_locator(FixedLocator(TICKS))
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_locator(NullLocator())


def draw_ranks(axis: Axes, rows: list[Row], shown: dict[str, Look]) -> None:
    """A row's rank, and a line at the reference's."""
    for y, row in enumerate(rows):
        draw_mark(axis, row.rank, y, shown[row.label].colour, against=row.against)
    axis.axvline(rows[0].rank, color="0.4", linewidth=0.8)
    style.log2(axis.xaxis)
    axis.set_xlabel("effective rank of\ncentred Z₀")
    axis.grid(axis="y", color="0.92")


def draw_mark(axis: Axes, x: float, y: int, colour: str, *, against: bool) -> None:
    """A dot, or what sets apart a row that speaks against rank."""
    if against:
        axis.axhspan(y - 0.5, y + 0.5, color=SHADE, linewidth=0, zorder=0)
    axis.plot(x, y, "o", color=colour, markersize=4.5, mfc="white" if against else colour)


def gains(frame: Frame, metric: str) -> list[Row]:
    """Every method at every kind of coordinates, in the order of the sweep."""
    by = [COORDINATES, "label"]
    psnr, ranks = per_item(frame, metric, by), per_item(frame, RANK, by, "first").mean(axis=1)
    relu = label_of(frame)
    return [
        Row(
            label,
            at,
            summarise(values - psnr.loc[(at, relu)]),
            ranks[(at, label)],
            less=bool(ranks[(at, label)] < ranks[(at, relu)]),
        )
        for (at, label), values in psnr.iterrows()
    ]
