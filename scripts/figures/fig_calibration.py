"""Distance of regimes to the published table, and the nearest of them.

A fitted guess at the regime, never the paper's protocol. Mean over pictures; distance is the root
mean square over the methods that have a published value.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.checks import InputError
from inr_experiments.reporting import style
from inr_experiments.reporting.looks import REFERENCE, looks, published
from inr_experiments.runs.frame import Frame

READS = ("calibration",)

CELL = ["task.fitted", "model.width", "fit.batch"]
#: Colour and marker of each kind of batch.
LOOKS = (("#0072B2", "o"), ("#E69F00", "s"))


def draw(calibration: Frame) -> Figure:
    if "div2k" in set(calibration.runs["task"]):
        raise InputError(
            f"frame {calibration.name}: a regime is not fitted on the 16 pictures of the table"
        )
    frame = calibration.where(label=list(published("psnr")))
    cells = distances(frame)
    nearest = cells.loc[cells["rms"].idxmin()]
    figure, axes = plt.subplots(1, 3, figsize=(style.PAGE, 2.7))
    draw_regimes(axes[0], cells)
    draw_steps(axes[1], cells, nearest)
    draw_nearest(axes[2], frame, nearest)
    pixels = {"all": "all pixels", "every_second": "every second pixel"}
    figure.suptitle(
        "A fitted guess, not the paper's protocol. Nearest to the published table: width "
        f"{nearest['model.width']}, {pixels[nearest['task.fitted']]}\n"
        f"({nearest['per_parameter']:.2g} values per parameter), "
        f"{batch_name(nearest['fit.batch'])}, {nearest['step']} steps: "
        f"{nearest['rms']:.1f} dB away over {len(frame.labels)} methods",
        fontsize=7,
    )
    return figure


def distances(frame: Frame) -> pd.DataFrame:
    """One row a cell and step: PSNR by label, `rms` distance (dB) to the published values."""
    steps = frame.steps[(frame.steps["metric"] == "psnr") & (frame.steps["step"] > 0)]
    values = steps.join(frame.runs[[*CELL, "label"]], on="run")
    cells = values.groupby([*CELL, "step", "label"])["value"].mean().unstack("label")
    away = cells - pd.Series(published("psnr"))[cells.columns]
    cells["rms"] = np.sqrt((away**2).mean(axis=1, skipna=False))
    return cells.reset_index().merge(per_parameter(frame), on=CELL)


def per_parameter(frame: Frame) -> pd.DataFrame:
    """Fitted values per parameter of the default ReLU network, mean over pictures, by cell."""
    runs = frame.where(model=REFERENCE).runs
    ratio = runs["data.fitted"] * runs["data.channels"] / runs["parameters"]
    return runs.assign(per_parameter=ratio).groupby(CELL)["per_parameter"].mean().reset_index()


def draw_regimes(axis: Axes, cells: pd.DataFrame) -> None:
    """Distance at the best step of each cell, a mark a kind of batch."""
    for (batch, own), (colour, marker) in zip(cells.groupby("fit.batch"), LOOKS, strict=False):
        best = own.groupby("per_parameter")["rms"].min()
        axis.plot(best.index, best, marker, color=colour, mfc="none", label=batch_name(batch))
    axis.set(xscale="log", xlabel="fitted values per parameter", ylabel="RMS distance (dB)")
    axis.set_ylim(0, 1.1 * cells["rms"].max())
    axis.set_title("best step of each regime")
    axis.legend(frameon=False)


def draw_steps(axis: Axes, cells: pd.DataFrame, nearest: pd.Series) -> None:
    """Distance by step in the nearest cell's regime, for either kind of batch."""
    same = cells[cells["per_parameter"] == nearest["per_parameter"]]
    for (_, own), (colour, marker) in zip(same.groupby("fit.batch"), LOOKS, strict=False):
        axis.plot(own["step"], own["rms"], color=colour, marker=marker, mfc="none")
    axis.set(xlabel="step", ylabel="RMS distance (dB)")
    axis.set_ylim(0, 1.1 * cells["rms"].max())
    axis.set_title("the nearest regime")


def draw_nearest(axis: Axes, frame: Frame, nearest: pd.Series) -> None:
    """The methods in the nearest cell, measured and published."""
    shown = looks(frame)
    for x, (label, look) in enumerate(shown.items()):
        measured, known = ("measured", "published") if x == 0 else (None, None)
        axis.plot(x, nearest[label], "o", color=look.colour, label=measured)
        axis.plot(
            x,
            published("psnr")[label],
            "_",
            color=look.colour,
            markersize=14,
            markeredgewidth=2,
            label=known,
        )
    axis.set_xticks(range(len(shown)), [label.replace(" ", "\n") for label in shown])
    axis.margins(x=0.15)
    axis.set_ylabel("PSNR (dB)")
    axis.set_title("the nearest cell")
    axis.legend(frameon=False)


def batch_name(batch: str) -> str:
    """A kind of batch for readers."""
    return "full batch" if batch == "full" else f"batches of {batch}"
