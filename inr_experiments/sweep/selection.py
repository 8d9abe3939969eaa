"""The runs that a command is about: those of a sweep, in the words of `inr -m`, or all."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..paths import user_path
from ..runs.store import seed_folders
from .arguments import ready
from .cells import Cell, find_cells


def parser_of(prog: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """A parser that takes what chooses runs."""
    parser = argparse.ArgumentParser(prog=prog, description=description, epilog=epilog)
    add = parser.add_argument
    add("overrides", nargs="*", help="as for inr -m: model=relu,pe seed=0,1 task.path=photos/")
    add("-m", "--multirun", action="store_true", help="taken, so that a line of inr can be pasted")
    add(
        "-cd",
        "--config-dir",
        type=user_path,
        metavar="DIR",
        help="a folder of yaml files, as for inr",
    )
    add("--outputs", type=user_path, help="default: what the overrides say, else outputs")
    return parser


def cells_of(options: argparse.Namespace) -> list[Cell]:
    """The cells of the sweep that the overrides mean."""
    words = ready(["-m", *options.overrides])[1:]
    return find_cells(words, outputs=options.outputs, config_dir=options.config_dir)


def outputs_of(options: argparse.Namespace) -> Path:
    """The outputs folder."""
    if options.outputs is not None:
        return Path(options.outputs)
    given = [word.partition("=")[2] for word in options.overrides if word.startswith("outputs=")]
    return user_path(given[-1] if given else "outputs")


def folders_of(options: argparse.Namespace) -> Sequence[Path]:
    """The folders of all runs, finished or not."""
    return seed_folders(outputs_of(options))
