"""The runs that a command is about: those of a sweep, in the words of `inr -m`, or all."""

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..checks import folder
from ..paths import user_path
from ..runs.store import seed_folders
from .arguments import ready
from .blocks import parsed
from .cells import Cell, find_cells


@dataclass(frozen=True)
class Selection:
    """Runs, done or not.

    Attributes:
        outputs: the folder in which they lie.
        cells: of the sweep; empty where all runs are meant.
        folders: of the runs, each once.
        command: the command of the sweep, for a shell.
    """

    outputs: Path
    cells: list[Cell]
    folders: list[Path]
    command: str = ""

    def lacking(self) -> str:
        """A sentence about the runs of the sweep that are not done; nothing where all are."""
        left = [cell for cell in self.cells if cell.finished is None]
        if not left:
            return ""
        failed = sum(cell.record is not None for cell in left)
        again = f", with force=true for the {failed} that failed" if failed else ""
        of = f"{len(left)} of {len(self.cells)} runs are not done"
        return f"{of}; do them with: {self.command}{again}"


def parser_of(prog: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """A parser that takes what chooses runs."""
    parser = argparse.ArgumentParser(prog=prog, description=description, epilog=epilog)
    add = parser.add_argument
    add("overrides", nargs="*", help="as for inr -m: model=relu,pe seed=0,1 task.path=photos/")
    add(
        "-m",
        "--multirun",
        action="store_true",
        help="ignored, so that an inr -m line can be pasted",
    )
    add(
        "-cd",
        "--config-dir",
        type=user_path,
        metavar="DIR",
        help="folder of yaml files, as for inr",
    )
    add("--outputs", type=user_path, help="default: what the overrides say, else outputs")
    return parser


def select(options: argparse.Namespace) -> Selection:
    """The runs that the overrides mean; all of a folder where they name nothing but that."""
    words = ready(["-m", *options.overrides], options.config_dir)[1:]
    places = [word for word in words if word.lstrip("+").startswith("outputs=")]
    if len(places) == len(words):
        given = parsed(places[-1:])[0].value() if places else "outputs"
        outputs = options.outputs or user_path(folder("outputs", given))
        return Selection(outputs, [], seed_folders(outputs))
    cells = find_cells(words, outputs=options.outputs, config_dir=options.config_dir)
    folders = list(dict.fromkeys(cell.folder for cell in cells if cell.folder is not None))
    return Selection(folders[0].parents[2], cells, folders, _command(options))


def _command(options: argparse.Namespace) -> str:
    words: Sequence[str] = ["inr", "-m"]
    if options.config_dir is not None:
        words = [*words, "--config-dir", str(options.config_dir)]
    if options.outputs is not None:
        words = [*words, f"outputs={options.outputs}"]
    return shlex.join([*words, *options.overrides])
