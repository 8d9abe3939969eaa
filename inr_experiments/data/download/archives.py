"""Unpacking archives that a stranger may have made."""

import gzip
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ...checks import InputError

PIECE = 1 << 20
#: More entries than any archive of ours has; each costs an inode however small it is.
MOST_MEMBERS = 10_000
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError)


@dataclass(frozen=True)
class Member:
    """One entry of an archive: its name there, `file`, `folder` or `other`, and how to read it."""

    name: str
    kind: str
    open: Callable[[], Any]


def extract(
    archive: Path, folder: Path, *, limit: int, wanted: Collection[str] | None = None
) -> list[Path]:
    """Unpack a .zip, .tar.gz, .tgz or .gz into a new folder, all of it or nothing.

    Args:
        archive: the file; a plain .gz holds one file, named like it without .gz.
        folder: made here; removed again if anything goes wrong.
        limit: bytes that may be written in all. The bytes are counted as they come out: what a
            header says of them decides nothing.
        wanted: file names, without folders, of the members to unpack; None for all of them.

    Returns:
        The files written, in the archive's order.

    Raises:
        InputError: if the archive is damaged or encrypted, if a member's name leads out of the
            folder, if one to be unpacked is a link or device, if one name occurs twice, if there
            is more than `limit`, or if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True)
        try:
            return _unpack(archive, folder, limit, wanted)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except DAMAGED as error:
        raise InputError(f"{archive}: a damaged archive ({error})") from error
    except (RuntimeError, NotImplementedError) as error:  # zipfile: encrypted, unknown method
        raise InputError(f"{archive}: cannot be unpacked ({error})") from error
    except OSError as error:
        raise InputError(f"{archive}: cannot be unpacked into {folder} ({error})") from error


def _unpack(archive: Path, folder: Path, limit: int, wanted: Collection[str] | None) -> list[Path]:
    written: list[Path] = []
    left = limit
    for count, member in enumerate(_members(archive), start=1):
        if count > MOST_MEMBERS:
            raise InputError(f"{archive}: refused, it has more than {MOST_MEMBERS} members")
        target = folder / _inside(archive, member.name)
        if member.kind == "folder" or not (wanted is None or target.name in wanted):
            continue
        if member.kind != "file":
            raise InputError(f"{archive}: refused, its member {member.name!r} is a link or device")
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            raise InputError(f"{archive}: refused, its member {member.name!r} occurs twice")
        with member.open() as source, target.open("xb") as out:
            while piece := source.read(min(PIECE, left + 1)):
                left -= len(piece)
                if left < 0:
                    raise InputError(f"{archive}: refused, it unpacks to more than {limit} bytes")
                out.write(piece)
        written.append(target)
    return written


def _inside(archive: Path, name: str) -> PurePosixPath:
    """A member's name as a path below a folder, on every system, or an `InputError`."""
    windows = PureWindowsPath(name)
    if not name or windows.drive or windows.root or ".." in windows.parts or "\0" in name:
        raise InputError(f"{archive}: refused, its member {name!r} leads out of the folder")
    return PurePosixPath(windows.as_posix())


def _members(archive: Path) -> Iterator[Member]:
    """The entries of an archive, whose kind its suffix tells."""
    name = archive.name.lower()
    if name.endswith(".zip"):
        yield from _zip_members(archive)
    elif name.endswith((".tar.gz", ".tgz")):
        yield from _tar_members(archive)
    elif name.endswith(".gz"):
        yield Member(archive.stem, "file", partial(gzip.open, archive))
    else:
        raise InputError(f"{archive}: expected a .zip, .tar.gz, .tgz or .gz file")


def _zip_members(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as whole:
        for info in whole.infolist():
            form = stat.S_IFMT(info.external_attr >> 16)
            plain = form in (0, stat.S_IFREG)  # 0: made on a system without links
            kind = "folder" if info.is_dir() else "file" if plain else "other"
            yield Member(info.orig_filename, kind, partial(whole.open, info))


def _tar_members(archive: Path) -> Iterator[Member]:
    with gzip.open(archive) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as whole:
            for info in whole:
                kind = "folder" if info.isdir() else "file" if info.isreg() else "other"
                yield Member(info.name, kind, partial(whole.extractfile, info))
        # To tarfile a broken header is the end; only gzip's checksum, which comes last, tells.
        while stream.read(PIECE):
            pass
