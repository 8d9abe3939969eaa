"""Runs on disk: `<outputs>/runs/<key>/seed-NNN/`, whole or not there at all.

    config.yaml              the resolved config
    record.json              key, seed, status, config, metrics, milestones, provenance, seconds …
    names.json               the names under which its data was given, see names.py
    history.csv              step, loss, lr of every step
    weights/SSSSSS.safetensors        the field at every milestone
    diagnostics/             what was measured, see measured.py
    reconstruction.png …     what the task draws
    DONE                     written last

While it is worked on, a run is `seed-NNN.part` beside its lease; it appears under its own name by
one rename.
"""

import json
import logging
import os
import shutil
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import files
from .lease import Lease, LostLeaseError, is_live

log = logging.getLogger(__name__)

SCHEMA = 2


class Run:
    """A run folder that is being filled."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.milestones: list[dict[str, float]] = []
        self._history: list[tuple[int, float, float]] = []

    def append(self, step: int, metrics: Mapping[str, float]) -> None:
        """Note the metrics of a milestone."""
        self.milestones.append({"step": step, **metrics})

    def trace(self, losses: tuple[float, ...], rates: tuple[float, ...]) -> None:
        """Note the loss and learning rate of the steps that follow those noted so far."""
        first = len(self._history)
        self._history += [
            (first + i, loss, rate)
            for i, (loss, rate) in enumerate(zip(losses, rates, strict=True))
        ]

    def save_weights(self, step: int, weights: Mapping[str, npt.NDArray]) -> None:
        """Keep the field of a milestone."""
        from safetensors.numpy import save

        folder = self.path / "weights"
        folder.mkdir(exist_ok=True)
        contiguous = {name: np.ascontiguousarray(value) for name, value in weights.items()}
        # As bytes: the library's own files are closed to the others on a shared folder.
        whole = save(contiguous)
        files.write(folder / f"{step:06d}.safetensors", lambda part: part.write_bytes(whole))

    def finish(self, record: Mapping[str, Any], config_yaml: str) -> None:
        """Write config, history, record and, last, DONE."""
        rows = ["step,loss,lr", *(f"{s},{loss:.9g},{lr:.9g}" for s, loss, lr in self._history)]
        files.write_text(self.path / "history.csv", "\n".join(rows) + "\n")
        files.write_text(self.path / "config.yaml", config_yaml)
        files.write_json(
            self.path / "record.json",
            {"schema": SCHEMA, **record, "milestones": self.milestones},
        )
        files.write_text(self.path / "DONE", "")


def seed_folders(outputs: Path) -> list[Path]:
    """Every `seed-NNN` under an outputs folder, finished or not, in order."""
    found = set()
    for path in (outputs / "runs").glob("*/seed-*"):
        found.add(path.with_name(path.name.split(".")[0]))
    return sorted(found)


class Store:
    """The runs under one outputs folder."""

    def __init__(self, outputs: Path) -> None:
        self.runs = outputs / "runs"

    def folder(self, key: str, seed: int) -> Path:
        """The folder of the finished run."""
        return self.runs / key / f"seed-{seed:03d}"

    def record(self, key: str, seed: int) -> dict[str, Any] | None:
        """The record of a finished run; None where it is not finished or its record is broken."""
        folder = self.folder(key, seed)
        try:
            return own_record(folder) if (folder / "DONE").exists() else None
        except ValueError:  # or the folder is just changing hands: `working` looks again
            return None

    @contextmanager
    def working(self, key: str, seed: int, *, again: bool = False) -> Iterator[Run | None]:
        """Hold the run's lease and fill a fresh folder, published when the block ends well.

        Yields None where another live worker has the run, and, unless it is to be done `again`,
        where it is finished. A run whose record is broken is put aside. If the block raises, the
        part folder stays with the traceback in error.txt until the run is tried again.
        """
        final = self.folder(key, seed)
        part = final.with_name(final.name + ".part")
        with leased(final) as lease:
            # Another may have finished it since the caller looked.
            if lease is None or (not again and is_whole(final)):
                yield None
                return
            if part.exists():
                shutil.rmtree(part)  # what a dead worker left unfinished
            try:
                part.mkdir()
                yield Run(part)
                with files.locked(final.parent):
                    lease.insist()
                    files.exchange(part, final)
            except LostLeaseError:
                raise  # the part folder is another worker's now
            except Exception:
                with suppress(OSError):  # as of a full disk, which would be told in its place
                    if part.exists():
                        files.write_text(part / "error.txt", traceback.format_exc())
                raise


@contextmanager
def leased(folder: Path) -> Iterator[Lease | None]:
    """Hold the lease of a seed's folder; None where another live worker has it."""
    with files.locked(folder.parent):
        lease = Lease.take(folder.with_name(folder.name + ".lease"))
    try:
        yield lease
    finally:
        if lease is not None:
            with files.locked(folder.parent):
                lease.release()


def is_whole(folder: Path) -> bool:
    """True of a finished run; one whose record is broken is put aside. To be asked with its lease.

    Raises:
        OSError: if the record is there and may not be read; nothing is moved.
    """
    if not (folder / "DONE").exists():
        return False
    try:
        own_record(folder)
    except ValueError as error:
        aside = folder.with_name(f"{folder.name}.broken-{time.time_ns()}")
        os.rename(folder, aside)
        log.warning("%s; the run is redone, what was there is kept in %s", error, aside)
        return False
    return True


def own_record(folder: Path) -> dict[str, Any]:
    """`read_record`, and a ValueError where the run was copied here from another one's place."""
    record = read_record(folder)
    written = (record.get("key"), record.get("seed"))
    if written != (folder.parent.name, int(folder.name.removeprefix("seed-"))):
        raise ValueError(f"{folder}: holds the run {written[0]}, seed {written[1]}")
    return record


def read_record(folder: Path) -> dict[str, Any]:
    """The record in a run folder.

    Raises:
        ValueError: if there is none, or it is no record of this schema; names the file.
    """
    path = folder / "record.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise ValueError(f"{path}: not a readable record ({error})") from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise ValueError(f"{path}: expected a record of schema {SCHEMA}")
    return record


def may_be_passed_on(record: Mapping[str, Any]) -> bool:
    """True where the record says so of the pictures of a run."""
    return bool(record["data"].get("redistributable", False))


def read_losses(folder: Path) -> list[float]:
    """The training loss of every step of a finished run."""
    _, *lines = (folder / "history.csv").read_text(encoding="utf-8").splitlines()
    return [float(line.split(",")[1]) for line in lines]


def state(folder: Path) -> str:
    """The state of a seed's folder: done, failed, unreadable, running, interrupted or not begun.

    `folder` is `seed-NNN`, whether or not it exists yet.
    """
    if (folder / "DONE").exists():
        try:
            return str(own_record(folder)["status"])
        except (OSError, ValueError) as error:
            return f"unreadable: {error}"
    lease, part = (folder.with_name(folder.name + end) for end in (".lease", ".part"))
    if is_live(lease):
        return "running"
    if (part / "error.txt").exists():
        return "failed: error"
    return "interrupted" if lease.exists() or part.exists() else "not begun"
