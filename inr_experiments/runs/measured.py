"""Results of a run's diagnostics: `NAME.json`, scalars by milestone, and `NAME.npz`, arrays."""

import json
import logging
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np
import numpy.typing as npt

from .. import files
from ..checks import InputError

log = logging.getLogger(__name__)

Result = Mapping[str, npt.NDArray | float]


def write_diagnostic(
    folder: Path, name: str, results: Mapping[int, Result], options: Mapping[str, Any]
) -> None:
    """Store a diagnostic's results by step: arrays as .npz, then its options and scalars as .json.

    Args:
        options: what it was built with, as its yaml has it.
    """
    target = folder / "diagnostics"
    target.mkdir(exist_ok=True)
    arrays, scalars = {}, []
    for step, result in sorted(results.items()):
        row: dict[str, Any] = {"step": step}
        for key, value in result.items():
            if isinstance(value, np.ndarray):
                arrays[f"{step:06d}/{key}"] = value
            else:
                row[key] = value
        scalars.append(row)
    files.write_arrays(target / f"{name}.npz", arrays)
    files.write_json(target / f"{name}.json", {"options": options, "rows": scalars})


def diagnostic_names(folder: Path) -> list[str]:
    """The names of the diagnostics that a run has, sorted; without those that cannot be read."""
    names = sorted(path.stem for path in (folder / "diagnostics").glob("*.json"))
    return [name for name in names if _diagnostic(folder, name) is not None]


def read_diagnostic(folder: Path, name: str) -> list[dict[str, float]] | None:
    """The scalars of a stored diagnostic, one dict a milestone, or None where it is not stored."""
    return (_diagnostic(folder, name) or {}).get("rows")


def read_options(folder: Path, name: str) -> dict[str, Any] | None:
    """The options of a stored diagnostic, or None where it is not stored."""
    return (_diagnostic(folder, name) or {}).get("options")


def _diagnostic(folder: Path, name: str) -> dict[str, Any] | None:
    """A diagnostic as it is stored; None where it is not, or is broken, as by a full disk."""
    path = folder / "diagnostics" / f"{name}.json"
    try:
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not is_zipfile(path.with_suffix(".npz")):
            raise ValueError(f"{name}.npz is no archive")
        return {key: stored[key] for key in ("options", "rows")}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        _warn(f"{path}: cannot be read ({error}); it counts as not measured")
        return None


@cache  # once for each file
def _warn(sentence: str) -> None:
    log.warning(sentence)


def read_arrays(folder: Path, name: str) -> dict[int, dict[str, npt.NDArray]]:
    """The arrays of a stored diagnostic by step and name.

    Raises:
        InputError: if its file is broken.
    """
    path = folder / "diagnostics" / f"{name}.npz"
    found: dict[int, dict[str, npt.NDArray]] = {}
    try:
        with np.load(path) as stored:
            for key in stored.files:
                step, _, array = key.partition("/")
                found.setdefault(int(step), {})[array] = stored[key]
    except (FileNotFoundError, EOFError, ValueError, BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path}: cannot be read ({error}); once {name}.json beside it is deleted, the run's "
            "command measures it again"
        ) from error
    return found
