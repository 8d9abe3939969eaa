"""Runs on a file server that hiccups, and on a disk that is full."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inr_experiments import files
from inr_experiments.runs import lease as leases
from inr_experiments.runs.lease import LostLeaseError
from tests.runs.test_store import RECORD


def hiccups(monkeypatch, times: int) -> Iterator[int]:
    """A file server by which a lease cannot be read so many times; those that are left."""
    read, left = Path.read_text, iter(range(times))

    def refuse(path, *words, **options):
        if path.suffix == ".lease" and next(left, None) is not None:
            raise OSError(116, "Stale file handle", str(path))
        return read(path, *words, **options)

    monkeypatch.setattr(Path, "read_text", refuse)
    return left


def test_a_lease_outlives_a_file_server_that_hiccups(store, monkeypatch):
    monkeypatch.setattr(leases, "BEAT", 0.01)
    with store.working("k", 0) as run:
        path = store.runs / "k/seed-000.lease"
        os.utime(path, (0, 0))
        left = hiccups(monkeypatch, 3)
        deadline = time.monotonic() + 10
        while path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert path.stat().st_mtime > 0, "it still beats"
        run.finish(RECORD, "")
    assert next(left, None) is None and store.record("k", 0) is not None


def test_a_fit_is_published_although_its_lease_is_unread_for_a_moment(store, monkeypatch):
    monkeypatch.setattr(leases, "PAUSE", 0.0)
    with store.working("k", 0) as run:
        run.finish(RECORD, "")
        hiccups(monkeypatch, 3)
    assert store.record("k", 0)["status"] == "done"
    with pytest.raises(LostLeaseError, match="cannot be read"), store.working("k", 1) as run:
        run.finish(RECORD | {"seed": 1}, "")
        hiccups(monkeypatch, 100)
    assert not list(store.runs.glob("k/seed-001*/error.txt")), "it may be another's folder"


def test_a_full_disk_does_not_hide_why_a_run_failed(store, monkeypatch):
    def full(path, _text):
        raise OSError(28, "No space left on device", str(path))

    with pytest.raises(ZeroDivisionError), store.working("k", 0):
        monkeypatch.setattr(files, "write_text", full)
        1 / 0  # noqa: B018
