"""How a sweep is spread: over processes that share the cores; Slurm itself is in test_slurm.py."""

import json

import loky

from tests.launching import SMOKE, inr


def test_processes_share_the_cores(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    done = inr(
        "-m", *SMOKE, "diagnostic=none", "seed=0,1", "outputs=o",
        "hydra/launcher=joblib", "hydra.launcher.n_jobs=2",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    records = [json.loads(path.read_text()) for path in tmp_path.glob("o/runs/*/*/record.json")]
    threads = [record["provenance"]["threads"] for record in records]
    assert threads == [max(loky.cpu_count() // 2, 1)] * 2


def test_the_slurm_config_resolves(tmp_path):
    shown = inr("hydra/launcher=slurm", "--cfg", "hydra", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    for line in ("SlurmLauncher", "cpus_per_task: 4", "array_parallelism: 32", "mem_gb: 8"):
        assert line in shown.stdout
