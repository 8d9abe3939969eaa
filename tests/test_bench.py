"""Each bench runs, prints its table, and writes the JSON Lines that it promises."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]


LONG = [pytest.param(name, marks=pytest.mark.smoke) for name in ("ntk", "fit", "startup", "sweep")]


@pytest.mark.parametrize("name", ["spectrum", "parity", "sizes", *LONG])
def test_quick_bench(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "scripts/bench.py", name, "--quick", "--out", str(tmp_path)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=one_thread
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / f"{name}.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    for row in rows:
        assert row["name"].startswith(f"{name}/") and row["subject_s"] > 0
        if row["reference_s"] is not None:
            assert row["ratio"] == pytest.approx(row["reference_s"] / row["subject_s"])
        assert row["name"] in done.stdout
    if name in ("ntk", "fit"):
        assert (tmp_path / f"{name}_cost.png").stat().st_size > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_its_bench_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "scripts/bench.py", "gpu", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "no GPU is visible to torch" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.smoke
def test_the_bench_of_a_gpu_runs_on_a_processor_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    rows = {row.name: row for row in importlib.import_module("benches.gpu").rows(quick=True)}
    assert rows["gpu/same_bits"].more["share"] == 1
    assert rows["gpu/step/relu/16/fp32"].ratio > 0
    assert rows["gpu/run/fp32"].more["rest_s"] > 0 and "gpu/sweep/2" in rows


def test_an_unknown_bench_is_refused() -> None:
    command = [sys.executable, "scripts/bench.py", "speed"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "invalid choice" in done.stderr
