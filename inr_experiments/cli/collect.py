"""`inr-collect`: say what is done, running or failed, and write the frame."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..checks import InputError
from ..runs.collect import make_frame
from ..runs.frame import write_frame
from ..runs.store import seed_folders, state
from .arguments import ready
from .errors import exit_on_error


def main(arguments: Sequence[str] | None = None) -> None:
    """Collect all runs, or with overrides those of an experiment."""
    parser = argparse.ArgumentParser(
        prog="inr-collect",
        description="Say what is done, running or failed, and write the frame.",
        epilog="With overrides as for `inr -m` (experiment=table1 scale=laptop) only the runs of "
        "that sweep are collected; a missing run is an error.",
    )
    parser.add_argument("overrides", nargs="*", help="as for inr -m")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="default: outputs")
    parser.add_argument("--frame", type=Path, help="a folder; default: <outputs>/frames/all")
    parser.add_argument("--wandb", action="store_true", help="mirror what is not mirrored yet")
    options = parser.parse_args(arguments)
    with exit_on_error("inr-collect"):
        collect(options)


def collect(options: argparse.Namespace) -> None:
    """Find the folders, say their states, write the frame, mirror where asked."""
    asked = sweep_folders(options) if options.overrides else {}
    chosen = list(asked) or seed_folders(options.outputs)
    states = {folder: state_of(folder) for folder in chosen}
    done = [folder for folder, what in states.items() if what == "done"]
    for folder, what in states.items():
        if what != "done":
            print(f"{what}: {folder}")
    counts = Counter(what.split(":")[0] for what in states.values())
    print(", ".join(f"{n} {what}" for what, n in sorted(counts.items())) or "no runs")
    if options.overrides and len(done) < len(chosen):
        raise InputError(
            f"{len(chosen) - len(done)} of {len(chosen)} runs are not done; "
            f"do them with: inr -m {' '.join(options.overrides)}"
        )
    path = options.frame or options.outputs / "frames" / "all"
    write_frame(make_frame(path.name, done, looks=asked), path)
    print(path)
    if options.wandb:
        from ..tracking.wandb_mirror import WandbMirror

        tracker = WandbMirror(mode="auto", project="inr_experiments", entity=None)
        for folder in done:
            tracker.mirror(folder)


def state_of(folder: Path) -> str:
    """The folder's state; a record that cannot be read is one of its own."""
    try:
        return state(folder)
    except ValueError as error:
        return f"unreadable: {error}"


def sweep_folders(options: argparse.Namespace) -> dict[Path, dict[str, str]]:
    """The folders of a sweep's runs, done or not, and the label and colour of each."""
    from ..building import looks
    from ..experiment import Keys, locate
    from ..sweep import cells

    keys = Keys()
    composed = cells(ready(["-m", *options.overrides])[1:])
    return {locate(cfg, options.outputs, keys): looks(dict(cfg.model)) for cfg in composed}
