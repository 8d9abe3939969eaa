"""Archives of runs that a stranger may have made: what is refused before a run of one is taken.

Names are looked at first, in the archive's list; what unpacks is then read as the suite reads it.
Nothing of it is executed.
"""

import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unicodedata import category

import numpy as np

from ..checks import InputError
from ..data.download.archives import MOST_MEMBERS, extract
from .collect import make_frame
from .frame import TEXT
from .measured import diagnostic_names
from .store import own_record

#: Bytes of an archive at the most: its list of members is read into memory.
MOST_PACKED = 2**28
#: Bytes that an archive may unpack to, 64 times the usual archive; once more those of its arrays.
MOST_UNPACKED = 2**30
#: Bytes of a text, which is read as a whole; parsed, it takes many times as much memory.
MOST_TEXT = 2**26
TEXTS = (".json", ".csv", ".yaml")
#: Others unpack a few bytes at once into any amount of memory.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: A file or folder in a run folder; one that begins with a dot is not of the run.
PART = r"[^./\\:][^/\\:]*"
#: The name of a run's file. A seed is written in one way, else a run could be there twice.
MEMBER = re.compile(
    rf"runs/[\w-][\w.-]*/seed-([0-9]{{3}}|[1-9][0-9]{{3,17}})/(?P<file>{PART}(/{PART})*)"
)


STAYING = (".lease", ".part", ".html")


def travels(name: str) -> bool:
    """True where a member's name is that of a file of a run, but of no weights, lease or page.

    A page runs scripts when it is opened.
    """
    found = MEMBER.fullmatch(name)
    if not found or not name.isprintable():
        return False
    parts = found["file"].lower().split("/")
    return parts[0] != "weights" and not any(part.endswith(STAYING) for part in parts)


def check_list(file: Path) -> None:
    """Check an archive's list of members, without unpacking any.

    Raises:
        InputError: if the list cannot be read, or a member is not taken.
    """
    if file.suffix.lower() != ".zip" or not file.is_file():
        absent = "" if file.exists() else "no such file; "
        raise InputError(f"{file}: {absent}expected a .zip file of runs")
    if file.stat().st_size > MOST_PACKED:
        raise InputError(f"{file}: refused, it has more than {MOST_PACKED} bytes")
    with _reading(file), zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    if not 0 < len(members) <= MOST_MEMBERS:
        raise InputError(
            f"{file}: refused, it has {len(members)} members; expected 1 to {MOST_MEMBERS}"
        )
    seen: set[str] = set()
    for info in members:
        if why := _refusal(info, seen):
            raise InputError(f"{file}: refused, its member {info.orig_filename!r} {why}")
        seen.add(info.orig_filename.casefold())
    if sum(info.file_size for info in members) > MOST_UNPACKED:
        raise InputError(f"{file}: refused, it unpacks to more than {MOST_UNPACKED} bytes")


def _refusal(info: zipfile.ZipInfo, seen: set[str]) -> str:
    """Why a member is not taken, or nothing."""
    name = info.orig_filename  # `filename` is cut where there is a zero byte
    if not travels(name):
        return "is no file of a run; expected runs/<key>/seed-NNN/<file>, and no weights"
    if name.casefold() in seen:  # one file on some systems, two on others
        return "occurs twice"
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in METHODS:
        return "is compressed in another way than deflate"
    if name.endswith(TEXTS) and info.file_size > MOST_TEXT:
        return f"is a text of more than {MOST_TEXT} bytes"
    return ""


def stage(file: Path, into: Path) -> list[Path]:
    """Unpack a listed archive into a new folder and read all of its runs; their folders there.

    Raises:
        InputError: if the archive is damaged, unpacks to too much, or has a run that cannot be
            read.
    """
    with _reading(file):  # its bytes are counted as they come: what the list says decides nothing
        extract(file, into, limit=MOST_UNPACKED)
    left = MOST_UNPACKED
    folders = sorted(into.glob("runs/*/*"))
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            with _reading(file, path, into):
                if path.suffix == ".json":
                    json.loads(path.read_text(encoding="utf-8"))
                elif path.suffix == ".npz":
                    left -= _read_arrays(path, left)
        with _reading(file, folder, into):
            _read_run(folder)
    return folders


@contextmanager
def _reading(file: Path, path: Path = Path(), into: Path = Path()) -> Iterator[None]:
    """Turn whatever a stranger's bytes make a reader raise into one sentence."""
    try:
        yield
    except Exception as error:
        if str(error).startswith(f"{file}: "):  # it is that sentence
            raise
        member = path.relative_to(into).as_posix()
        what = "" if path == into else f"refused, its {member} "
        words = " ".join(str(error).replace(f"{into}/", "").split()) or type(error).__name__
        # It may quote the stranger, at any length and with what a terminal takes for commands.
        says = "".join(letter if letter.isprintable() else "?" for letter in words[:300])
        raise InputError(f"{file}: {what}cannot be read ({says})") from error


def _read_arrays(path: Path, limit: int) -> int:
    """Read the arrays of a file one by one, and count their bytes."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    size = sum(info.file_size for info in members)
    if size > limit or any(info.compress_type not in METHODS for info in members):
        raise ValueError(f"expected deflated arrays, in all of at most {MOST_UNPACKED} bytes")
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            arrays[name]
    return size


def _read_run(folder: Path) -> None:
    """Read a run as frames do."""
    for name in ("DONE", "record.json"):
        if not (folder / name).is_file():
            raise ValueError(f"{name} is missing")
    record = own_record(folder)
    status = record.get("status")
    if not isinstance(status, str) or not _is_line(status):
        raise ValueError(f"status={status!r}; expected one line")
    if type(record["seed"]) is not int:  # true equals 1
        raise ValueError(f"seed={record['seed']!r}; expected an integer")
    stored = {path.stem for path in (folder / "diagnostics").glob("*.json")}
    if lost := sorted(stored - set(diagnostic_names(folder))):
        raise ValueError(f"diagnostics/{lost[0]}.json: expected options and rows")
    for _, row in make_frame("", [folder]).runs.iterrows():
        for name, value in row.items():  # tables and figures print them
            odd = isinstance(value, str) and not _is_line(value)
            if odd or (name in TEXT and not isinstance(value, str)) or not _is_line(str(name)):
                raise ValueError(f"{name}={value!r}; expected one line")


def _is_line(text: str) -> bool:
    """True for printable text, with the spaces of all scripts, as macOS has one before PM.

    Joiners of letters are part of names, in Persian as in emoji.
    """
    return all(c.isprintable() or category(c) == "Zs" or c in "\u200c\u200d" for c in text)
