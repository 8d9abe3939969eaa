"""Leases of runs: a file with a heartbeat says who is doing one."""

import json
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path

from .. import files

#: Seconds between two heartbeats, and without one after which a worker elsewhere counts as dead.
BEAT, DEAD_AFTER = 5.0, 60.0
#: How often a lease is read before a run is published, and the seconds between.
TRIES, PAUSE = 5, 1.0


class LostLeaseError(RuntimeError):
    """Another worker took the run over while this one was stopped for longer than a heartbeat."""


def _machine() -> str:
    """This boot of this machine, as far as process numbers have a meaning."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()} {boot} {space}"


def _started(pid: int) -> str:
    """When the process began, where the system says so: process numbers are used again.

    "ended" for one that was killed and that its parent, as in many a container, does not collect.
    """
    try:
        facts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return "ended" if facts[0] in "ZX" else facts[19]
    except (OSError, IndexError):
        return ""


def _process_lives(owner: dict) -> bool:
    try:
        os.kill(owner["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _started(owner["pid"]) == owner["started"]


def _now(folder: Path) -> float:
    """The clock of a folder's file system; this machine's where one may only read there."""
    probe = folder / f".clock.{uuid.uuid4().hex}"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except FileNotFoundError:
        raise  # the folder has gone
    except OSError:
        return time.time()
    finally:
        with suppress(OSError):
            probe.unlink()


def is_live(path: Path) -> bool:
    """True where the lease at `path` exists and its worker is alive.

    On the same machine the process itself is asked; elsewhere the heartbeat counts, against the
    clock of the file system, and a beat from the future counts as none.
    """
    try:
        owner = json.loads(path.read_text())
        if owner["machine"] == _machine():
            return _process_lives(owner)
        return abs(_now(path.parent) - path.stat().st_mtime) < DEAD_AFTER
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


class Lease:
    """A held lease; `take` makes one."""

    def __init__(self, path: Path, token: str) -> None:
        self.path = path
        self.token = token
        self._stop = threading.Event()
        threading.Thread(target=self._beat, daemon=True).start()

    @classmethod
    def take(cls, path: Path) -> "Lease | None":
        """Lease `path`, also from a dead worker; None where a live one has it.

        To be called under `locked`.
        """
        if is_live(path):
            return None
        token = uuid.uuid4().hex
        pid = os.getpid()
        owner = {"machine": _machine(), "pid": pid, "started": _started(pid), "token": token}
        files.write_json(path, owner)
        return cls(path, token)

    def _beat(self) -> None:
        while not self._stop.wait(BEAT):
            with suppress(OSError):  # a file server that hiccups; the next beat may come through
                try:
                    self.check()  # one that was stopped may wake to find it another's
                except LostLeaseError:
                    return
                os.utime(self.path)

    def check(self) -> None:
        """Raise `LostLeaseError` if the lease is no longer this worker's.

        What follows from it is to be done under `locked`.

        Raises:
            OSError: if the lease is there and cannot be read now.
        """
        try:
            mine = json.loads(self.path.read_text())["token"] == self.token
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            mine = False
        if not mine:
            raise LostLeaseError(f"{self.path}: taken over by another worker")

    def insist(self) -> None:
        """`check`, tried anew for some seconds where the lease cannot be read.

        Raises:
            LostLeaseError: as `check`, and where the lease stays unread.
        """
        for left in reversed(range(TRIES)):
            try:
                return self.check()
            except OSError as error:
                if not left:
                    raise LostLeaseError(f"{self.path}: cannot be read ({error})") from error
                time.sleep(PAUSE)

    def release(self) -> None:
        """Give the lease up; call under `locked`."""
        self._stop.set()
        with suppress(LostLeaseError, OSError):  # an unread one ends with this process
            self.check()
            self.path.unlink()
