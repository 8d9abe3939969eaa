"""Where runs lie, with the data of a sweep read once, and what of them needs weights."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from PIL import Image

from inr_experiments import digest
from inr_experiments.checks import InputError
from inr_experiments.config import resolve
from inr_experiments.data.images import load
from inr_experiments.experiment import (
    check_measured,
    execute,
    identify,
    missing_diagnostics,
    summary,
)
from inr_experiments.runs.store import Store, leased
from inr_experiments.sweep.compose import configs
from inr_experiments.tasks.task import Metric
from tests.fields import cfg_of
from tests.solids import sphere, write


def config(*words):
    return cfg_of("fit.steps=1", *words)


def locate(cfg, outputs: Path) -> Path:
    """Where the run of a config lies or will lie."""
    resolved = resolve(cfg)
    key, _ = identify(resolved)
    return Store(outputs).folder(key, resolved["seed"])


def test_runs_of_one_picture_read_it_once_and_do_not_decode_it(tmp_path, monkeypatch):
    picture = tmp_path / "me.png"
    picture.write_bytes(b"no picture")
    read = []
    whole = digest.sha256_of
    monkeypatch.setattr(digest, "sha256_of", lambda thing: read.append(thing) or whole(thing))
    jobs = configs(["scale=smoke", "model=relu,siren", "seed=0,1", f"task.path={picture}"])
    assert len({locate(cfg, tmp_path) for cfg in jobs}) == 4
    assert read == [picture]


def test_the_place_is_that_of_the_run_also_where_its_picture_changes(tmp_path):
    picture = tmp_path / "me.png"
    for colour in ("red", "blue"):
        Image.new("RGB", (24, 24), colour).save(picture)
        cfg = config(f"task.path={picture}", f"outputs={tmp_path}", "diagnostic=none")
        assert execute(cfg).folder == locate(cfg, tmp_path)


def test_a_finished_run_is_found_where_its_precision_cannot_be_had(tmp_path, monkeypatch):
    cfg = config("model=relu", "fit.precision=bf16", f"outputs={tmp_path}", "diagnostic=none")
    monkeypatch.setattr("inr_experiments.fit.precision.has_bf16", lambda device: True)
    assert execute(cfg).fresh
    monkeypatch.setattr("inr_experiments.fit.precision.has_bf16", lambda device: False)
    assert not execute(cfg).fresh
    with pytest.raises(InputError, match=r"fit\.precision='bf16': no instructions for it here"):
        execute(config("fit.precision=bf16", f"outputs={tmp_path}", "seed=1"))


def test_a_picture_is_decoded_once_a_process(tmp_path, monkeypatch):
    picture, decoded, decode = tmp_path / "me.png", [], load.decode
    monkeypatch.setattr(load, "decode", lambda *a, **k: decoded.append(a) or decode(*a, **k))
    for colour in ("red", "blue"):
        Image.new("RGB", (24, 24), colour).save(picture)
        for model in ("relu", "siren"):
            words = (f"task.path={picture}", f"model={model}", f"outputs={tmp_path}")
            assert execute(config(*words, "diagnostic=none")).fresh
    assert len(decoded) == 2


# --- solids


def solid(path: Path, *words: str):
    return config("task=occupancy", f"task.path={path}", "diagnostic=none", *words)


def test_a_solid_is_labelled_for_its_fit_not_for_its_place(tmp_path):
    path = write(tmp_path / "ball.ply", sphere(3))
    cfg = solid(path, f"outputs={tmp_path / 'o'}")
    place = locate(cfg, tmp_path / "o")
    assert not (tmp_path / "o").exists(), "labels are kept there"
    assert execute(cfg).folder == place and list((tmp_path / "o/cache").iterdir())
    shutil.rmtree(tmp_path / "o/cache")
    assert not execute(cfg).fresh and not (tmp_path / "o/cache").exists()


def test_what_is_no_solid_is_refused_before_anything_is_written(tmp_path):
    sheet = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], [[0, 1, 2], [0, 2, 3]])
    cfg = solid(write(tmp_path / "sheet.ply", sheet), f"outputs={tmp_path / 'o'}")
    said = (
        r"task\.path='.*sheet\.ply': inside share 0 .* task\.fill=0\.9, .* task\.eval_resolution="
    )
    with pytest.raises(InputError, match=said):
        execute(cfg)
    assert not (tmp_path / "o/runs").exists()


@pytest.mark.parametrize(
    ("name", "said", "does"),
    [("gone.ply", "no such file", locate), ("text.ply", "no PLY header", lambda c, _: execute(c))],
)
def test_a_file_that_is_not_there_has_no_place_and_one_that_cannot_be_read_no_run(
    tmp_path, name, said, does
):
    (tmp_path / "text.ply").write_text("ply\nno mesh\n")
    with pytest.raises(InputError, match=said) as refused:
        does(solid(tmp_path / name, f"outputs={tmp_path / 'o'}"), tmp_path)
    assert name in str(refused.value) and "\n" not in str(refused.value)
    assert not (tmp_path / "o/runs").exists()


# --- weights


def test_a_run_that_another_worker_measures_is_elsewhere(tmp_path):
    words = ("model=relu", "task.side=16", f"outputs={tmp_path}")
    folder = execute(config(*words, "diagnostic=none")).folder
    with leased(folder) as lease:
        assert lease is not None
        assert execute(config(*words, "diagnostic=spectra")).status == "elsewhere"
        assert execute(config(*words, "diagnostic=none")).status == "done", "nothing is to be done"
    assert execute(config(*words, "diagnostic=spectra")).status == "done"
    assert (folder / "diagnostics/spectra.json").exists()


def test_what_is_measured_is_numbers_by_name():
    check_measured("diagnostic.mine", {"a": 1.0, "b": np.ones(3)}, arrays=True)
    for found, says in (
        ({"a": torch.ones(())}, "diagnostic.mine: measured a is a Tensor; expected a number or an"),
        ({"step": 3}, "diagnostic.mine: measured 'step'"),
        ({"a": np.array([None])}, "measured a is a ndarray; expected .*, not of objects"),
        (None, "diagnostic.mine: measured NoneType; expected numbers by name"),
    ):
        with pytest.raises(InputError, match=says):
            check_measured("diagnostic.mine", found, arrays=True)
    with pytest.raises(InputError, match="task: measured a is a ndarray; expected a number"):
        check_measured("task", {"a": np.ones(3)})


def test_the_best_is_that_of_the_milestones_that_have_it():
    milestones = [{"step": 0, "a": 1.0}, {"step": 5, "a": 3.0}, {"step": 9, "a": 2.0, "b": 4.0}]
    found = summary(milestones, {name: Metric(keep_best=True) for name in ("a", "b", "c")})
    assert found == {"a": 2.0, "b": 4.0, "a_best": 3.0, "b_best": 4.0}


def test_a_run_without_weights_is_found_and_not_measured(tmp_path):
    words = ("model=relu", "task.side=16", f"outputs={tmp_path}")
    folder = execute(config(*words, "diagnostic=none")).folder
    shutil.rmtree(folder / "weights")
    assert not execute(config(*words, "diagnostic=none")).fresh
    for _ in range(2):
        with pytest.raises(InputError, match=r"holds no weights .* force=true fits it again") as no:
            execute(config(*words, "diagnostic=spectra"))
        assert str(folder) in str(no.value) and "\n" not in str(no.value)
        wanted = resolve(config(*words, "diagnostic=spectra"))["diagnostic"]
        assert missing_diagnostics(folder, wanted) == ["spectra"]
    again = execute(config(*words, "diagnostic=spectra", "force=true"))
    assert again.fresh and not missing_diagnostics(folder, wanted)
