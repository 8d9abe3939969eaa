"""Table 1 for 3D occupancy: IoU of every method, also by shape and near the surface.

Mean over shapes, paired differences to the default ReLU with 95 % interval; below, the label of
the nearest fitted point.
"""

from collections.abc import Sequence

import pandas as pd

from inr_experiments.reporting import tables
from inr_experiments.reporting.gains import per_item, without_network
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
    frame = table1_occupancy
    each = 100 * pd.concat([per_item(frame, "iou"), without_network(frame, "iou")])
    whole, near = (tables.rows(frame, name, factor=100) for name in ("iou", "iou_near_surface"))
    body = [
        [
            name,
            *tables.cells(row),
            tables.number(published("iou").get(name)),
            *map(tables.number, each.loc[name]),
            *tables.cells(near.get(name))[:2],
        ]
        for name, row in whole.items()
    ]
    close_header = tables.header("near surface")[:2]
    header = ["method", *tables.header("mean"), "published", *each.columns, *close_header]
    return Table(header, body, note(frame, [n for n, row in whole.items() if not row.network]))


def note(frame: Frame, without: Sequence[str]) -> str:
    """The note below the table: its contents, and the budget beside the published ones."""
    seen = ", ".join(f"{points:.1e}" for points in points_seen(frame).unique())
    said = [
        tables.caption(frame, "iou", "%, held-out dense grid"),
        "Near surface: IoU of held-out points close to it.",
        f"Each fit saw {seen} points.",
        *(
            f"{label.capitalize()}: no network; of those fitted, at 64³ cells at the most."
            for label in without
        ),
        "The paper's shapes and budget are not known: published values stand beside, not for "
        "comparison.",
    ]
    return " ".join([*said, THAI] if "thai_statue" in set(frame.column("item")) else said)


def points_seen(frame: Frame) -> pd.Series:
    """Steps × points a step of every run; a full batch has all that are fitted."""
    batch = pd.to_numeric(frame.column("fit.batch"), errors="coerce")
    return frame.column("fit.steps") * batch.fillna(frame.column("data.fitted"))
