"""The field's methods in 3D at the default's number of parameters: IoU, and near the surface.

Paired differences to the default and to SIREN; below, the label of the nearest fitted point.
"""

from inr_experiments.reporting import tables
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame

READS = ("methods_occupancy",)


def rows(methods_occupancy: Frame) -> Table:
    frame = methods_occupancy
    siren = tables.rows(frame, "iou", factor=100, reference="siren")
    near = tables.rows(frame, "iou_near_surface", factor=100)
    runs = frame.runs.groupby("label", sort=False)
    counts, seconds = runs["parameters"].first(), runs["seconds"].mean()
    body = [
        [
            name,
            f"{counts[name]:,}" if row.network else "–",
            *tables.cells(row)[:3],
            *tables.cells(siren[name])[1:3],
            tables.cells(near.get(name))[0],
            f"{seconds[name]:.0f}" if row.network else "–",
        ]
        for name, row in tables.rows(frame, "iou", factor=100).items()
    ]
    header = ["method", "parameters", "IoU ± std", "against ReLU, 95 %", "p (max-T)",
              "against SIREN, 95 %", "p (max-T)", "near surface ± std", "seconds"]  # fmt: skip
    note = (
        f"{tables.caption(frame, 'iou', '%, held-out dense grid')} Parameters: numbers in the "
        "network, a complex one is two. seconds: of the fit, mean. Rates of ReLU, REI, PE and "
        "SIREN are of 3D, the others' of pictures."
    )
    return Table(header, body, note)
