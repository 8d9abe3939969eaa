"""From an archive to the files that tasks read, and whether they still are what they were.

The hash of every file made is kept in `SHA256SUMS` in the data folder, in the form that the
program sha256sum reads.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ... import files
from ...checks import InputError
from ...digest import sha256_of
from .archives import extract
from .catalogue import Item
from .fetch import check_room, download

SUMS = "SHA256SUMS"
#: Where archives lie until their files are made, and where a user puts those without a link.
ARCHIVES = "downloads"


def install(item: Item, folder: Path, *, keep: bool = False, force: bool = False) -> list[Path]:
    """Make an item's files in the data folder and return those made; none where all are there.

    Each file appears whole or not at all. The archive is removed afterwards unless `keep` is set or
    a user brought it. `force` makes files anew that are there.

    Raises:
        InputError: if the archive cannot be had, has a wrong hash or lacks a file, or if the disk
            has too little room.
    """
    targets = [folder / path for path in item.files.values()]

    def there() -> bool:
        return not force and all(_as_recorded(folder, target) for target in targets)

    if there():
        return []
    with files.locked(folder):  # one at a time: they share the sums and the folder of archives
        if there():
            return []
        _install(item, folder, keep=keep)
    return targets


def _install(item: Item, folder: Path, *, keep: bool) -> None:
    archive = _obtain(item, folder / ARCHIVES)
    try:
        with TemporaryDirectory(dir=archive.parent, prefix=".unpacked-") as scratch:
            _make(item, archive, folder, Path(scratch))
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from error
    if not keep and item.source.url is not None:
        archive.unlink()
        if not any(archive.parent.iterdir()):
            archive.parent.rmdir()


def _as_recorded(folder: Path, file: Path) -> bool:
    """True where a file is there and, where its hash is known, unchanged."""
    known = recorded(folder).get(file.relative_to(folder).as_posix())
    return file.is_file() and (known is None or known == sha256_of(file))


def _obtain(item: Item, folder: Path) -> Path:
    """The archive: downloaded, or as a user put it there."""
    source = item.source
    if source.url is not None:
        return download(source, folder, room=2 * item.unpacked)
    path = folder / source.name
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; no public link to it is known, so put it there yourself "
            f"({source.size} bytes, sha256 {source.sha256}) and ask again: {item.command}"
        )
    found = sha256_of(path)
    if found != source.sha256:
        raise InputError(f"{path}: sha256 {found}, expected {source.sha256}")
    check_room(folder, item.unpacked)
    return path


def _make(item: Item, archive: Path, folder: Path, scratch: Path) -> None:
    """Unpack, make every file, and only then put them in their places."""
    if archive.name in item.files:
        members = {archive.name: archive}
    else:
        found = extract(archive, scratch / "in", limit=item.unpacked, wanted=item.files)
        members = {path.name: path for path in found}
    lacking = [name for name in item.files if name not in members]
    if lacking:
        raise InputError(f"{archive}: expected it to hold {', '.join(lacking)}")
    made = {}
    for name, path in item.files.items():
        made[path] = scratch / name.replace("/", "_") / Path(path).name
        made[path].parent.mkdir()
        item.recipe(members[name], made[path])
    sums = {path: sha256_of(file) for path, file in made.items()}
    for path, file in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, folder / path)
    _record(folder, sums)


def recorded(folder: Path) -> dict[str, str]:
    """Path -> hash, as `SHA256SUMS` says; empty where there is none."""
    path = folder / SUMS
    if not path.is_file():
        return {}
    sums = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        sha256, _, name = line.partition(" ")
        if len(sha256) != 64 or not name:
            raise InputError(f"{path}: {line!r} is no line of sha256sum's")
        sums[name.lstrip(" *").removeprefix("./")] = sha256
    return sums


def _record(folder: Path, sums: dict[str, str]) -> None:
    """Add hashes to `SHA256SUMS`."""
    every = {**recorded(folder), **sums}
    lines = (f"{every[name]}  ./{name}\n" for name in sorted(every))
    files.write_text(folder / SUMS, "".join(lines))


def check(folder: Path, items: Sequence[Item], *, everything: bool) -> Iterator[tuple[str, str]]:
    """State and name of every file of the items, and of items of which nothing is there.

    `ok` as recorded; `changed` or `gone` since; `unrecorded` there, but of unknown hash;
    `incomplete` and `absent` for an item of which some or all files lack, with its command.

    Args:
        everything: what else is recorded as well.
    """
    own = {name for item in items for name in item.files.values()}
    sums = {name: sha256 for name, sha256 in recorded(folder).items() if everything or name in own}
    for name, sha256 in sums.items():
        file = folder / name
        if not file.is_file():
            yield "gone", name
        else:
            yield "ok" if sha256_of(file) == sha256 else "changed", name
    for item in items:
        there = [name for name in item.files.values() if (folder / name).is_file()]
        for name in there:
            if name not in sums:
                yield "unrecorded", name
        if not there:
            yield "absent", f"{item.name}; get it with: {item.command}"
        elif len(there) < len(item.files):
            lack = len(item.files) - len(there)
            yield "incomplete", f"{item.name}, {lack} files lack; get them with: {item.command}"
