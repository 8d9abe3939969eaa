"""`inr-table`: finished runs in a table, each row against one of them."""

import argparse
import sys
from collections.abc import Sequence

from ..checks import InputError
from ..errors import exit_on_error
from ..reporting.comparison import as_csv, as_table, compare_rows
from ..reporting.tables import as_markdown, as_text
from ..runs.collect import make_frame
from ..runs.frame import Frame
from ..runs.store import state
from ..sweep.cells import frame_of
from ..sweep.selection import cells_of, folders_of, outputs_of, parser_of


def main(arguments: Sequence[str] | None = None) -> None:
    """Show the table of a sweep, or of all runs."""
    parser = parser_of(
        "inr-table",
        "Means over pictures or solids, and differences to the first row with intervals and p.",
        "Without overrides all finished runs are shown.",
    )
    parser.add_argument("--metrics", help="psnr,psnr_heldout,ssim; default: the task's first")
    parser.add_argument("--against", metavar="ROW", help="a row by its name; default: the first")
    parser.add_argument("--format", choices=("text", "md", "csv"), default="text")
    options = parser.parse_intermixed_args(arguments)
    with exit_on_error("inr-table"):
        show(options)


def show(options: argparse.Namespace) -> None:
    """Print the table."""
    metrics = options.metrics.split(",") if options.metrics else []
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
    if options.overrides:
        cells = cells_of(options)
        done = [cell for cell in cells if cell.done]
        if len(done) < len(cells):
            lacking = len(cells) - len(done)
            print(f"{lacking} of {len(cells)} runs are not done; do them with: "
                  f"inr -m {' '.join(options.overrides)}", file=sys.stderr)  # fmt: skip
        if not done:
            raise InputError(f"{' '.join(options.overrides)}: no run of it is done")
        return frame_of("table", done, diagnostics=(), pictures=False)
    folders = [folder for folder in folders_of(options) if state(folder) == "done"]
    if not folders:
        raise InputError(f"{outputs_of(options)}: no finished run; expected an outputs folder")
    return make_frame("table", folders, diagnostics=(), pictures=False)
