"""The readings of REI in 3D as numbers: `table_rei_3d.py FRAME … OUT`."""

import math
import sys
from pathlib import Path

import pandas as pd

from inr_experiments.commands.door import door
from inr_experiments.reporting import tables
from inr_experiments.reporting.labels import method
from inr_experiments.reporting.readings import RARE, readings
from inr_experiments.runs.frame import read_frame

HEADER = ("method", "width", "IoU", "near surface", "dead", "rarely active", "numerical rank",
          "rank 1e-3", "rank 1e-2", "stable rank", "effective rank")  # fmt: skip


def main(*arguments: str) -> None:
    *frames, out = map(Path, arguments)
    frame = pd.concat([read_frame(path) for path in frames])
    body = []
    for row in readings(frame).to_dict("records"):
        percents = [f"{100 * row[name]:.2f}" for name in ("iou", "near")]
        counts = [whole(row[name]) for name in ("dead", "rare", "numerical", "1e-3", "1e-2")]
        ranks = [f"{row[name]:.1f}" for name in ("stable", "effective")]
        body.append([method(row["model"]).label, whole(row["width"]), *percents, *counts, *ranks])
    items, seeds = (frame[name].nunique() for name in ("item", "seed"))
    note = (
        f"IoU in % at the last step, on the held-out grid and near the surface; units and ranks of "
        f"Z₀ at initialisation; rarely active: open at some, but fewer than {RARE:.0%} of the "
        f"points. {', '.join(frame['item'].unique())}; {seeds} seed(s); scale "
        f"{', '.join(frame['scale'].unique())}; {items} shape(s): no interval."
    )
    tables.write(out, HEADER, body, note)


def whole(value: float) -> str:
    """A count; a mean of counts with its first decimal."""
    return "–" if math.isnan(value) else f"{value:.0f}" if value == int(value) else f"{value:.1f}"


if __name__ == "__main__":
    with door("table_rei_3d"):
        main(*sys.argv[1:])
