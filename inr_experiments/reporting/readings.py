"""The readings of REI in 3D side by side: one row a model and width."""

import math
from pathlib import Path

import pandas as pd

from ..runs.store import read_arrays, read_record
from .labels import in_order

#: Open at fewer than this share of the fitted points, but somewhere: rarely active.
RARE = 0.01
#: What is read of the frame at the last step, and of the inlet at step 0, by column.
LAST = {"iou": "iou", "near": "iou_near_surface"}
FIRST = {
    "numerical": "inlet_spectrum/inlet/numerical_rank",
    "1e-3": "inlet_spectrum/inlet/rank_0.001",
    "1e-2": "inlet_spectrum/inlet/rank_0.01",
    "stable": "inlet_spectrum/inlet/stable_rank",
    "effective": "inlet_spectrum/inlet/effective_rank",
}


def readings(frame: pd.DataFrame) -> pd.DataFrame:
    """Means over items and seeds, models in the order of tables.

    Columns: `model`, `width`; `iou` and `near` at the last step, in [0, 1]; of the inlet at step 0
    `dead` and `rare` units (NaN without a ReLU) and the ranks of Z₀, by tolerance or name.
    """
    table = pd.DataFrame([_run(Path(f), rows) for f, rows in frame.groupby("folder")])
    means = table.groupby(["model", "width"]).mean()
    return means.loc[in_order(set(table["model"]))].reset_index()


def _run(folder: Path, rows: pd.DataFrame) -> dict[str, str | float]:
    first = rows[rows["step"] == 0].set_index("metric")["value"]
    last = rows[rows["last"]].set_index("metric")["value"]
    dead = rare = math.nan
    share = read_arrays(folder, "activation_pattern", step=0).get("inlet/open_share")
    if share is not None:
        dead, rare = float((share == 0).sum()), float(((share > 0) & (share < RARE)).sum())
    return {
        "model": rows["model"].iloc[0],
        "width": read_record(folder)["config"]["model"]["width"],
        **{name: last[metric] for name, metric in LAST.items()},
        "dead": dead,
        "rare": rare,
        **{name: first[metric] for name, metric in FIRST.items()},
    }
