"""Finished runs in zip archives, to be carried to another outputs folder.

An archive holds whole runs, `runs/<key>/seed-NNN/<file>`, without their weights and pages:
measuring anew needs the outputs folder in which they were fitted.
"""

import io
import logging
import os
import shutil
import stat
import tempfile
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..checks import InputError, integer
from ..data.download.archives import MOST_MEMBERS
from ..files import exchange, locked
from .foreign import MOST_PACKED, MOST_UNPACKED, check_list, stage, travels
from .lease import is_live
from .store import may_be_passed_on, read_record

log = logging.getLogger(__name__)

#: What a 3D run can do without.
SOLIDS = (".ply", ".glb")
#: Bytes at the end of an archive, whatever it holds.
END = 22

#: Files of runs by their names in an archive.
Members = dict[str, Path]


@dataclass(frozen=True)
class Unpacked:
    """Run folders under outputs: those taken from archives, and those that were there before."""

    taken: list[Path]
    there: list[Path]


def pack(folders: Sequence[Path], file: Path, *, most: int = 16 * 2**20) -> list[Path]:
    """Write finished runs, without their weights, into archives; the same runs, the same bytes.

    A run that is too large goes without its meshes.

    Args:
        folders: of finished runs, `<outputs>/runs/<key>/seed-NNN`.
        file: the archive; where there are several, x.zip becomes x-1.zip, x-2.zip …
        most: bytes of an archive.

    Returns:
        The archives.

    Raises:
        InputError: if there is no run, an archive of that name is there, or a run is too large
            even without its meshes; nothing has been written then.
    """
    integer("most", most, most=MOST_PACKED)
    if file.suffix != ".zip":
        raise InputError(f"{file}: expected a name that ends in .zip")
    if not folders:
        raise InputError(f"{file}: no finished run to pack")
    groups = _groups(folders, most)
    numbered = [file.with_name(f"{file.stem}-{n}.zip") for n in range(1, len(groups) + 1)]
    targets = numbered if len(groups) > 1 else [file]
    for target in targets:
        if target.exists():
            raise InputError(f"{target}: is there already; expected the name of a new file")
    if closed := sum(not may_be_passed_on(read_record(folder)) for folder in set(folders)):
        told = f"pictures of {closed} of the runs may not be passed on"
        log.warning("%s: %s; the archive is for yourself", file, told)
    file.parent.mkdir(parents=True, exist_ok=True)
    parts = [target.with_name(f".{target.stem}.{uuid.uuid4().hex}.zip") for target in targets]
    try:
        for part, members in zip(parts, groups, strict=True):
            with part.open("wb") as out:
                _write(out, members)
        for part, target in zip(parts, targets, strict=True):
            os.rename(part, target)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    return targets


def _groups(folders: Sequence[Path], most: int) -> list[Members]:
    """The members of each archive: runs in order, as many as fit and as `unpack` takes."""
    limits = [most - END, MOST_MEMBERS, MOST_UNPACKED]
    groups: list[Members] = []
    filled = limits  # so that the first run begins an archive
    for folder in sorted(set(folders), key=lambda folder: folder.parts[-2:]):
        members = _members(folder)
        cost = _cost(members)
        if not _within(cost, limits):
            members = {name: path for name, path in members.items() if not name.endswith(SOLIDS)}
            cost = _cost(members)
            if not _within(cost, limits):
                raise InputError(
                    f"{folder}: {cost[0] + END} bytes packed, {cost[2]} unpacked, {cost[1]} files; "
                    f"expected at most {most}, {MOST_UNPACKED} and {MOST_MEMBERS}"
                )
            log.warning("%s: packed without its meshes, which are too large", folder)
        together = [a + b for a, b in zip(filled, cost, strict=True)]
        if _within(together, limits):
            groups[-1] |= members
            filled = together
        else:
            groups.append(members)
            filled = cost
    return groups


def _within(cost: Sequence[int], limits: Sequence[int]) -> bool:
    return all(used <= limit for used, limit in zip(cost, limits, strict=True))


def _members(folder: Path) -> Members:
    """The files of a run that travel, sorted by name."""
    run = "/".join(("runs", *folder.parts[-2:]))
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    named = {f"{run}/{path.relative_to(folder).as_posix()}": path for path in files}
    members = {name: named[name] for name in sorted(named) if travels(name)}
    if f"{run}/DONE" not in members:
        raise InputError(f"{folder}: no finished run; expected a folder such as runs/KEY/seed-000")
    return members


def _cost(members: Members) -> list[int]:
    """Packed bytes but for an archive's end, files, and unpacked bytes; those of two runs add."""
    out = io.BytesIO()
    _write(out, members)
    return [out.tell() - END, len(members), sum(path.stat().st_size for path in members.values())]


def _write(out: IO[bytes], members: Mapping[str, Path]) -> None:
    with zipfile.ZipFile(out, "w") as archive:
        for name, path in members.items():
            info = zipfile.ZipInfo(name)  # its time is fixed, unlike that of a file
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)


def unpack(files: Sequence[Path], outputs: Path) -> Unpacked:
    """Take the runs of archives into an outputs folder, never over a run that is there.

    Args:
        files: archives that `pack` wrote, or that a stranger says it wrote.
        outputs: made where it is missing.

    Raises:
        InputError: if an archive is damaged or may do harm, or a run in it cannot be read; no run
            of any archive has been taken then.
    """
    for file in files:
        check_list(file)
    runs, found = outputs / "runs", Unpacked([], [])
    with _scratch(runs) as scratch:
        staged: dict[Path, Path] = {}
        for number, file in enumerate(files):
            for folder in stage(file, scratch / f"{number}"):
                staged.setdefault(runs / folder.parent.name / folder.name, folder)
        for final, folder in sorted(staged.items()):
            (found.taken if _take(folder, final) else found.there).append(final)
    return found


def _take(folder: Path, final: Path) -> bool:
    """Give a staged run its name, unless that run is there or being worked on."""
    with locked(final.parent):
        if (final / "DONE").exists() or is_live(final.with_name(final.name + ".lease")):
            return False
        exchange(folder, final)
        return True


@contextmanager
def _scratch(runs: Path) -> Iterator[Path]:
    """A folder in `runs`, from which a run gets to its place by one rename; gone in the end."""
    made = [folder for folder in (runs, *runs.parents) if not folder.exists()]
    runs.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".unpack-", dir=runs))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        with suppress(OSError):  # they are not empty where something was taken
            for folder in made:
                folder.rmdir()
