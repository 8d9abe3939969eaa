"""A sweep in processes of its own: joblib's workers, submitit's jobs, Slurm's array."""

import json
import os
import re

import joblib
import pytest

from tests.launching import SMOKE, inr

#: Stands for Slurm's sbatch: runs the array's tasks on this machine, one after the other.
SBATCH = r"""#!/bin/bash
cp "$1" "$FAKE_SLURM/submitted.sh"
last=$(sed -n 's/^#SBATCH --array=0-\([0-9]*\).*/\1/p' "$1")
export SLURM_CPUS_PER_TASK=$(sed -n 's/^#SBATCH --cpus-per-task=//p' "$1")
export SLURM_ARRAY_JOB_ID=77 SLURM_NTASKS=1 SLURM_JOB_NUM_NODES=1 SLURM_NODEID=0
export SLURM_PROCID=0 SLURM_LOCALID=0
(
  for task in $(seq 0 "$last"); do
    export SLURM_ARRAY_TASK_ID=$task SLURM_JOB_ID=$((78 + task))
    bash "$1"
  done
) > "$FAKE_SLURM/log.txt" 2>&1 &
echo "Submitted batch job 77"
"""
#: Stands for srun: leaves its options out and runs the command.
SRUN = r"""#!/bin/bash
while [[ $1 == --* ]]; do
  [[ $1 == --output || $1 == --error ]] && shift
  shift
done
exec "$@"
"""


def records(folder):
    paths = sorted((folder / "o/runs").glob("*/seed-*/record.json"))
    return [json.loads(path.read_text()) for path in paths]


def test_joblib_workers_share_the_cores(tmp_path, monkeypatch):
    # joblib divides the cores and tells every worker by OMP_NUM_THREADS, unless the user set it.
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    done = inr(
        "-m", *SMOKE, "diagnostic=none", "seed=0,1", "outputs=o",
        "hydra/launcher=joblib", "hydra.launcher.n_jobs=2",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    threads = [record["provenance"]["threads"] for record in records(tmp_path)]
    assert threads == [max(joblib.cpu_count() // 2, 1)] * 2


def test_submitit_does_the_jobs_and_keeps_what_failed(tmp_path):
    pytest.importorskip("submitit", reason="needs the extra 'slurm'")
    done = inr(
        "-m", *SMOKE, "diagnostic=none", "fit.lr=1e-3,1e30,2e-3", "outputs=o",
        "hydra/launcher=submitit_local", "hydra.launcher.timeout_min=5",
        cwd=tmp_path,
    )  # fmt: skip
    statuses = sorted(record["status"].split(" at")[0] for record in records(tmp_path))
    assert statuses == ["done", "done", "failed: diverged"], done.stderr
    assert done.returncode == 1
    assert "1 job(s) failed, the others are done" in done.stderr
    (path,) = (tmp_path / "o/launches").glob("*/*/*/traceback.txt")
    assert path.parent.name == "1"
    (line,) = (line for line in done.stderr.splitlines() if line.endswith(f"{path.name})"))
    assert "fit.lr=1e+30" in line and "diverged" in line


def test_slurm_gets_what_the_yaml_says_and_does_the_jobs(tmp_path):
    pytest.importorskip("submitit", reason="needs the extra 'slurm'")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {"sbatch": SBATCH, "srun": SRUN}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    done = inr(
        "-m", *SMOKE, "diagnostic=none", "seed=0,1", "outputs=o",
        "hydra/launcher=slurm", "hydra.launcher.partition=gpu", "hydra.launcher.cpus_per_task=1",
        cwd=tmp_path,
        env={"PATH": f"{programs}:{os.environ['PATH']}", "FAKE_SLURM": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    script = (tmp_path / "submitted.sh").read_text()
    flags = dict(re.findall(r"^#SBATCH --([\w-]+)=(.*)$", script, flags=re.MULTILINE))
    asked = {
        "job-name": "inr", "partition": "gpu", "time": "120", "cpus-per-task": "1", "mem": "8GB",
        "array": "0-1%2",
    }  # fmt: skip
    assert asked.items() <= flags.items()
    assert [record["status"] for record in records(tmp_path)] == ["done", "done"]
    assert [record["provenance"]["threads"] for record in records(tmp_path)] == [1, 1]


def test_the_slurm_config_resolves(tmp_path):
    pytest.importorskip("submitit", reason="needs the extra 'slurm'")
    shown = inr("hydra/launcher=slurm", "--cfg", "hydra", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    for line in ("SlurmLauncher", "cpus_per_task: 4", "array_parallelism: 32", "mem_gb: 8"):
        assert line in shown.stdout
