"""Variants of REI's lattice in 3D: one row a variant and width."""

import pandas as pd

from ..runs.frame import Frame
from .gains import per_item
from .looks import Measure

#: Open at some points, but fewer than this share of them: rarely open. As the diagnostic has it,
#: whose module needs torch.
RARE = 0.01
#: Silent units of the inlet, by column.
UNITS = {"dead": Measure("open nowhere", "X"), "rare": Measure(f"open at < {RARE:.0%}", "o")}
#: What is read at the last step, and at step 0 of the inlet; by column.
LAST = {"iou": "iou", "near": "iou_near_surface"}
RANKS = ("numerical_rank", "rank_0.001", "rank_0.01", "stable_rank", "effective_rank")
FIRST = {
    "dead": "activation_pattern/inlet/dead_units",
    "rare": "activation_pattern/inlet/rare_units",
    **{rank: f"spectra/inlet/{rank}" for rank in RANKS},
}


def lattice_variants(frame: Frame) -> pd.DataFrame:
    """Means over items and seeds, variants in the order of the sweep, widths within them.

    Columns: `label`, `width`; `iou` and `near` at the last step, in [0, 1]; of the inlet at step 0
    `dead` and `rare` units (NaN without a ReLU) and the ranks of Z₀ by their measure.
    """
    by = ["label", "model.width"]
    columns = {name: per_item(frame, metric, by).mean(axis=1) for name, metric in LAST.items()}
    columns |= {
        name: per_item(frame, metric, by, "first").mean(axis=1) for name, metric in FIRST.items()
    }
    table = pd.DataFrame(columns).rename_axis(["label", "width"])
    labels = frame.labels
    return table.sort_index(
        key=lambda level: level.map(labels.index) if level.name == "label" else level
    ).reset_index()
