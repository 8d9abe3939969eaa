"""The hash of a text or a file; the only hash there is."""

import hashlib
from functools import lru_cache
from pathlib import Path

from .checks import InputError

PIECE = 1 << 20


def sha256_of(thing: str | Path) -> str:
    """The sha256 of a text, or of a file's bytes read in pieces, as 64 hex digits."""
    if isinstance(thing, str):
        return hashlib.sha256(thing.encode()).hexdigest()
    digest = hashlib.sha256()
    with thing.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def file_sha256(path: Path, *, expected: str) -> str:
    """Hash of a file's bytes, read once as long as the file does not change.

    Raises:
        InputError: if there is no such file, or it cannot be read; says what was `expected`.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise InputError(f"{path}: {what}; expected {expected}")
    status = path.stat()
    try:
        return _unchanged(path.resolve(), status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


@lru_cache(maxsize=256)
def _unchanged(path: Path, modified_ns: int, size: int) -> str:
    return sha256_of(path)
