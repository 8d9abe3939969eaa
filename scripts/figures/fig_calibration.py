"""Distance of regimes to the published table, and the nearest of them.

A fitted guess at the regime, never the paper's protocol, on pictures that are in no table. Distance
is the root mean square over the methods that have a published value; mean over pictures, the better
of two rates at every step. With every second pixel fitted the held-out PSNR is compared, which the
published one most likely is; with all pixels there is none, and the fitted one is. Beside the
interpolation: published less 27.04 dB, the limit of the 16 crops, against ours less our pictures'.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import limit
from inr_experiments.reporting.looks import looks, published
from inr_experiments.reporting.rates import best_courses, not_of_the_tables
from inr_experiments.runs.frame import Frame

READS = ("calibration",)

FITTED, WIDTH = "task.fitted", "model.width"
#: PSNR (dB) on the rest of the 16 crops at 512², every second pixel interpolated bilinearly.
LIMIT_OF_THE_CROPS = 27.04
#: Which pixels are fitted, with the metric that is compared: its colour and name.
PIXELS = {
    "every_second": ("psnr_heldout", "#0072B2", "every second pixel, held out"),
    "all": ("psnr", "#E69F00", "all pixels, fitted"),
}
DASHES = ("-", "--", ":")


def draw(calibration: Frame) -> Figure:
    not_of_the_tables(calibration)
    frame = calibration.where(label=list(published("psnr")))
    cells = distances(frame)
    nearest = cells.loc[cells["rms"].idxmin()]
    relative = bool(cells["relative"].notna().any())
    figure, axes = plt.subplots(1, 2 + relative, figsize=(style.PAGE, 2.9))
    draw_steps(axes[0], cells, "rms")
    axes[0].set_title("from the published PSNR")
    if relative:
        draw_steps(axes[1], cells, "relative")
        axes[1].set_title("… both beside the interpolation")
    draw_nearest(axes[-1], frame, nearest)
    axes[-1].set_title(
        f"nearest: width {nearest[WIDTH]}, {nearest['step']} steps,\n"
        f"{PIXELS[nearest[FITTED]][2]}: {nearest['rms']:.1f} dB"
    )
    style.legend(figure, axes[0], ncols=2)
    return figure


def distances(frame: Frame) -> pd.DataFrame:
    """One row of fitted pixels, width and step: PSNR by label, and two distances (dB).

    `rms` is that to the published values; `relative` that of both less their interpolation, NaN
    where there is none.
    """
    found = []
    for fitted in frame.column(FITTED).unique():
        own = frame.where(**{FITTED: fitted})
        courses = best_courses(own, PIXELS[fitted][0], [WIDTH, "label"])
        values = courses.stack().unstack("label").dropna()
        away = values - pd.Series(published("psnr"))[values.columns]
        shift = LIMIT_OF_THE_CROPS - (limit(own) if fitted != "all" else np.nan)
        values["rms"], values["relative"] = (
            np.sqrt((moved**2).mean(axis=1, skipna=False)) for moved in (away, away + shift)
        )
        found.append(values.reset_index().assign(**{FITTED: fitted}))
    return pd.concat(found, ignore_index=True)


def draw_steps(axis: Axes, cells: pd.DataFrame, distance: str) -> None:
    """Distance by step, a line for each width and kind of pixels."""
    widths = sorted(cells[WIDTH].unique(), key=float)
    for (fitted, width), own in cells.dropna(subset=[distance]).groupby([FITTED, WIDTH]):
        _, colour, name = PIXELS[fitted]
        dash = DASHES[widths.index(width) % len(DASHES)]
        axis.plot(
            own["step"], own[distance], color=colour, linestyle=dash, label=f"{name}, width {width}"
        )
    axis.set(xscale="log", xlabel="steps", ylabel="RMS distance (dB)")
    axis.xaxis.set_major_formatter("{x:,g}")
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.set_ylim(bottom=0)


def draw_nearest(axis: Axes, frame: Frame, nearest: pd.Series) -> None:
    """The methods in the nearest cell, measured and published."""
    shown = looks(frame)
    for x, (label, look) in enumerate(shown.items()):
        measured, known = ("measured", "published") if x == 0 else (None, None)
        axis.plot(x, nearest[label], "o", color=look.colour, label=measured)
        axis.plot(
            x, published("psnr")[label], "_", color=look.colour, markersize=14,
            markeredgewidth=2, label=known,
        )  # fmt: skip
    axis.set_xticks(range(len(shown)), [label.replace(" ", "\n") for label in shown])
    axis.margins(x=0.15)
    axis.set_ylabel("PSNR (dB)")
    axis.legend()
