"""Table 1 for 3D occupancy: `table1_occupancy.py FRAME OUT` writes it as text, Markdown, LaTeX."""

import sys
from pathlib import Path

import pandas as pd

from inr_experiments.commands.door import door
from inr_experiments.reporting import tables
from inr_experiments.reporting.labels import method
from inr_experiments.runs.frame import read_frame
from inr_experiments.runs.store import read_record

#: Published for one of the shapes, with the budget.
THAI = (
    "SL2A-INR (ICCV 2025) gives the Thai statue .941 (PE) and .980 (SIREN), after 200 epochs of "
    "2·10⁵ points, 4·10⁷ in all."
)


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    frame["value"] *= 100
    by_shape = tables.last_values(frame, "iou").groupby(["model", "item"])["value"].mean()
    shapes = list(dict.fromkeys(by_shape.index.get_level_values("item")))
    near = {row.model: row for row in tables.rows(frame, "iou_near_surface", reference="relu")}
    body = []
    for row in tables.rows(frame, "iou", reference="relu"):
        whole = tables.cells(row, published=lambda name: method(name).published_iou)
        close = tables.cells(near[row.model], published=lambda name: None)
        each = [f"{by_shape[row.model, shape]:.2f}" for shape in shapes]
        body.append([*whole, *each, close[1], close[3]])
    header = (*tables.HEADER, *shapes, "near surface", "against ReLU")
    tables.write(Path(out), header, body, note(frame, shapes))


def note(frame: pd.DataFrame, shapes: list[str]) -> str:
    """What the table holds, and the budget behind it beside the published ones."""
    said = [
        tables.caption(frame, "iou", "%, held-out dense grid"),
        "Near surface: IoU of held-out points close to it.",
        f"Each fit saw {points_seen(frame):.1e} points.",
        "The paper's shapes and budget are not known: published values stand beside, not for "
        "comparison.",
    ]
    return " ".join([*said, THAI] if "thai_statue" in shapes else said)


def points_seen(frame: pd.DataFrame) -> float:
    """Steps × points a step, the same for every run of a scale."""
    record = read_record(Path(frame["folder"].iloc[0]))
    plan = record["config"]["fit"]
    batch = record["data"]["fitted"] if plan["batch"] == "full" else plan["batch"]
    return float(plan["steps"] * batch)


if __name__ == "__main__":
    with door("table1_occupancy"):
        main(*sys.argv[1:])
