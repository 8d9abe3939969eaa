"""Readings of REI's lattice in 3D: IoU against the default's, dead units and ranks of each."""

from inr_experiments.reporting import tables
from inr_experiments.reporting.gains import correlation, signed
from inr_experiments.reporting.lattice_variants import RANKS, UNITS, inlets
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame

READS = ("lattice_3d",)


def rows(lattice_3d: Frame) -> Table:
    iou = tables.rows(lattice_3d, "iou", factor=100)
    measures = UNITS | RANKS
    body = [
        [label, *tables.cells(iou[label]), *(f"{row[metric]:.1f}" for metric in measures)]
        for label, row in inlets(lattice_3d).iterrows()
    ]
    rhos = (
        f"{measure.name} {signed(correlation(lattice_3d, metric, 'iou'))}"
        for metric, measure in measures.items()
    )
    note = (
        f"{tables.caption(lattice_3d, 'iou', '%, held-out dense grid')} Units of the inlet that "
        "are active at so many points, and ranks of Z₀: at initialisation, means over solids. "
        f"Spearman's ρ of each with the IoU over the rows, mean over solids: {', '.join(rhos)}."
    )
    header = ["method", *tables.header("IoU"), *(measure.name for measure in measures.values())]
    return Table(header, body, note)
