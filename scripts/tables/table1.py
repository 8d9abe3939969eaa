"""Table 1 for images: the mean PSNR of every method, and its difference to the default."""

from inr_experiments.reporting import tables
from inr_experiments.reporting.looks import published
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame

READS = ("table1",)


def rows(table1: Frame) -> Table:
    note = tables.caption(table1, "psnr", "dB, fitted pixels, clamped")
    if set(table1.runs["task"]) != {"div2k"}:
        note += (
            " These are not the paper's images: published values stand beside, not for comparison."
        )
    body = [
        tables.cells(row, published=published("psnr").get(row.label))
        for row in tables.rows(table1, "psnr")
    ]
    return Table(tables.HEADER, body, note)
