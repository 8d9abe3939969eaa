"""The mirror read back with W&B's own reader."""

import json
import os
import subprocess
import sys
from pathlib import Path

import trimesh
import wandb

from inr_experiments.experiment import execute
from inr_experiments.runs.measured import read_arrays, read_diagnostic
from inr_experiments.tracking.wandb_mirror import WandbMirror
from tests.fields import cfg_of
from tests.launching import SMOKE, fit, inr, started
from tests.solids import sphere, write

RANK = "spectra/inlet/effective_rank"


def history(run: Path) -> list[dict]:
    """The history rows of an offline run, as W&B itself reads them."""
    (log,) = run.glob("*.wandb")
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(log)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [record["history"]["item"] for record in found if record["type"] == "history"]


def test_a_sweep_with_a_key_and_no_server_writes_all_offline(tmp_path):
    # A process that has used W&B hands its service, and the ids in use there, to those it starts.
    settings = wandb.Settings(console="off", silent=True)
    wandb.init(mode="offline", dir=str(tmp_path), settings=settings).finish()
    assert "WANDB_SERVICE" in os.environ
    nowhere = {"WANDB_API_KEY": "0" * 40, "WANDB_BASE_URL": "http://127.0.0.1:9"}  # a closed port
    words = ("-m", *SMOKE, "tracking=wandb", "seed=0,1", "outputs=o")
    # At the end of a process all is written. A mode that is empty is as good as none.
    done = started(*words, cwd=tmp_path, env={**nowhere, "WANDB_MODE": ""})
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).count("no answer from") == 1, "decided once"
    markers = [json.loads(path.read_text()) for path in tmp_path.glob("o/runs/*/*/wandb.json")]
    assert [marker["mode"] for marker in markers] == ["offline"] * 2
    runs = list((tmp_path / "o/wandb").glob("offline-run-*"))
    assert len({run.name.split("-", 3)[-1] for run in runs}) == len(runs) == 2, "one a run"
    folder = next((tmp_path / "o/runs").glob("*/seed-001"))
    record = json.loads((folder / "record.json").read_text())
    (run,) = (run for run in runs if run.name.endswith("-001"))
    rows = history(run)
    told = {row["step"]: row["psnr"] for row in rows if "psnr" in row}
    assert told == {m["step"]: m["psnr"] for m in record["milestones"]}
    ranks = [row[RANK] for row in rows if RANK in row]
    stored = read_diagnostic(folder, "spectra")
    assert ranks == [row["inlet/effective_rank"] for row in stored]
    assert next(run.rglob("media/images/reconstruction*.png")).stat().st_size > 0
    for step in (0, 4):
        table = next(run.rglob(f"{step:06d}/inlet/singular_values*.json"))
        values = [value for _, value in json.loads(table.read_text())["data"]]
        sigma = read_arrays(folder, "spectra")[step]["inlet/singular_values"]
        assert values == sigma.tolist(), "every singular value, in order"


def test_a_surface_is_an_object_that_can_be_turned(tmp_path):
    mesh = write(tmp_path / "ball.ply", sphere(3))
    solid = ("task=occupancy", f"task.path={mesh}", "task.pool=4096", "fit.lr=0.01", "fit.steps=40")
    folder = execute(cfg_of("model=siren", *solid, f"outputs={tmp_path / 'o'}")).folder
    WandbMirror(mode="offline", project="p", entity=None).mirror(folder)
    (run,) = (tmp_path / "o/wandb").glob("offline-run-*")
    rows = history(run)
    (told,) = (row for row in rows if "mesh.path" in row)
    assert told["mesh._type"] == "object3D-file"
    sent = run / "files" / told["mesh.path"]
    assert sent.read_bytes() == (folder / "mesh.glb").read_bytes()
    faces = json.loads((folder / "surface.json").read_text())["faces"]
    assert len(trimesh.load_mesh(sent).faces) == faces > 0
    assert {"prediction.path", "slices.path", "iou", "chamfer"} <= {
        name for r in rows for name in r
    }


def test_pictures_that_may_not_be_passed_on_stay_here(tmp_path):
    measured = "diagnostic=[picture,spectra]"
    folder = tmp_path / fit(*SMOKE, measured, "outputs=o", cwd=tmp_path).folder
    record = json.loads((folder / "record.json").read_text())
    assert record["data"]["redistributable"], "a bundled photograph"
    record["data"]["redistributable"] = False
    (folder / "record.json").write_text(json.dumps(record))
    WandbMirror(mode="offline", project="p", entity=None).mirror(folder)
    (run,) = (tmp_path / "o/wandb").glob("offline-run-*")
    assert any("psnr" in row for row in history(run))
    assert (folder / "target.png").exists() and not list(run.rglob("*.png"))
    tables = [path.name for path in run.rglob("*.table.json")]
    assert tables and "reconstruction" in read_arrays(folder, "picture")[0]
    assert not [name for name in tables if "reconstruction" in name]


def test_a_mirror_can_be_rebuilt_from_disk(tmp_path):
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
