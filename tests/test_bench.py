"""Each bench runs, prints its table, and writes the JSON Lines that it promises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


LONG = [pytest.param(name, marks=pytest.mark.smoke) for name in ("ntk", "fit", "startup", "sweep")]


@pytest.mark.parametrize("name", ["spectrum", "parity", *LONG])
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


def test_an_unknown_bench_is_refused() -> None:
    command = [sys.executable, "scripts/bench.py", "speed"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "invalid choice" in done.stderr
