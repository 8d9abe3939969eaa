"""The figures and tables of a folder of scripts: found by their place, built from their frames."""

import ast
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checks import InputError
from ..runs.frame import Frame

KINDS = ("tables", "figures")


@dataclass(frozen=True)
class Piece:
    """A figure or table.

    Attributes:
        path: its file, in `figures` or `tables`.
        reads: the experiments whose frames it takes.
        caption: its docstring.
        arrays: patterns of the arrays that it draws, which its frames then hold.
    """

    path: Path
    reads: tuple[str, ...]
    caption: str
    arrays: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """Its name."""
        return self.path.stem

    @property
    def kind(self) -> str:
        """`figures` or `tables`."""
        return self.path.parent.name


def find_pieces(scripts: Path) -> dict[str, Piece]:
    """All figures and tables under `scripts` by stem, tables first, without importing them.

    Raises:
        InputError: if one cannot be read, has no docstring, or READS or ARRAYS is no tuple.
    """
    found = {}
    for kind in KINDS:
        for path in sorted((scripts / kind).glob("*.py")):
            try:
                tree = ast.parse(path.read_text(encoding="utf-8"))
                named = {
                    ast.unparse(node.targets[0]): ast.literal_eval(node.value)
                    for node in tree.body
                    if isinstance(node, ast.Assign)
                    and ast.unparse(node.targets[0]) in ("READS", "ARRAYS")
                }
            except (SyntaxError, ValueError) as error:
                raise InputError(f"{path}: cannot be read: {error}") from error
            caption, reads = ast.get_docstring(tree), named.get("READS")
            arrays = named.get("ARRAYS", ())
            if not (caption and isinstance(reads, tuple) and isinstance(arrays, tuple)):
                raise InputError(
                    f"{path}: expected a docstring, the caption, READS = ('experiment',) and, if "
                    "it draws arrays, ARRAYS = ('*/name',)"
                )
            found[path.stem] = Piece(path, reads, " ".join(caption.split()), arrays)
    return found


def build(piece: Piece, frames: Sequence[Frame], out: Path) -> list[Path]:
    """Write what a piece makes of its frames beside `out`; return the files."""
    module = load(piece)
    if piece.kind == "tables":
        from . import tables

        return tables.write(module.rows(*frames), out)
    from . import style

    written = style.save(module.draw(*frames), out)
    if hasattr(module, "clip"):
        written += style.save_clip(module.clip(*frames), out)
    return written


def load(piece: Piece) -> Any:
    """The module of a piece, which nothing imports by name."""
    spec = importlib.util.spec_from_file_location(piece.stem, piece.path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
