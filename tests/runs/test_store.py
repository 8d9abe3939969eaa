"""Runs on disk: whole or absent, claimed by one worker, found again."""

import json
import math
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from inr_experiments.runs import claim as claims
from inr_experiments.runs.claim import Claim, LostClaimError, is_live, locked
from inr_experiments.runs.frame import frame, read_frame, seed_folders, write_frame
from inr_experiments.runs.store import Store, read_arrays, state, write_diagnostic

RECORD = {
    "key": "k", "seed": 0, "status": "done", "item": "0826", "parameters": 5,
    "config": {"model": {"name": "relu"}, "task": {"name": "t"}, "scale": {"name": "smoke"}},
    "metrics": {"psnr": 2.0, "psnr_best": 3.0}, "seconds": {"total": 1.5},
}  # fmt: skip


@pytest.fixture
def store(outputs):
    return Store(outputs)


def fill(store: Store, seed: int = 0) -> None:
    with store.working("k", seed) as run:
        run.append(0, {"psnr": 1.0})
        run.append(10, {"psnr": 2.0})
        run.trace((0.5, 0.25), (1.0, 0.5))
        run.save_weights(0, {"w": np.eye(2, dtype=np.float32)})
        write_diagnostic(run.path, "d", {0: {"r": 1, "s": np.arange(3)}, 10: {"r": 2}})
        run.finish(RECORD | {"seed": seed}, "a: 1\n")


def holder(store: Store) -> subprocess.Popen:
    """A process that has just claimed the run."""
    code = (
        "import sys, time; from pathlib import Path; from inr_experiments.runs.store import Store\n"
        "with Store(Path(sys.argv[1])).working('k', 0): print('in', flush=True); time.sleep(60)"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", code, str(store.outputs)], stdout=subprocess.PIPE, text=True
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


def test_the_claim_of_a_killed_process_is_taken_over(store):
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
    path = tmp_path / "seed-000.claim"
    path.write_text(json.dumps({"machine": "another", "pid": 1, "started": "", "token": "t"}))
    then = time.time() - age
    os.utime(path, (then, then))
    assert is_live(path) == live


def test_a_held_claim_beats(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "BEAT", 0.05)
    path = tmp_path / "seed-000.claim"
    with locked(tmp_path):
        held = Claim.take(path)
    os.utime(path, (0, 0))
    deadline = time.time() + 5
    while path.stat().st_mtime == 0 and time.time() < deadline:
        time.sleep(0.02)
    assert path.stat().st_mtime > 0
    with locked(tmp_path):
        held.release()
    assert not path.exists()


def test_a_worker_that_lost_its_claim_publishes_nothing(store):
    with pytest.raises(LostClaimError), store.working("k", 0) as run:
        run.finish(RECORD, "")
        (store.runs / "k/seed-000.claim").write_text('{"token": "of another"}')
    assert store.record("k", 0) is None
    assert not (store.runs / "k/seed-000.part/error.txt").exists(), "the folder is another's"


def test_the_frame_holds_what_the_records_hold(store, tmp_path):
    fill(store, 0)
    fill(store, 1)
    table = frame(seed_folders(store.outputs))
    write_frame(table, tmp_path / "f.csv")
    again = read_frame(tmp_path / "f.csv")
    assert again["item"].unique().tolist() == ["0826"], "an id is text"
    one = again[again["seed"] == 1].set_index(["metric", "step"])["value"]
    assert one.to_dict() == {
        ("psnr", 0): 1.0, ("psnr", 10): 2.0, ("psnr_best", 10): 3.0, ("seconds", 10): 1.5,
        ("parameters", 10): 5.0, ("d/r", 0): 1.0, ("d/r", 10): 2.0,
        ("early_slope", 10): pytest.approx(-math.log(2)),  # the loss is halved at every step
        ("significand_bits", 10): 24.0,
    }  # fmt: skip
    assert again[again["last"]]["step"].unique().tolist() == [10]


def test_the_frame_has_a_column_for_what_a_sweep_varied(store, tmp_path):
    fill(store, 0)
    fill(store, 1)
    one, two = seed_folders(store.outputs)
    write_frame(frame([one, two], {one: {"task.fitted": "0.5"}}), tmp_path / "f.csv")
    again = read_frame(tmp_path / "f.csv").groupby("seed")["task.fitted"]
    assert again.first()[0] == 0.5 and again.count()[1] == 0


def test_arrays_come_back_by_step(store):
    fill(store)
    arrays = read_arrays(store.folder("k", 0), "d", step=0)
    assert arrays["s"].tolist() == [0, 1, 2]
    assert read_arrays(store.folder("k", 0), "d", step=10) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 999}'])
def test_a_broken_record_is_put_aside_and_the_run_redone(store, caplog, text):
    fill(store)
    folder = store.folder("k", 0)
    (folder / "record.json").write_text(text)
    assert store.record("k", 0) is None
    (aside,) = folder.parent.glob("seed-000.broken-*")
    assert (aside / "record.json").read_text() == text
    assert str(aside) in caplog.text and "record.json" in caplog.text
    fill(store)
    assert store.record("k", 0)["status"] == "done"
    assert seed_folders(store.outputs) == [folder], "what was put aside is no run"


def test_everyone_on_a_shared_folder_may_read_all_files(store):
    fill(store)
    files = [path for path in store.folder("k", 0).rglob("*") if path.is_file()]
    assert len(files) > 4
    assert len({path.stat().st_mode for path in files}) == 1
