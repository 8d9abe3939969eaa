"""The mirror read back with W&B's own reader."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inr_experiments.runs.store import read_arrays
from tests.launching import SMOKE, inr


def records(run: Path) -> list[dict]:
    """All records of an offline run, as W&B itself reads them."""
    (log,) = run.glob("*.wandb")
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(log)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wandb")
    done = inr("-m", *SMOKE, "tracking=wandb", "seed=0,1,2", "outputs=o", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "o"


def test_one_wandb_run_per_run_in_a_serial_sweep(sweep):
    runs = list((sweep / "wandb").glob("offline-run-*"))
    assert len({run.name.split("-", 3)[-1] for run in runs}) == len(runs) == 3


def test_what_it_holds_is_what_the_disk_holds(sweep):
    folder = next((sweep / "runs").glob("*/seed-001"))
    record = json.loads((folder / "record.json").read_text())
    run = next((sweep / "wandb").glob("offline-run-*-001"))
    text = json.dumps(records(run))
    for milestone in record["milestones"]:
        assert repr(milestone["psnr"]) in text or f"{milestone['psnr']:.8g}"[:8] in text
    assert "inlet_spectrum/inlet/effective_rank" in text
    assert "reconstruction" in text and "rank_expanding" in text
    table = next(run.glob("files/media/table/inlet_spectrum/*singular_values*"))
    values = [value for _, value in json.loads(table.read_text())["data"]]
    steps = {0: "000000", 4: "000004"}
    wanted = {
        name: read_arrays(folder, "inlet_spectrum", step=step)["inlet/singular_values"]
        for step, name in steps.items()
    }
    assert any(np.allclose(values, sigma) for sigma in wanted.values())
    assert values == sorted(values, reverse=True)


def test_a_mirror_can_be_rebuilt_from_disk(sweep, tmp_path):
    done = inr(*SMOKE, "outputs=o", cwd=tmp_path)
    assert done.returncode == 0
    assert not (tmp_path / "o/wandb").exists()
    done = inr("--wandb", "--outputs", "o", cwd=tmp_path, module="collect")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "o/wandb").glob("offline-run-*"))) == 1


def test_wandb_failing_fails_no_run(tmp_path):
    # A file stands where W&B wants its folder.
    (tmp_path / "o").mkdir()
    (tmp_path / "o/wandb").write_text("in the way")
    done = inr(*SMOKE, "tracking=wandb", "outputs=o", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "o/runs").glob("*/seed-000/DONE"))
