"""`inr-collect`: say what is done, running or failed; write the frame; pack and unpack runs."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

from ..checks import InputError
from ..errors import exit_on_error, sentence
from ..paths import user_path
from ..runs.collect import make_frame
from ..runs.frame import write_frame
from ..runs.pack import pack, unpack
from ..runs.store import state
from ..sweep.cells import frame_of
from ..sweep.selection import parser_of, select


def main(arguments: Sequence[str] | None = None) -> None:
    """Collect all runs, or with overrides those of a sweep."""
    parser = parser_of(
        "inr-collect",
        "Say what is done, running or failed, and write the frame.",
        "With overrides as for `inr -m` (experiment=table1 scale=laptop) only the runs of that "
        "sweep are taken; for a frame a missing run is an error.",
    )
    add = parser.add_argument
    add("--frame", type=user_path, help="a folder; default: <outputs>/frames/all, and "
        "with overrides <outputs>/frames/chosen")  # fmt: skip
    add("--wandb", action="store_true", help="mirror what is not mirrored yet")
    add("--pack", type=user_path, metavar="FILE.zip", help="write the finished runs, but their "
        "weights, into archives of at most 16 MiB")  # fmt: skip
    add("--unpack", type=user_path, nargs="+", metavar="FILE", help="take the runs of archives "
        "into <outputs>, none over one that is there")  # fmt: skip
    options = parser.parse_intermixed_args(arguments)
    with exit_on_error("inr-collect"):
        if options.unpack:
            take(options)
        else:
            collect(options)


def take(options: argparse.Namespace) -> None:
    """Unpack archives and say what was taken."""
    chosen = select(options)
    if chosen.cells or options.pack or options.frame or options.wandb:
        raise InputError(
            "--unpack: takes whole archives; expected no overrides and no --pack, --frame or "
            "--wandb beside it"
        )
    found = unpack(options.unpack, chosen.outputs)
    print(f"{len(found.taken)} taken, {len(found.there)} already there")


def collect(options: argparse.Namespace) -> None:
    """Find the runs, say their states, then pack them, or write the frame and mirror.

    Raises:
        InputError: if there is no finished run, or for a frame one of the sweep is lacking.
    """
    if options.pack and (options.frame or options.wandb):
        raise InputError("--pack: expected alone, or a call of its own for --frame or --wandb")
    chosen = select(options)
    states = {folder: state(folder) for folder in chosen.folders}
    done = [folder for folder, what in states.items() if what == "done"]
    for folder, what in states.items():
        if what != "done":
            print(f"{what}: {folder}")
    for cell in chosen.cells:
        if cell.error is not None:
            print(f"cannot be run: {cell.name}: {sentence(cell.error)}")
    counts = Counter(what.split(":")[0] for what in states.values())
    print(", ".join(f"{n} {what}" for what, n in sorted(counts.items())) or "no runs")
    if not options.pack and (lacking := chosen.lacking()):
        raise InputError(lacking)
    if not done:
        raise InputError(f"{chosen.outputs}: no finished run; expected an outputs folder")
    if options.pack:
        for path in pack(done, options.pack):
            print(path)
        return
    cells = chosen.cells
    path = options.frame or chosen.outputs / "frames" / ("chosen" if cells else "all")
    if unmeasured := sum(not cell.done for cell in cells):
        told = f"{unmeasured} of {len(cells)} runs lack diagnostics that are asked for"
        print(f"{told}; measure them with: {chosen.command}", file=sys.stderr)
    frame = frame_of(path.name, cells) if cells else make_frame(path.name, done)
    write_frame(frame, path)
    print(path)
    if options.wandb:
        from ..tracking.wandb_mirror import WandbMirror

        tracker = WandbMirror()
        for folder in done:
            tracker.mirror(folder)
