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
    fitted, held_out = (tables.rows(table1, metric) for metric in ("psnr", "psnr_heldout"))
    body = [
        [
            name,
            *tables.cells(fitted.get(name)),
            *tables.cells(row),
            tables.number(published("psnr").get(name)),
        ]
        for name, row in held_out.items()
    ]
    header = ["method", *tables.header("fitted"), *tables.header("held out"), "published"]
    note = [tables.caption(table1, "PSNR", "dB, clamped"), YARDSTICK]
    if set(table1.runs["task"]) != {"div2k"}:
        note.append("These are not the paper's images: they compare with none of its values.")
    if without := " and ".join(name for name, row in held_out.items() if not row.network):
        note.append(f"Without a network: {without}, interpolation of the fitted pixels.")
    return Table(header, body, " ".join(note))
