"""Each bench runs, prints its table, and writes the JSON Lines that it promises."""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]


LONG = [
    pytest.param(name, marks=pytest.mark.smoke)
    for name in ("sizes", "spectrum", "ntk", "fit", "startup", "sweep")
]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """scripts/bench.py, called in this process, which has imported torch already."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))

    def call(*words: str) -> None:
        monkeypatch.setattr(sys, "argv", ["bench.py", *words])
        importlib.import_module("bench").main()

    return call


@pytest.mark.parametrize("name", ["parity", *LONG])
def test_quick_bench(name: str, bench, tmp_path: Path, capsys) -> None:
    bench(name, "--quick", "--out", str(tmp_path))
    said = capsys.readouterr().out
    text = (tmp_path / f"{name}.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    for row in rows:
        assert row["name"].startswith(f"{name}/") and row["subject_s"] > 0
        if row["reference_s"] is not None:
            assert row["ratio"] == pytest.approx(row["reference_s"] / row["subject_s"])
        assert row["name"] in said
    if name in ("ntk", "fit"):
        assert (tmp_path / f"{name}_cost.png").stat().st_size > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_its_bench_says_so(bench, tmp_path: Path, capsys) -> None:
    bench("gpu", "--out", str(tmp_path))
    assert "no GPU is visible to torch" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.smoke
def test_the_bench_of_a_gpu_runs_on_a_processor_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    rows = {row.name: row for row in importlib.import_module("benches.gpu").rows(quick=True)}
    assert rows["gpu/same_bits"].more["share"] == 1
    assert rows["gpu/step/relu/16/fp32"].more["share_of_products"] > 0
    assert rows["gpu/method/ReLU (default)/fp32"].ratio > 0
    assert rows["gpu/run/fp32"].more["rest_s"] > 0 and "gpu/sweep/2" in rows


def test_an_unknown_bench_is_refused(bench, capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        bench("speed")
    assert "invalid choice" in capsys.readouterr().err
