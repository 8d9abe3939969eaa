"""Archives of runs, and what is in them."""

import zipfile
from pathlib import Path


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but locks, by name."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def members(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def write(path: Path, entries: dict) -> Path:
    """An archive of entries by name; those with a `ZipInfo` for a name are as that says."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, content in entries.items():
            whole.writestr(name, content)
    return path
