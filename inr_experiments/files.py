"""Whole files or none: every write goes to a temporary name and is then renamed; locks."""

import errno
import fcntl
import json
import os
import shutil
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

#: Of libyaml where there is one: ten times as fast.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Bytes that an array takes in an .npz beside its values, about.
BESIDE = 500


def read_yaml(path: Path) -> Any:
    """Read a yaml file, interpolations as they are written; an empty one is an empty mapping."""
    with path.open(encoding="utf-8") as file:  # whose name an error tells
        return yaml.load(file, Loader=Loader) or {}


def write(path: Path, fill: Callable[[Path], Any]) -> None:
    """Let `fill` write a temporary file beside `path`, then rename it to `path`."""
    # No process number: containers that share a folder have the same ones.
    part = path.with_name(f".{path.stem}.{uuid.uuid4().hex}{path.suffix}")
    try:
        fill(part)
        os.replace(part, path)
    except OSError as error:
        error.filename = error.filename or str(path)  # a full disk is told without one
        raise
    finally:
        part.unlink(missing_ok=True)


def exchange(part: Path, folder: Path) -> None:
    """Give `part` the name of `folder`; what stood there goes, of two writers' the earlier."""
    while True:
        old = part.with_name(f"{part.name}.old")
        try:
            with suppress(FileNotFoundError):
                os.rename(folder, old)
            os.rename(part, folder)
        except BaseException as error:
            with suppress(OSError):  # where another writer was quicker, its folder stays
                os.rename(old, folder)
            if getattr(error, "errno", None) not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            return
        finally:
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the kernel releases whatever happens to the process."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    write(path, lambda part: part.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write JSON, whole or not at all; numpy scalars become plain numbers."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, default=_plain) + "\n")


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray]) -> None:
    """Write an .npz of named arrays, whole or not at all."""
    named: Mapping[str, Any] = arrays
    write(path, lambda part: np.savez_compressed(part, **named))


def parts(arrays: Mapping[str, npt.NDArray], most: int) -> list[dict[str, npt.NDArray]]:
    """The arrays in order, in parts of about so many bytes; a larger one is a part of its own."""
    found: list[dict[str, npt.NDArray]] = [{}]
    size = 0
    for name, values in arrays.items():
        own = len(zlib.compress(values.tobytes())) + BESIDE
        if found[-1] and size + own > most:
            found.append({})
            size = 0
        found[-1][name] = values
        size += own
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not JSON")
