"""The variants of REI's lattice in 3D as numbers: IoU, silent units and ranks of each."""

import math

from inr_experiments.reporting.lattice_variants import UNITS, lattice_variants
from inr_experiments.reporting.looks import MEASURES
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame, counted

READS = ("lattice_3d",)

COUNTS = ("numerical_rank", "rank_0.001", "rank_0.01")
REALS = ("stable_rank", "effective_rank")
HEADER = (
    *("method", "width", "IoU", "near surface"),
    *(measure.name for measure in UNITS.values()),
    *(MEASURES[name].name for name in (*COUNTS, *REALS)),
)


def rows(lattice_3d: Frame) -> Table:
    body = []
    for row in lattice_variants(lattice_3d).to_dict("records"):
        percents = [f"{100 * row[name]:.2f}" for name in ("iou", "near")]
        counts = [whole(row[name]) for name in (*UNITS, *COUNTS)]
        ranks = [f"{row[name]:.1f}" for name in REALS]
        body.append([row["label"], whole(row["width"]), *percents, *counts, *ranks])
    items, seeds = (lattice_3d.column(name).nunique() for name in ("item", "seed"))
    note = (
        f"IoU in % at the last step, on the held-out grid and near the surface; units and ranks of "
        f"Z₀ at initialisation. {lattice_3d.words('item')}; {counted(seeds, 'seed')}; scale "
        f"{lattice_3d.words('scale')}; {counted(items, 'shape')}: no interval."
    )
    return Table(HEADER, body, note)


def whole(value: float) -> str:
    """A count; a mean of counts with its first decimal."""
    return "–" if math.isnan(value) else f"{value:.0f}" if value == int(value) else f"{value:.1f}"
