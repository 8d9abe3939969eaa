"""A sweep as a Slurm array, on a Slurm of one node: with accounting, and without."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.launching import SMOKE, command, inr, records
from tests.slurm import cluster, missing

pytestmark = pytest.mark.slurm

#: The launcher of the README, but that jobs are small.
SLURM = ("hydra/launcher=slurm", "hydra.launcher.partition=main", "hydra.launcher.mem_gb=2",
         "hydra.launcher.cpus_per_task=1")  # fmt: skip
SWEEP = ("-m", *SMOKE, "diagnostic=none", "outputs=o")
#: Steps of a run that does not end by itself.
LONG = "fit.steps=1000000"


@pytest.fixture(scope="module", params=[True, False], ids=["accounting", "none"])
def slurm(request, tmp_path_factory):
    if reason := missing():
        pytest.skip(reason)
    with cluster(tmp_path_factory.mktemp("s"), accounting=request.param) as made:
        yield made


def started(slurm, cwd: Path, *words: str) -> subprocess.Popen:
    return subprocess.Popen(
        command(*SWEEP, *words), cwd=cwd, env={**os.environ, **slurm.env},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_an_array_of_eight_of_which_one_fails(slurm, tmp_path):
    words = ("fit.lr=1e-3,2e-3,3e-3,1e30", "seed=0,1")
    done = inr(*SWEEP, *words, *SLURM, cwd=tmp_path, env=slurm.env)
    assert done.returncode == 1
    head, *failed = done.stderr.strip().splitlines()[-3:]
    assert "2 of 8 runs failed" in head
    assert all("fit.lr=1e+30: diverged at step" in line for line in failed)
    assert sum(record["status"] == "done" for record in records(tmp_path)) == 6
    assert {record["provenance"]["threads"] for record in records(tmp_path)} == {1}
    assert "8 of 8" in done.stdout and "\nfit.lr " in done.stdout


def test_a_job_that_is_killed_fails_alone_and_the_same_command_goes_on(slurm, tmp_path):
    words = (f"{LONG},4,5,6", *SLURM)
    launcher = started(slurm, tmp_path, *words)
    while len(records(tmp_path)) < 3 or not list(tmp_path.glob("o/runs/*/seed-000.part")):
        assert launcher.poll() is None, launcher.stderr.read()
        time.sleep(0.5)
    while len(jobs := slurm.ask("squeue", "-h", "-r", "-o", "%i").split()) > 1:
        time.sleep(0.5)
    (job,) = jobs
    slurm.ask("scancel", "-s", "KILL", job)
    _, stderr = launcher.communicate(timeout=120)
    assert launcher.returncode == 1
    head, line = stderr.strip().splitlines()[-2:]
    assert "1 of 4 runs failed, the others are done" in head
    assert line.strip().startswith(f"{LONG}: its Slurm job {job} was killed"), line
    again = inr(*SWEEP, "fit.steps=7,4,5,6", *SLURM, cwd=tmp_path, env=slurm.env)
    assert again.returncode == 0 and again.stdout.startswith("4 cells, 3 done"), again.stderr


@pytest.mark.parametrize(
    ("words", "limit", "why"),
    [
        ("model.width=8,6000", ["hydra.launcher.mem_gb=1"], "was killed"),
        (
            f"{LONG},4",
            # Submitit is told so long before the limit; a run takes its time to start.
            ["hydra.launcher.timeout_min=1", "+hydra.launcher.signal_delay_s=10"],
            "reached its time limit",
        ),
    ],
)
def test_a_job_over_its_limit_fails_alone(slurm, tmp_path, words, limit, why):
    done = inr(*SWEEP, words, *SLURM, *limit, cwd=tmp_path, env=slurm.env)
    assert done.returncode == 1
    head, line = done.stderr.strip().splitlines()[-2:]
    assert "1 of 2 runs failed, the other is done" in head and why in line
    assert [record["status"] for record in records(tmp_path)] == ["done"]


def test_two_launchers_at_once_do_nothing_twice(slurm, tmp_path):
    words = ("seed=0,1,2,3", "fit.steps=200", *SLURM)
    launchers = [started(slurm, tmp_path, *words) for _ in range(2)]
    said = [launcher.communicate(timeout=120) for launcher in launchers]
    assert [launcher.returncode for launcher in launchers] == [0, 0], said
    assert len(records(tmp_path)) == 4
    told = "\n".join(out for out, _ in said)
    fresh = [line for line in told.splitlines() if ": psnr" in line and "already done" not in line]
    assert len(fresh) == 4, told
