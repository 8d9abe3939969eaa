"""Arrays that are dear to compute, kept by the hash of what they follow from."""

import hashlib
import json
import logging
import os
import uuid
import zipfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..checks import InputError

log = logging.getLogger(__name__)

Arrays = dict[str, npt.NDArray]


@lru_cache(maxsize=64)
def _sha256(path: Path, modified_ns: int, size: int) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while block := handle.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def file_sha256(path: Path, *, expected: str) -> str:
    """Hash of a file's bytes, read once as long as the file does not change.

    Raises:
        InputError: if there is no such file; says what was `expected`.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise InputError(f"{path}: {what}; expected {expected}")
    status = path.stat()
    return _sha256(path.resolve(), status.st_mtime_ns, status.st_size)


def arrays(
    folder: Path | None, stem: str, settings: Mapping[str, Any], compute: Callable[[], Arrays]
) -> Arrays:
    """`compute()`, or what it gave for the same settings before.

    Kept in <folder>/<stem>-<hash of settings>.npz, written under another name and then renamed, so
    that workers may share the folder. A file that cannot be read is computed anew. Without a
    folder nothing is kept.
    """
    if folder is None:
        return compute()
    text = json.dumps(settings, sort_keys=True)
    path = folder / f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"
    if path.exists():
        try:
            with np.load(path, allow_pickle=False) as stored:
                return dict(stored)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            log.warning("%s cannot be read (%s); computed anew", path, error)
    result = compute()
    _write(path, result)
    return result


def _write(path: Path, result: Arrays) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.{os.getpid()}.{uuid.uuid4().hex}.npz")
    try:
        np.savez(part, allow_pickle=False, **result)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
