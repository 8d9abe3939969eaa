"""The launcher as a user meets it: from any folder, killed, asked again, asked wrongly."""

import json
import os
import resource
import shutil
import signal
import subprocess
import threading
import time
from datetime import datetime
from types import SimpleNamespace

import loky
import pytest

from inr_experiments.data.images import load as images
from inr_experiments.experiment import Outcome
from inr_experiments.runs.measured import read_diagnostic
from inr_experiments.sweep.job import notes
from tests.launching import SMOKE, begun, command, fit, inr


def run_folders(tmp_path):
    return sorted((tmp_path / "o/runs").glob("*/seed-*"))


def test_a_run_says_psnr_rank_and_picture_and_is_found_again(tmp_path):
    done = inr(*SMOKE, "outputs=o", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = run_folders(tmp_path)
    record = json.loads((folder / "record.json").read_text())
    assert f"psnr {record['metrics']['psnr']:.4g}" in done.stdout
    assert "made for a ReLU" not in done.stdout  # the warning of another activation
    assert "effective rank of Z₀" in done.stdout and "reconstruction.png" in done.stdout
    assert record["config"]["model"]["name"] == "rank_expanding"
    names = {p.name for p in folder.iterdir()}
    assert {"DONE", "config.yaml", "history.csv", "weights", "diagnostics"} <= names
    assert {p.name for p in (tmp_path / "o").iterdir()} == {"runs"}, "nothing beside it"
    before = (folder / "record.json").stat().st_mtime_ns
    again = inr(*SMOKE, "outputs=o", cwd=tmp_path)
    assert "already done" in again.stdout
    assert (folder / "record.json").stat().st_mtime_ns == before


def test_what_was_mended_is_said_of_a_run_that_is_fresh(tmp_path):
    record = {"data": {"notes": ["orientation was inverted; mended"]}}
    for fresh in (True, False):
        said = notes(Outcome("done", fresh, tmp_path, record))
        assert ("orientation was inverted; mended" in said) is fresh


def test_force_redoes_it_and_gets_the_same(tmp_path):
    fit(*SMOKE, "outputs=o", cwd=tmp_path)
    (folder,) = run_folders(tmp_path)
    first = json.loads((folder / "record.json").read_text())
    fit(*SMOKE, "outputs=o", "force=true", cwd=tmp_path)
    assert run_folders(tmp_path) == [folder]
    second = json.loads((folder / "record.json").read_text())
    assert second["metrics"] == first["metrics"]
    assert second["provenance"]["finished_utc"] >= first["provenance"]["finished_utc"]
    assert second["seconds"] != first["seconds"]


def test_a_new_diagnostic_is_computed_without_a_fit(tmp_path):
    fit(*SMOKE, "outputs=a", "diagnostic=none", cwd=tmp_path)
    assert not fit(*SMOKE, "outputs=a", cwd=tmp_path).fresh
    fit(*SMOKE, "outputs=b", cwd=tmp_path)
    (late,), (early,) = ((tmp_path / o / "runs").glob("*/seed-000") for o in "ab")
    stored = read_diagnostic(late, "spectra")
    assert [row["step"] for row in stored] == [0, 4]
    for row, other in zip(stored, read_diagnostic(early, "spectra"), strict=True):
        assert row == pytest.approx(other)


def test_more_of_a_diagnostic_is_measured_and_nothing_of_it_lost(tmp_path):
    more = ("diagnostic.spectra.stages=[hidden]", "diagnostic.spectra.weights=true")
    for words in ((), more, ()):
        fit(*SMOKE, "outputs=o", *words, cwd=tmp_path)
    (folder,) = run_folders(tmp_path)
    row = read_diagnostic(folder, "spectra")[-1]
    for stage in ("inlet", "hidden.2", "hidden.2.weight"):
        assert row[f"{stage}/effective_rank"] > 0, stage


def test_two_diagnostics_both_run(tmp_path):
    (tmp_path / "conf/diagnostic").mkdir(parents=True)
    (tmp_path / "conf/diagnostic/second.yaml").write_text(
        "# @package diagnostic.second\ndefaults: [spectra@_here_]\n"
    )
    chosen = "diagnostic=[spectra,second]"
    done = inr("--config-dir", "conf", *SMOKE, chosen, "outputs=o", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = run_folders(tmp_path)
    assert read_diagnostic(folder, "second") == read_diagnostic(folder, "spectra")


def test_a_failed_job_does_not_stop_the_sweep(tmp_path):
    done = inr("-m", *SMOKE, "fit.lr=1e30,1e-3", "model.width=-1,8", "outputs=o", cwd=tmp_path)
    assert done.returncode == 1
    summary = done.stderr[done.stderr.index("inr: ") :]
    assert "3 of 4 runs failed" in summary
    assert "diverged at step" in summary and "model.width=-1: expected" in summary
    for line in summary.splitlines()[1:]:
        diverged = "its record is in" in line
        left = line.rsplit(" in ", 1)[1] if diverged else line.rsplit("(", 1)[1].rstrip(")")
        assert (tmp_path / left).exists(), line
    statuses = sorted(json.loads((f / "record.json").read_text())["status"].split(" at")[0]
                      for f in run_folders(tmp_path))  # fmt: skip
    assert statuses == ["done", "failed: diverged"]


def test_processes_do_the_same_as_one_and_one_bad_picture_fails_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for name in ("coffee", "rocket"):
        shutil.copy(images.bundled(name), tmp_path / f"{name}.png")
        fit(*SMOKE, f"task.path={name}.png", "outputs=o", cwd=tmp_path)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    words = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweep.dir=logs")
    done = inr("-m", *SMOKE, "task.path=*.png", "outputs=p", *words, cwd=tmp_path)
    assert done.returncode == 1 and "1 of 3 runs failed, the others are done:" in done.stderr
    (traceback,) = tmp_path.rglob("traceback*.txt")
    assert traceback.is_relative_to(tmp_path / "logs") and traceback.name in done.stderr
    assert len(run_folders(tmp_path)) == 2
    for folder in run_folders(tmp_path):
        other = tmp_path / "p" / folder.relative_to(tmp_path / "o")
        a, b = (json.loads((f / "record.json").read_text()) for f in (folder, other))
        assert a["metrics"] == pytest.approx(b["metrics"], rel=1e-4)
        assert b["provenance"]["threads"] == max(loky.cpu_count() // 2, 1), "they share the cores"


def test_processes_that_sweep_in_the_same_microsecond_keep_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "hydra.core.utils.datetime", SimpleNamespace(now=lambda: datetime(2026, 1, 1))
    )
    done = inr("-m", *SMOKE, "diagnostic=none", "outputs=o", "seed=0,1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "o/launches/2026-01-01").iterdir()
    assert folder.name == f"00-00-00-000000-{os.getpid()}"


@pytest.fixture
def interruptible():
    """Ctrl-C reaches what a test starts also where a shell runs the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("phase", ["look_up", "seconds_left", "show"])
def test_ctrl_c_before_and_after_the_runs_of_a_sweep(tmp_path, phase, monkeypatch):
    def press(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"inr_experiments.sweep.sweeper.{phase}", press)
    done = inr("-m", *SMOKE, "seed=0,1", "diagnostic=none", "outputs=o", cwd=tmp_path)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr and "stopped" in done.stderr


def test_ctrl_c_within_a_sweep(tmp_path):
    said = tmp_path / "said.txt"
    worker = begun("-m", *SMOKE, "seed=range(40)", "outputs=o", cwd=tmp_path, said=said)
    deadline = time.monotonic() + 60
    try:
        while not (said.exists() and "1 of 40" in said.read_text()):
            assert worker.exitcode is None and time.monotonic() < deadline, said.read_text()
            time.sleep(0.02)
        os.kill(worker.pid, signal.SIGINT)
        worker.join(timeout=60)
    finally:
        worker.kill()
    assert worker.exitcode == 130
    assert "Traceback" not in said.read_text() and "stopped" in said.read_text()
    assert not list((tmp_path / "o").glob("runs/*/*.lease"))
    for record in (tmp_path / "o").glob("runs/*/seed-*[0-9]/record.json"):
        assert json.loads(record.read_text())["status"] == "done"


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_cleanly(tmp_path):
    ended = threading.Event()

    def press() -> None:
        while not ended.wait(0.05):
            if list((tmp_path / "o").glob("runs/*/seed-000.part")):
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
                return

    presser = threading.Thread(target=press, daemon=True)
    presser.start()
    done = inr(*SMOKE, "fit.steps=100000", "outputs=o", cwd=tmp_path)
    ended.set()
    presser.join()
    assert done.returncode == 130
    assert "Traceback" not in done.stderr and "stopped" in done.stderr
    assert not list((tmp_path / "o").glob("runs/*/*.lease"))


def test_rank_expansion_warns_of_another_activation(tmp_path):
    other = "model.inlet_activation._target_=torch.nn.GELU"
    done = inr(*SMOKE, "outputs=o", other, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "made for a ReLU inlet; with GELU its rank is not guaranteed" in done.stdout


def test_a_sweep_without_its_data_ends_once(tmp_path):
    sweep = ("-m", *SMOKE, "experiment=table1", "data=real", "outputs=o")
    done = inr(*sweep, cwd=tmp_path, env={"INR_DATA": str(tmp_path / "none")})
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1 and "inr-download div2k" in done.stderr
    assert not (tmp_path / "o/runs").exists()


def test_an_outputs_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    done = inr(*SMOKE, "outputs=file", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1 and "file" in done.stderr


def test_a_full_disk_loses_nothing(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    try:
        full = inr(*SMOKE, "outputs=o", cwd=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert full.returncode == 2, full.stderr
    assert len(full.stderr.strip().splitlines()) == 1, full.stderr
    assert not [f for f in run_folders(tmp_path) if f.suffix == ""]
    assert fit(*SMOKE, "outputs=o", cwd=tmp_path).fresh


def test_the_slurm_config_resolves(tmp_path):
    shown = inr("hydra/launcher=slurm", "--cfg", "hydra", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    for line in ("SlurmLauncher", "cpus_per_task: 4", "array_parallelism: 32", "mem_gb: 8"):
        assert line in shown.stdout


def test_help_lists_the_groups_and_does_not_wait_for_torch(tmp_path):
    done = inr("--help", cwd=tmp_path)
    for group in ("model", "task", "fit", "scale", "diagnostic", "tracking", "experiment"):
        assert f"\n  {group} " in done.stdout
    probe = "import sys; import inr_experiments.cli.launch; print('torch' in sys.modules)"
    loaded = subprocess.run(
        [*command()[:2], probe], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert loaded.stdout.strip() == "False"
