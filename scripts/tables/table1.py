"""Table 1 for images: PSNR of every method on fitted and on held-out pixels.

Beside each its difference to the default; below, interpolation of the fitted pixels.
"""

from inr_experiments.reporting import tables
from inr_experiments.reporting.looks import published
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame

READS = ("table1",)

#: The reason for the place of the published values.
YARDSTICK = (
    "Published values stand beside held-out PSNR by inference, not by the paper's word: the "
    "authors' earlier trainer measures the pixels that were not fitted, where interpolation of "
    "the fitted quarter gives 27.0 dB, about what is published for PE and SIREN."
)


def rows(table1: Frame) -> Table:
    held_out = {row.label: row for row in tables.rows(table1, "psnr_heldout")}
    body = [
        [
            row.label,
            *tables.cells(row),
            *tables.cells(held_out[row.label]),
            tables.number(published("psnr").get(row.label)),
        ]
        for row in tables.rows(table1, "psnr")
    ]
    header = ["method", *tables.header("fitted"), *tables.header("held out"), "published"]
    note = [tables.caption(table1, "PSNR", "dB, clamped"), YARDSTICK]
    if set(table1.runs["task"]) != {"div2k"}:
        note.append("These are not the paper's images: they compare with none of its values.")
    without = tables.rows_without_network(table1, "psnr_heldout")
    body += [
        [row.label, *["–"] * len(tables.header("")), *tables.cells(row), "–"] for row in without
    ]
    if without:
        labels = " and ".join(row.label for row in without)
        note.append(f"Without a network: {labels}, interpolation of the fitted pixels.")
    return Table(header, body, " ".join(note))
