"""Names of a run's data: `names.json` in its folder, a list of `item`, `path` and `absolute`.

Files of equal bytes are one run, which tells them all. The first is written with the run, others
when it is asked for through them; nothing else of a finished run changes.
"""

import json
import logging
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import files
from ..paths import user_path
from .store import read_record

log = logging.getLogger(__name__)

FILE = "names.json"


@dataclass(frozen=True)
class Name:
    """A name under which a run's data was given.

    Attributes:
        item: as tables have it where no other is called so.
        path: of the file, as it was given; None for what has a name, as a bundled picture.
        absolute: the same from the root.
    """

    item: str
    path: str | None = None
    absolute: str | None = None

    @property
    def source(self) -> str:
        """The absolute path that was asked for, or the name."""
        return self.absolute or self.path or self.item


def name_of(config: Mapping[str, Any], item: str) -> Name:
    """The name of the data that a resolved config asks for, in the current folder.

    Args:
        item: of the task.
    """
    path = config["task"].get("path")
    if path is None:
        return Name(item)
    # Links are kept: what they are called is a name of its own.
    return Name(item, str(path), os.path.abspath(user_path(str(path))))


def read_names(folder: Path) -> list[Name]:
    """The names of a finished run's data, that of its record first."""
    if names := stored_names(folder):
        return names
    record = read_record(folder)
    return [Name(record["item"], record["config"]["task"].get("path"))]


def stored_names(folder: Path) -> list[Name]:
    """The names that a run folder has a file of; none where that is missing or broken."""
    try:
        names = [Name(**entry) for entry in json.loads((folder / FILE).read_text("utf-8"))]
        if all(isinstance(v, str | None) for name in names for v in asdict(name).values()):
            return [name for name in names if name.item]
        raise TypeError("expected texts")
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        log.warning("%s: no list of names (%s); left out", folder / FILE, error)
        return []


def write_names(folder: Path, names: Iterable[Name]) -> None:
    """Write the names of a run's data, each source once."""
    unique: dict[str, Name] = {}
    for name in names:
        unique.setdefault(name.source, name)
    files.write_json(folder / FILE, [asdict(name) for name in unique.values()])


def note_name(folder: Path, name: Name) -> str:
    """Add the name under which a finished run is asked for, where it is a new one.

    Returns:
        A sentence where the run was fitted under another one, else nothing.
    """
    names = read_names(folder)
    if name.source not in {other.source for other in names}:
        with suppress(OSError), files.locked(folder.parent):  # a folder that one may only read
            names = [other for other in read_names(folder) if not _was(other, name)] + [name]
            write_names(folder, names)
    first = names[0]
    if first.source == name.source:
        return ""
    told = [n.path or n.item for n in (name, first)]
    if told[0] == told[1]:  # from two folders
        told = [n.source for n in (name, first)]
    return f"{told[0]} holds the same bytes as {told[1]}: one run"


def _was(other: Name, name: Name) -> bool:
    """True where `other` is a file that has gone and `name`, called the same, has its bytes."""
    moved = other.path is not None and name.path is not None and other.item == name.item
    return moved and not (other.absolute and os.path.isfile(other.absolute))


def asked_for(names: Sequence[Name], asked: Iterable[Name]) -> list[Name]:
    """The names of a run by which it is asked for, in that order, each once."""
    noted = {name.source: name for name in names}
    # One is not noted where the folder may only be read.
    return [noted.get(source, name) for source, name in {n.source: n for n in asked}.items()]


def items_of(runs: Sequence[tuple[str, Sequence[Name]]]) -> list[str]:
    """The item of every run, given the hash of its data and the names of it, told apart.

    Of other data under the same item the shortest path is told that no other has: a/1.png and
    b/1.png are `a/1` and `b/1`, a.png and a.jpg are `a.png` and `a.jpg`. The same bytes are one
    item whatever they are called, `a/x = b/x`: two would pass for independent ones. Under the same
    name they have it once, wherever they lay, unless a run has both names.
    """
    counts = [(sha256, Counter(name.item for name in names)) for sha256, names in runs]
    both = {(sha256, item) for sha256, own in counts for item in own if own[item] > 1}

    def identity(sha256: str, name: Name) -> tuple[str, str, str]:
        own = (sha256, name.item)
        return (*own, name.source if own in both else "")

    first: dict[tuple[str, str, str], Name] = {}
    for sha256, names in runs:
        for name in names:
            first.setdefault(identity(sha256, name), name)
    called: dict[str, list[str]] = {}
    for (sha256, _, _), item in zip(first, _apart(first), strict=True):
        called.setdefault(sha256, []).append(item)
    return [" = ".join(called[sha256]) for sha256, _ in runs]


def _apart(names: Mapping[tuple[str, str, str], Name]) -> list[str]:
    """The item of each name, or else the least of its path, that no other has."""
    same = Counter(name.item for name in names.values())
    plain = Counter(name.item for name in names.values() if name.path is None)
    forms = [_forms(n) if same[n.item] > 1 else [n.item] for n in names.values()]
    count = Counter(form for own in forms for form in own)
    found = []
    for (sha256, item, _), name, own in zip(names, names.values(), forms, strict=True):
        alone = [form for form in own if count[form] == 1]
        if name.path is None and plain[item] == 1:
            alone = [item]  # a file that is called the same is told by its ending
        # A file that was fitted, changed and fitted again has no other name.
        found.append(alone[0] if alone else f"{item}@{sha256[:7]}")
    return found


def _forms(name: Name) -> list[str]:
    """The item and the file, alone, in their folder, in that one's folder, and so on."""
    if name.path is None:
        return [name.item]
    *folders, file = (name.absolute or name.path).split("/")
    ends = [folders[k:] for k in range(len(folders), -1, -1)]
    return ["/".join([*end, last]) for end in ends for last in dict.fromkeys((name.item, file))]
