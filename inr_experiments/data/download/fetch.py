"""Files from the network, the only code that asks for one."""

import fcntl
import http.client
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ...checks import InputError
from ...digest import sha256_of

PIECE = 1 << 18
#: Answers after which asking again may help: timeouts, too many requests, a server out of order.
PASSING = (408, 425, 429, 500, 502, 503, 504)
#: Seconds to wait at the most where a server says when to come back.
MOST_PATIENCE = 120.0
#: What a connection that breaks raises; other errors of the system come from the disk.
LOST = (ConnectionError, TimeoutError, ssl.SSLError)


@dataclass(frozen=True)
class Source:
    """One file of someone else's.

    Attributes:
        name: what it is called there and here.
        url: where it lies; None where no public link is known and a user must bring it.
        size: its bytes; for `lucy.tar.gz`, of which only the order is known, a bound.
        sha256: the hash by which it is known.
    """

    name: str
    url: str | None
    size: int
    sha256: str


def download(
    source: Source, folder: Path, *, room: int = 0, tries: int = 5, pause: float = 2.0
) -> Path:
    """Bring a file into a folder and return where it lies; nothing is asked if it is there.

    What came is in `NAME.part` until all of it is there and has the right hash. An interrupted
    download goes on where it stopped, by itself and when it is asked for again; a server that
    cannot send a part sends the whole.

    Args:
        room: further bytes of disk that its user will need.
        tries: attempts in a row that bring nothing before it is given up.
        pause: seconds between two attempts.

    Raises:
        InputError: if the disk has too little room, the server has no such file or cannot be
            reached, more than the expected bytes come, or their hash is wrong; a file with a wrong
            hash is kept as `NAME.wrong`.
    """
    target = folder / source.name
    part = folder / f"{source.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if target.is_file() and sha256_of(target) == source.sha256:
            return target
        got = part.stat().st_size if part.is_file() else 0
        check_room(folder, max(0, source.size - got) + room)
        with part.open("ab") as out, _alone(out, part):
            _complete(source, out, tries=tries, pause=pause)
        found = sha256_of(part)
        if found != source.sha256:
            wrong = folder / f"{source.name}.wrong"
            part.replace(wrong)
            raise InputError(
                f"{source.url}: sha256 {found}, expected {source.sha256}; what came is kept as "
                f"{wrong}, and the same command starts anew"
            )
        part.replace(target)
    except OSError as error:
        raise InputError(f"{part}: cannot be written ({error.strerror or error})") from error
    return target


def check_room(folder: Path, needed: int) -> None:
    """An `InputError` where the disk under a folder has less than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(
            f"{folder}: {free / 1e9:.2f} GB free; expected at least {needed / 1e9:.2f} GB"
        )


def _complete(source: Source, out: IO[bytes], *, tries: int, pause: float) -> None:
    """Ask until `out` holds the whole file; only attempts in vain count as tries."""
    from tqdm import tqdm

    failures = 0
    with tqdm(
        total=source.size, desc=source.name, unit="B", unit_scale=True, disable=None
    ) as progress:
        while True:
            before, wait = out.tell(), pause
            try:
                if _receive(source, out, progress):
                    return
                why = "the connection was lost"
            except urllib.error.HTTPError as error:
                why = f"{error.code} {' '.join(str(error.reason).split())}"
                if error.code not in PASSING:
                    raise InputError(f"{source.url}: {why}") from error
                wait = max(pause, retry_after(error))
            except urllib.error.URLError as error:
                why = str(error.reason)
            except (http.client.HTTPException, *LOST) as error:
                why = str(error) or type(error).__name__
            failures = 0 if out.tell() > before else failures + 1
            if failures >= tries:
                raise InputError(
                    f"{source.url}: {why}; {out.tell()} of {source.size} bytes are here, and the "
                    "same command goes on from there"
                )
            time.sleep(wait if failures else 0)


def retry_after(error: urllib.error.HTTPError) -> float:
    """The seconds after which a server wants to be asked again; 0 where it does not say them."""
    said = error.headers.get("Retry-After", "")
    return min(float(said), MOST_PATIENCE) if said.isdecimal() and said.isascii() else 0.0


def _receive(source: Source, out: IO[bytes], progress: Any) -> bool:
    """One request for what `out` lacks; True if the server has sent all that there is."""
    assert source.url is not None
    have = out.tell()
    request = urllib.request.Request(source.url, headers={"Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except ValueError as error:  # as of a redirect to what is no address
        raise http.client.HTTPException(str(error)) from error
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        # Nothing lies beyond what we have: it is complete, as the hash will tell, or not this file.
        if have == source.size or error.headers.get("Content-Range") == f"bytes */{have}":
            return True
        _empty(out)
        return False
    with answer:
        start, end = _span(answer)
        if start != have:
            _empty(out)
            if start:
                return False
        if end is not None and end > source.size:
            raise InputError(f"{source.url}: {end} bytes; expected at most {source.size}")
        _copy(source, answer, out, progress)
        return end is None or out.tell() == end


def _empty(out: IO[bytes]) -> None:
    """Start anew."""
    out.seek(0)
    out.truncate()


def _span(answer: http.client.HTTPResponse) -> tuple[int, int | None]:
    """The first byte that an answer sends, and the number of bytes of the whole, where it says."""
    length = answer.headers.get("Content-Length")
    size = int(length) if length and length.isdecimal() and length.isascii() else None
    if answer.status != 206:
        return 0, size
    match = re.match(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
    if match is None:
        raise http.client.HTTPException("an answer in part that does not say which part")
    return int(match[1]), None if match[2] == "*" else int(match[2])


def _copy(source: Source, answer: IO[bytes], out: IO[bytes], progress: Any) -> None:
    """Append an answer, as far as it comes."""
    progress.n = out.tell()
    progress.refresh()
    while piece := answer.read(PIECE):
        out.write(piece)
        progress.update(len(piece))
        if out.tell() > source.size:
            raise InputError(f"{source.url}: more than the {source.size} bytes expected")


@contextmanager
def _alone(out: IO[bytes], part: Path) -> Iterator[None]:
    """Keep a second download of the same file away; ends with the process."""
    try:
        fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(f"{part}: another process is downloading it") from error
    yield
