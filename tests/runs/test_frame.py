"""Frames: what they hold of records, what comes back from disk, and what they refuse."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from shutil import copytree

import numpy as np
import pytest
from PIL import Image

from inr_experiments.checks import InputError
from inr_experiments.config import resolve
from inr_experiments.experiment import execute
from inr_experiments.runs.collect import early_slope, make_frame, thinned
from inr_experiments.runs.frame import NotShownError, read_frame, write_frame
from inr_experiments.runs.measured import read_arrays
from inr_experiments.runs.store import read_record
from inr_experiments.sweep.compose import configs

TINY = ("scale=smoke", "fit.steps=4", "fit.milestone_every=2", "task.side=32")


def run(folder, *words):
    """Folders of the runs of a sweep."""
    return [execute(cfg).folder for cfg in configs([*TINY, *words, f"outputs={folder}"])]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two models on a photograph, at two noises of one and at a width of the other; two seeds."""
    folder = tmp_path_factory.mktemp("frame")
    noisy = run(folder, "model=relu", "task.noise=0.0,0.1", "seed=0,1")
    return [*noisy, *run(folder, "model=rank_expanding", "model.width=9", "seed=0,1")]


@pytest.fixture(scope="module")
def frame(folders, tmp_path_factory):
    """Carried to another folder, without its runs."""
    path = tmp_path_factory.mktemp("elsewhere") / "mine"
    write_frame(make_frame("mine", folders), path)
    assert sorted(p.name for p in path.iterdir()) == [
        "arrays-1.npz", "config.yaml", "runs.csv", "steps.csv.xz",
    ]  # fmt: skip
    return read_frame(str(path))


def test_nothing_but_a_frame_is_replaced(folders, tmp_path):
    frame = make_frame("mine", folders)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")
    for place in ("mine", "mine/..", "mine/thesis.txt"):
        with pytest.raises(InputError, match="is there and is no frame"):
            write_frame(frame, tmp_path / place)
    assert (tmp_path / "mine/thesis.txt").read_text() == "years of work"
    (tmp_path / "mine/thesis.txt").unlink()
    for _ in range(2):
        write_frame(frame, tmp_path / "mine")
    assert len(read_frame(tmp_path / "mine").runs) == len(folders)


def test_two_writers_of_one_frame_do_not_meet(frame, tmp_path):
    with ThreadPoolExecutor(8) as several:
        jobs = [several.submit(write_frame, frame, tmp_path / "mine") for _ in range(40)]
        assert [job.result() for job in jobs] == [None] * 40
    assert len(read_frame(tmp_path / "mine").runs) == len(frame.runs)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_frame_that_cannot_be_exchanged_stays(frame, tmp_path, monkeypatch):
    write_frame(frame, tmp_path / "mine")
    rename = os.rename

    def refuse(source, target):
        if str(target).endswith("mine") and not str(source).endswith(".old"):
            raise OSError(5, "Input/output error", str(target))
        rename(source, target)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(OSError, match="Input/output"):
        write_frame(frame, tmp_path / "mine")
    assert len(read_frame(tmp_path / "mine").runs) == len(frame.runs)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_run_is_what_its_record_says(frame, folders):
    assert list(frame.runs["seed"]) == [0, 0, 1, 1, 0, 1], "in the order of the sweep"
    for folder, (name, row) in zip(folders, frame.runs.iterrows(), strict=True):
        record = read_record(folder)
        assert name == f"{record['key']}/{record['seed']}" == f"{row['key']}/{row['seed']}"
        assert row["psnr"] == pytest.approx(record["metrics"]["psnr"], rel=1e-12)
        assert row["parameters"] == record["parameters"] and row["precision"] == "fp32"
        assert row["device"] == "cpu" and row["threads"] >= 1
        assert row["seconds"] == pytest.approx(record["seconds"]["fit"])
        assert row["seconds_total"] == pytest.approx(record["seconds"]["total"])
        assert row["folder"] == f"runs/{folder.parent.name}/{folder.name}"
    assert frame.labels == ["ReLU (default)", "REI"]


def test_what_was_measured_only_before_the_end_is_not_of_the_end(frame):
    metric, run = "spectra/inlet/effective_rank", frame.runs.index[0]
    later = (frame.steps["run"] == run) & (frame.steps["metric"] == metric)
    early = replace(frame, steps=frame.steps[~(later & (frame.steps["step"] > 0))])
    assert list(early.value(metric, "last").index) == list(frame.runs.index[1:])
    assert early.value(metric, "first").equals(frame.value(metric, "first"))
    late = replace(frame, steps=frame.steps[~(later & (frame.steps["step"] == 0))])
    assert list(late.value(metric, "first").index) == list(frame.runs.index[1:])


def test_what_differs_is_a_column_on_disk_and_what_does_not_is_in_memory(frame, folders, tmp_path):
    write_frame(make_frame("mine", folders), tmp_path)
    columns = (tmp_path / "runs.csv").read_text().splitlines()[0].split(",")
    assert {"task.noise", "model.width", "model.inlet_init._target_"} <= set(columns)
    assert not {"fit.steps", "task.side", "task.cache", "task.path"} & set(columns)
    assert "fit.steps: 4" in (tmp_path / "config.yaml").read_text().splitlines()
    assert set(frame.column("fit.steps")) == {4}
    assert set(frame.where(model="relu").column("task.noise")) == {0.0, 0.1}


def test_metrics_and_diagnostics_by_step(frame, folders):
    record = read_record(folders[0])
    first = frame.runs.index[0]
    for milestone in record["milestones"]:
        psnr = frame.course("psnr").loc[first]
        assert psnr[milestone["step"]] == pytest.approx(milestone["psnr"], rel=1e-8)
    for at, step in (("first", 0), ("early", 2), ("last", 4)):
        ranks = frame.value("spectra/inlet/effective_rank", at)
        assert ranks.equals(frame.course("spectra/inlet/effective_rank")[step][ranks.index])
    assert frame.value("parameters").equals(frame.runs["parameters"])
    assert frame.last_step() == 4


def test_spectra_are_kept_at_the_ends_only(frame, folders):
    stored = read_arrays(folders[0], "spectra")
    first = frame.runs.index[0]
    for step in (0, 4):
        index, values = frame.array(first, "spectra/inlet/singular_values", step)
        sigma = stored[step]["inlet/singular_values"]
        assert values == pytest.approx(sigma[index.astype(int) - 1], rel=1e-6)
        assert len(values) == 16
    assert frame.array(first, "spectra/inlet/singular_values", 2) is None


def test_a_long_spectrum_is_thinned_and_keeps_both_ends():
    values = np.geomspace(1, 1e-9, 3000)
    index, kept = thinned(values)
    assert len(kept) <= 128 and index[0] == 1 and index[-1] == 3000
    assert kept == pytest.approx(values[index.astype(int) - 1], rel=1e-6)


def test_pictures_are_of_one_seed(frame, folders):
    zero, one = frame.runs.index[0], frame.runs.index[2]
    drawn = np.asarray(Image.open(folders[0] / "reconstruction.png"))
    assert (frame.picture(zero, "reconstruction") == drawn).all()
    with pytest.raises(InputError, match="no reconstruction of run"):
        frame.picture(one, "reconstruction")


def test_arrays_are_those_that_figures_draw(folders):
    everything = make_frame("mine", folders).arrays
    for pattern, kept in (("*/spectra/*", "/spectra/"), ("relu-*/target", "/target")):
        found = make_frame("mine", folders, arrays=[pattern]).arrays
        model = pattern.partition("*")[0]
        assert set(found) == {k for k in everything if kept in k and k.startswith(model)} != set()
    assert make_frame("mine", folders, arrays=()).arrays == {}


def test_a_frame_takes_the_place_of_the_one_before(frame, folders, tmp_path):
    write_frame(make_frame("mine", folders), tmp_path / "mine")
    write_frame(make_frame("mine", folders[:2]), tmp_path / "mine")
    assert len(read_frame(tmp_path / "mine").runs) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_pictures_that_may_not_be_passed_on_are_in_no_frame(tmp_path, monkeypatch):
    data = tmp_path / "data/div2k/test512"
    data.mkdir(parents=True)
    Image.effect_noise((40, 40), 60).convert("RGB").save(data / "0826.png")
    monkeypatch.setenv("INR_DATA", str(tmp_path / "data"))
    folders = run(tmp_path / "o", "task=div2k", "model=relu", "diagnostic=[spectra,picture]")
    frame = make_frame("real", folders)
    (only,) = frame.runs.index
    assert not [key for key in frame.arrays if "target" in key or "reconstruction" in key]
    with pytest.raises(NotShownError, match="pictures of 0826 may not be passed on"):
        frame.picture(only, "target")


def test_large_arrays_are_spread_over_files_and_come_back(tmp_path, monkeypatch, folders):
    frame = make_frame("mine", folders)
    monkeypatch.setattr("inr_experiments.runs.frame.PART", 8000)
    write_frame(frame, tmp_path / "mine")
    sizes = [path.stat().st_size for path in (tmp_path / "mine").glob("arrays-*.npz")]
    assert len(sizes) > 2 and max(sizes) < 12_000
    back = read_frame(tmp_path / "mine").arrays
    assert set(back) == set(frame.arrays)
    assert all(np.array_equal(back[name], values) for name, values in frame.arrays.items())


def test_a_frame_that_is_not_whole_is_one_sentence(tmp_path, folders):
    for name in ("arrays-1.npz", "steps.csv.xz"):
        write_frame(make_frame("mine", folders[:1]), tmp_path / "mine")
        (tmp_path / "mine" / name).unlink()
        with pytest.raises(InputError, match=rf"no frame \({name} is missing\)"):
            read_frame(tmp_path / "mine")


def test_a_frame_written_again_has_the_same_bytes(tmp_path, folders, monkeypatch):
    written = []
    for now in (1e9, 2e9):
        monkeypatch.setattr("time.time", lambda now=now: now)
        write_frame(make_frame("mine", folders), tmp_path / "mine")
        written.append({p.name: p.read_bytes() for p in (tmp_path / "mine").iterdir()})
    assert written[0] == written[1]


def test_what_an_experiment_calls_its_variants_wins_over_the_record(folders):
    looks = {folders[0]: {"label": "mine", "colour": "#123456"}}
    frame = make_frame("mine", folders, looks=looks, diagnostics=())
    assert frame.labels == ["mine", "ReLU (default)", "REI"]
    assert frame.runs["colour"].iloc[0] == "#123456"
    assert not any("/" in metric for metric in frame.steps["metric"]), "diagnostics not asked for"


def test_a_model_that_inherits_a_label_goes_by_its_name():
    (cfg,) = configs([*TINY, "model=relu", "model.name=mine"])
    model = resolve(cfg)["model"]
    assert model["label"] == "mine" and model["colour"] != "#000000"
    (cfg,) = configs([*TINY, "model=relu", "model.name=mine", "model.label='My own'"])
    assert resolve(cfg)["model"]["label"] == "My own"


def test_what_is_not_there_is_one_sentence(frame, tmp_path):
    with pytest.raises(InputError, match="frame mine: no run with model=pe"):
        frame.where(model="pe")
    with pytest.raises(InputError, match=r"no column 'task.nois'; did you mean 'task.noise'"):
        frame.where(**{"task.nois": 0.1})
    with pytest.raises(InputError, match=r"no metric 'psnrr'; did you mean 'psnr'"):
        frame.value("psnrr")
    with pytest.raises(InputError, match=r"no frame \(runs.csv is missing\)"):
        read_frame(tmp_path)
    longer = make_frame("two", run(tmp_path / "o", "fit.steps=4,6"))
    with pytest.raises(InputError, match="runs end at steps 4, 6"):
        longer.last_step()


def test_values_are_found_as_they_were_swept_and_as_they_were_written(folders, frame):
    for table in (make_frame("mine", folders), frame):
        assert len(table.where(**{"task.noise": 0.1}).runs) == 2
        assert len(table.where(**{"model.width": [9, 16]}).runs) == 6


def test_early_slope_of_a_loss_that_halves():
    assert early_slope([0.5**i for i in range(40)]) == pytest.approx(-np.log(2))
    assert np.isnan(early_slope([1.0])) and np.isnan(early_slope([0.0, 1.0]))


def test_a_record_of_another_version_is_refused(folders, tmp_path):
    old = tmp_path / "runs/relu-0/seed-000"
    copytree(folders[0], old)
    record = json.loads((old / "record.json").read_text())
    del record["task"]
    (old / "record.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="its record says nothing of its task; expected a run"):
        make_frame("old", [old])
