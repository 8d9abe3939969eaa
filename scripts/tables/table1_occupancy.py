"""Table 1 for 3D occupancy: IoU of every method, also by shape and near the surface.

Mean over shapes and its 95 % interval, paired differences to the default ReLU.
"""

import pandas as pd

from inr_experiments.reporting import tables
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.looks import published
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame

READS = ("table1_occupancy",)

#: Published for one of the shapes, with the budget.
THAI = (
    "SL2A-INR (ICCV 2025) gives the Thai statue .941 (PE) and .980 (SIREN), after 200 epochs of "
    "2·10⁵ points, 4·10⁷ in all."
)


def rows(table1_occupancy: Frame) -> Table:
    each = 100 * per_item(table1_occupancy, "iou")
    near = {row.label: row for row in tables.rows(table1_occupancy, "iou_near_surface", factor=100)}
    body = []
    for row in tables.rows(table1_occupancy, "iou", factor=100):
        whole = tables.cells(row, published=published("iou").get(row.label))
        close = tables.cells(near[row.label], published=None)
        shapes = [f"{value:.2f}" for value in each.loc[row.label]]
        body.append([*whole, *shapes, close[1], close[3]])
    header = (*tables.HEADER, *each.columns, "near surface", "against ReLU")
    return Table(header, body, note(table1_occupancy))


def note(frame: Frame) -> str:
    """The note below the table: its contents, and the budget beside the published ones."""
    seen = ", ".join(f"{points:.1e}" for points in points_seen(frame).unique())
    said = [
        tables.caption(frame, "iou", "%, held-out dense grid"),
        "Near surface: IoU of held-out points close to it.",
        f"Each fit saw {seen} points.",
        "The paper's shapes and budget are not known: published values stand beside, not for "
        "comparison.",
    ]
    return " ".join([*said, THAI] if "thai_statue" in set(frame.column("item")) else said)


def points_seen(frame: Frame) -> pd.Series:
    """Steps × points a step of every run; a full batch has all that are fitted."""
    batch = pd.to_numeric(frame.column("fit.batch"), errors="coerce")
    return frame.column("fit.steps") * batch.fillna(frame.column("data.fitted"))
