"""`inr-table`: finished runs in a table, each row against one of them."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from ..checks import InputError
from ..errors import exit_on_error
from ..reporting.comparison import as_csv, as_table, compare_rows
from ..reporting.looks import REFERENCE
from ..reporting.tables import as_markdown, as_text
from ..runs.collect import make_frame
from ..runs.frame import Frame
from ..runs.store import state
from ..sweep.cells import frame_of
from ..sweep.selection import parser_of, select


def main(arguments: Sequence[str] | None = None) -> None:
    """Show the table of a sweep, or of all runs."""
    parser = parser_of(
        "inr-table",
        "Means over pictures or solids, and differences to the first row with intervals and p.",
        "Without overrides all finished runs are shown.",
    )
    parser.add_argument("--metrics", help="psnr,psnr_heldout,ssim; default: the task's first")
    parser.add_argument(
        "--against", metavar="ROW", help="a row or model by its name; default: the first row"
    )
    parser.add_argument("--format", choices=("text", "md", "csv"), default="text")
    options = parser.parse_intermixed_args(arguments)
    with exit_on_error("inr-table"):
        show(options)


def show(options: argparse.Namespace) -> None:
    """Print the table."""
    metrics = [name.strip() for name in options.metrics.split(",")] if options.metrics else []
    compared = compare_rows(selected(options), metrics, options.against)
    if options.format == "csv":
        print(as_csv(compared), end="")
        return
    table = as_table(compared)
    layout = as_text if options.format == "text" else as_markdown
    print(f"{layout(table.header, table.body)}\n\n{table.note}")


def selected(options: argparse.Namespace) -> Frame:
    """The frame of the finished runs that are asked for; what is missing is said on stderr.

    Raises:
        InputError: if there is none.
    """
    chosen = select(options)
    if lacking := chosen.lacking():
        print(lacking, file=sys.stderr)
    if chosen.cells:
        frame = frame_of("table", chosen.cells, diagnostics=(), arrays=())
    else:
        done = [folder for folder in chosen.folders if state(folder) == "done"]
        frame = in_order(make_frame("table", done, diagnostics=(), arrays=()))
    if frame.runs.empty:
        these = " of these" if chosen.cells else "; expected an outputs folder"
        raise InputError(f"{chosen.outputs}: no finished run{these}")
    return frame


def in_order(frame: Frame) -> Frame:
    """The runs by label, the default model first: folders lie in the order of a hash."""
    runs = frame.runs
    rank = (runs["model"] != REFERENCE).map(int).map(str) + runs["label"]
    return replace(frame, runs=runs.loc[rank.sort_values(kind="stable").index])
