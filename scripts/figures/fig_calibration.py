"""Which regime comes nearest the published table: `fig_calibration.py FRAME OUT`.

A fitted guess at the regime, never the paper's protocol. Mean over pictures; distance is the root
mean square over the four methods.
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
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.runs.frame import read_frame
from inr_experiments.runs.store import read_record

CELL = ["task.fitted", "model.width", "fit.batch"]
#: Colour and marker of each kind of batch.
LOOKS = (("#0072B2", "o"), ("#E69F00", "s"))


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    if "div2k" in set(frame["task"]):
        raise InputError(f"{frame_path}: a regime is not fitted on the 16 pictures of the table")
    cells = distances(frame)
    nearest = cells.loc[cells["rms"].idxmin()]
    figure, axes = plt.subplots(1, 3, figsize=(style.PAGE, 2.7))
    draw_regimes(axes[0], cells)
    draw_steps(axes[1], cells, nearest)
    draw_nearest(axes[2], nearest)
    pixels = {"all": "all pixels", "every_second": "every second pixel"}
    figure.suptitle(
        "A fitted guess, not the paper's protocol. Nearest to the published table: width "
        f"{nearest['model.width']}, {pixels[nearest['task.fitted']]}\n"
        f"({nearest['per_parameter']:.2g} values per parameter), "
        f"{batch_name(nearest['fit.batch'])}, {nearest['step']} steps: "
        f"{nearest['rms']:.1f} dB away over the four methods",
        fontsize=7,
    )
    style.save(figure, Path(out))


def distances(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a cell and step: PSNR by model, `rms` distance (dB) to the four published values."""
    psnr = frame[(frame["metric"] == "psnr") & (frame["step"] > 0)]
    cells = psnr.groupby([*CELL, "step", "model"])["value"].mean().unstack("model")
    names = in_order(set(cells.columns))
    published = pd.Series({name: method(name).published_psnr for name in names}, dtype=float)
    cells = cells[names].assign(rms=np.sqrt(((cells[names] - published) ** 2).mean(axis=1)))
    return cells.reset_index().merge(per_parameter(frame), on=CELL)


def per_parameter(frame: pd.DataFrame) -> pd.DataFrame:
    """Fitted values per parameter of the default ReLU network, mean over pictures, by cell."""
    folders = frame[frame["model"] == "relu"].drop_duplicates("folder")[[*CELL, "folder"]]
    records = [read_record(Path(folder)) for folder in folders["folder"]]
    ratio = [r["data"]["fitted"] * r["data"]["channels"] / r["parameters"] for r in records]
    return folders.assign(per_parameter=ratio).groupby(CELL)["per_parameter"].mean().reset_index()


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


def draw_nearest(axis: Axes, nearest: pd.Series) -> None:
    """The four methods in the nearest cell, measured and published."""
    names = in_order({name for name in nearest.index if method(name).published_psnr})
    for x, name in enumerate(names):
        look = method(name)
        axis.plot(x, nearest[name], "o", color=look.colour, label="measured" if x == 0 else None)
        axis.plot(
            x,
            look.published_psnr or np.nan,
            "_",
            color=look.colour,
            markersize=14,
            markeredgewidth=2,
            label="published" if x == 0 else None,
        )
    axis.set_xticks(range(len(names)), [method(name).label.split(" ")[0] for name in names])
    axis.margins(x=0.15)
    axis.set_ylabel("PSNR (dB)")
    axis.set_title("the nearest cell")
    axis.legend(frameon=False)


def batch_name(batch: str) -> str:
    return "full batch" if batch == "full" else f"batches of {batch}"


if __name__ == "__main__":
    with door("fig_calibration"):
        main(*sys.argv[1:])
