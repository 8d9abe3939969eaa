"""Runs on disk: whole or absent, leased to one worker, found again."""

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inr_experiments import files
from inr_experiments.checks import InputError
from inr_experiments.files import locked
from inr_experiments.runs import lease as leases
from inr_experiments.runs.lease import Lease, LostLeaseError, is_live
from inr_experiments.runs.measured import (
    diagnostic_names,
    read_arrays,
    read_diagnostic,
    read_options,
    write_diagnostic,
)
from inr_experiments.runs.store import Store, seed_folders, state

RECORD = {
    "key": "k", "seed": 0, "status": "done", "item": "0826", "parameters": 5,
    "config": {"model": {"name": "relu"}, "task": {"name": "t"}, "scale": {"name": "smoke"}},
    "metrics": {"psnr": 2.0, "psnr_best": 3.0}, "seconds": {"total": 1.5},
}  # fmt: skip


def fill(store: Store, seed: int = 0) -> None:
    with store.working("k", seed) as run:
        run.append(0, {"psnr": 1.0})
        run.append(10, {"psnr": 2.0})
        run.trace((0.5, 0.25), (1.0, 0.5))
        run.save_weights(0, {"w": np.eye(2, dtype=np.float32)})
        write_diagnostic(
            run.path, "d", {0: {"r": 1, "s": np.arange(3)}, 10: {"r": 2}}, {"points": 3}
        )
        run.finish(RECORD | {"seed": seed}, "a: 1\n")


def holder(store: Store) -> subprocess.Popen:
    """A process that has just leased the run."""
    code = (
        "import sys, time; from pathlib import Path; from inr_experiments.runs.store import Store\n"
        "with Store(Path(sys.argv[1])).working('k', 0): print('in', flush=True); time.sleep(60)"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", code, str(store.runs.parent)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout.readline() == "in\n"
    return worker


def test_a_run_appears_whole(store):
    with store.working("k", 0) as run:
        run.append(0, {"psnr": 1.0})
        assert not store.folder("k", 0).exists()
        assert state(store.folder("k", 0)) == "running"
        run.finish(RECORD, "")
    folder = store.folder("k", 0)
    assert state(folder) == "done"
    assert {p.name for p in folder.iterdir()} == {
        "DONE",
        "record.json",
        "config.yaml",
        "history.csv",
    }
    assert sorted(p.name for p in folder.parent.iterdir()) == [".lock", "seed-000"]


def test_a_run_that_raises_is_not_there_and_its_traceback_is(store):
    with pytest.raises(ZeroDivisionError), store.working("k", 0):
        1 / 0  # noqa: B018
    assert store.record("k", 0) is None
    assert state(store.folder("k", 0)) == "failed: error"
    assert "ZeroDivisionError" in (store.runs / "k/seed-000.part/error.txt").read_text()
    fill(store)
    assert state(store.folder("k", 0)) == "done"


def test_two_workers_do_not_share_a_run(store):
    with store.working("k", 0) as first, store.working("k", 0) as second:
        assert first is not None and second is None
        first.finish(RECORD, "")
    assert state(store.folder("k", 0)) == "done"


def test_the_lease_of_a_killed_process_is_taken_over(store):
    worker = holder(store)
    with store.working("k", 0) as run:
        assert run is None
    worker.kill()
    worker.wait()
    assert state(store.folder("k", 0)) == "interrupted"
    fill(store)
    assert state(store.folder("k", 0)) == "done"


def test_a_killed_process_that_nobody_collected_is_dead(store):
    worker = holder(store)
    worker.kill()
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
    assert state(store.folder("k", 0)) == "interrupted"
    fill(store)
    assert state(store.folder("k", 0)) == "done"
    worker.wait()


def test_a_run_that_another_finished_meanwhile_is_not_done_again(store):
    assert store.record("k", 0) is None
    fill(store)
    with store.working("k", 0) as run:
        assert run is None
    with store.working("k", 0, again=True) as run:
        run.finish(RECORD | {"item": "again"}, "")
    assert store.record("k", 0)["item"] == "again"


@pytest.mark.parametrize(("age", "live"), [(1, True), (3600, False), (-3600, False)])
def test_elsewhere_the_heartbeat_counts(tmp_path, age, live):
    path = tmp_path / "seed-000.lease"
    path.write_text(json.dumps({"machine": "another", "pid": 1, "started": "", "token": "t"}))
    then = time.time() - age
    os.utime(path, (then, then))
    assert is_live(path) == live


def test_a_held_lease_beats(tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "BEAT", 0.05)
    path = tmp_path / "seed-000.lease"
    with locked(tmp_path):
        held = Lease.take(path)
    os.utime(path, (0, 0))
    deadline = time.time() + 5
    while path.stat().st_mtime == 0 and time.time() < deadline:
        time.sleep(0.02)
    assert path.stat().st_mtime > 0
    with locked(tmp_path):
        held.release()
    assert not path.exists()


def test_a_lease_that_was_lost_does_not_beat(tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "BEAT", 0.05)
    path = tmp_path / "seed-000.lease"
    with locked(tmp_path):
        Lease.take(path)
    path.write_text('{"token": "of another"}')
    os.utime(path, (0, 0))
    time.sleep(0.3)
    assert path.stat().st_mtime == 0


def test_elsewhere_is_asked_also_where_one_may_only_read(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    path = tmp_path / "seed-000.lease"
    path.write_text(json.dumps({"machine": "another", "pid": 1, "started": "", "token": "t"}))
    monkeypatch.setattr(type(path), "touch", refuse)
    assert state(tmp_path / "seed-000") == "running"


def test_writers_with_one_process_number_do_not_meet(tmp_path):
    with ThreadPoolExecutor(8) as several:
        jobs = [several.submit(files.write_json, tmp_path / "d.json", n) for n in range(400)]
        assert [job.result() for job in jobs] == [None] * 400
    assert [path.name for path in tmp_path.iterdir()] == ["d.json"]


def test_a_worker_that_lost_its_lease_publishes_nothing(store):
    with pytest.raises(LostLeaseError), store.working("k", 0) as run:
        run.finish(RECORD, "")
        (store.runs / "k/seed-000.lease").write_text('{"token": "of another"}')
    assert store.record("k", 0) is None
    assert not (store.runs / "k/seed-000.part/error.txt").exists(), "the folder is another's"


def test_a_diagnostic_comes_back_by_step_with_its_options(store):
    fill(store)
    folder = store.folder("k", 0)
    arrays = read_arrays(folder, "d")
    assert list(arrays) == [0] and arrays[0]["s"].tolist() == [0, 1, 2]
    assert read_diagnostic(folder, "d") == [{"step": 0, "r": 1}, {"step": 10, "r": 2}]
    assert read_options(folder, "d") == {"points": 3}
    assert diagnostic_names(folder) == ["d"]
    assert read_diagnostic(folder, "e") is None and read_options(folder, "e") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 999}'])
def test_a_broken_record_is_put_aside_and_the_run_redone(store, caplog, text):
    fill(store)
    folder = store.folder("k", 0)
    (folder / "record.json").write_text(text)
    assert store.record("k", 0) is None and folder.is_dir(), "who only looks moves nothing"
    fill(store)
    (aside,) = folder.parent.glob("seed-000.broken-*")
    assert (aside / "record.json").read_text() == text
    assert str(aside) in caplog.text and "record.json" in caplog.text
    assert store.record("k", 0)["status"] == "done"
    assert seed_folders(store.runs.parent) == [folder], "what was put aside is no run"


def test_a_record_that_may_not_be_read_is_not_put_aside(store):
    fill(store)
    folder = store.folder("k", 0)
    (folder / "record.json").unlink()
    (folder / "record.json").mkdir()  # no file, for root too
    for ask in (lambda: store.record("k", 0), lambda: fill(store)):
        with pytest.raises(IsADirectoryError):
            ask()
    assert state(folder).startswith("unreadable: ") and (folder / "DONE").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rows": []}'])
def test_a_broken_diagnostic_counts_as_not_measured(store, caplog, text):
    fill(store)
    folder = store.folder("k", 0)
    (folder / "diagnostics/d.json").write_text(text)
    assert read_diagnostic(folder, "d") is None and read_options(folder, "d") is None
    assert diagnostic_names(folder) == []
    assert caplog.text.count("d.json: cannot be read") == 1, "said once"
    fill(store, 1)
    folder = store.folder("k", 1)
    whole = (folder / "diagnostics/d.npz").read_bytes()
    (folder / "diagnostics/d.npz").write_bytes(whole[:50] + bytes(20) + whole[70:])
    assert read_options(folder, "d") is not None, "its end is there"
    with pytest.raises(InputError, match=r"d\.npz: cannot be read .* once d\.json"):
        read_arrays(folder, "d")


def test_cut_arrays_count_as_not_measured(store, caplog):
    fill(store)
    path = store.folder("k", 0) / "diagnostics/d.npz"
    path.write_bytes(path.read_bytes()[:-10])
    assert read_options(store.folder("k", 0), "d") is None
    assert "d.json: cannot be read (d.npz is no archive)" in caplog.text


def test_a_copied_folder_is_no_run_of_its_own(store):
    fill(store)
    (run,) = store.runs.glob("*/seed-000")
    shutil.copytree(run.parent, run.parent.with_name(f"{run.parent.name}-backup"))
    copy = run.parent.with_name(f"{run.parent.name}-backup") / run.name
    assert state(run) == "done" and state(copy).startswith("unreadable: ")


def test_a_record_of_another_schema_is_unreadable(store):
    fill(store)
    (store.folder("k", 0) / "record.json").write_text('{"schema": 1}')
    assert state(store.folder("k", 0)).startswith("unreadable: ")


def test_everyone_on_a_shared_folder_may_read_all_files(store):
    fill(store)
    files = [path for path in store.folder("k", 0).rglob("*") if path.is_file()]
    assert len(files) > 4
    assert len({path.stat().st_mode for path in files}) == 1
