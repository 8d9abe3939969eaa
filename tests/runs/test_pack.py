"""Results that travel: packed and taken elsewhere."""

import json
import os
import resource
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from inr_experiments.checks import InputError
from inr_experiments.runs import foreign
from inr_experiments.runs import pack as packing
from inr_experiments.runs.collect import make_frame
from inr_experiments.runs.pack import pack, unpack
from inr_experiments.runs.store import Store, seed_folders, state
from tests.archives import contents, members, write


@pytest.fixture
def copies(folders, tmp_path):
    """The runs again, to be meddled with."""
    shutil.copytree(folders[0].parents[1], tmp_path / "copy/runs")
    return seed_folders(tmp_path / "copy")


def test_packed_runs_make_the_same_frame_elsewhere(folders, packed, outputs):
    done = unpack([packed], outputs)
    assert done.taken == seed_folders(outputs) and len(done.taken) == 3 and not done.there
    here, there = make_frame("mine", folders), make_frame("mine", done.taken)
    pd.testing.assert_frame_equal(here.runs, there.runs)
    pd.testing.assert_frame_equal(here.steps, there.steps)
    assert here.arrays and list(here.arrays) == list(there.arrays)
    assert all((here.arrays[key] == there.arrays[key]).all() for key in here.arrays)


def test_all_but_the_weights_travels_and_everyone_may_read_it(folders, packed, outputs):
    for folder, taken in zip(folders, unpack([packed], outputs).taken, strict=True):
        kept = {n: c for n, c in contents(folder).items() if not n.startswith("weights/")}
        assert contents(taken) == kept and state(taken) == "done"
        paths = [path for path in taken.rglob("*") if path.is_file()]
        assert {p.stat().st_mode for p in paths} == {(folder / "DONE").stat().st_mode}
        assert taken.stat().st_mode == folder.stat().st_mode
    assert sorted(path.name for path in outputs.iterdir()) == ["runs"]
    assert not list((outputs / "runs").glob(".unpack*")), "nothing is left in between"


def test_pictures_that_may_not_be_passed_on_are_said(copies, tmp_path, caplog):
    pack(copies, tmp_path / "free.zip")
    assert not caplog.text
    path = copies[0] / "record.json"
    record = json.loads(path.read_text())
    record["data"]["redistributable"] = False
    path.write_text(json.dumps(record))
    pack(copies, tmp_path / "mine.zip")
    assert "mine.zip: pictures of 1 of the runs may not be passed on" in caplog.text


def test_a_name_with_spaces_and_joiners_that_systems_give_it_travels(copies, tmp_path, outputs):
    name = "Screenshot of \U0001f469\u200d\U0001f52c at 1.23.45\u202fPM\u3000\u00a0"
    names = copies[0] / "names.json"
    named = [{**entry, "item": name} for entry in json.loads(names.read_text())]
    names.write_text(json.dumps(named))
    unpack(pack(copies, tmp_path / "spaces.zip"), outputs)
    found = make_frame("mine", seed_folders(outputs)).runs["item"]
    assert all(item.startswith(name) for item in found)


def test_what_is_there_is_left_as_it_is(packed, outputs):
    first = unpack([packed, packed], outputs)
    assert len(first.taken) == 3 and not first.there, "each once"
    (first.taken[0] / "record.json").write_text("mine")
    before = contents(outputs)
    again = unpack([packed], outputs)
    assert again.there == first.taken and not again.taken
    assert contents(outputs) == before


def test_a_run_that_is_worked_on_is_not_touched_and_a_dead_part_stays(packed, folders, outputs):
    key = folders[0].parent.name
    part = outputs / "runs" / key / "seed-001.part"
    part.mkdir(parents=True)
    (part / "error.txt").write_text("it broke")
    with Store(outputs).working(key, 0):
        done = unpack([packed], outputs)
        assert done.there == [outputs / "runs" / key / "seed-000"] and not done.there[0].exists()
    assert len(done.taken) == 2 and (part / "error.txt").read_text() == "it broke"


def test_a_folder_that_is_no_finished_run_gives_way(packed, folders, outputs):
    half = outputs.joinpath("runs", *folders[0].parts[-2:])
    half.mkdir(parents=True)
    (half / "history.csv").write_text("half a copy")
    assert half in unpack([packed], outputs).taken and state(half) == "done"


def test_one_archive_is_named_as_asked_and_several_are_numbered(folders, tmp_path, outputs):
    (one,) = pack(folders, tmp_path / "results.zip")
    assert one == tmp_path / "results.zip"
    most = one.stat().st_size - 1
    several = pack(folders, tmp_path / "few.zip", most=most)
    assert several == [tmp_path / "few-1.zip", tmp_path / "few-2.zip"]
    assert all(archive.stat().st_size <= most for archive in several)
    whole = [len(unpack([archive], outputs).taken) for archive in several]
    assert sum(whole) == 3 and 0 not in whole, "each archive stands for itself"
    assert pack(folders, tmp_path / "exact.zip", most=most + 1) == [tmp_path / "exact.zip"]
    assert not list(tmp_path.glob(".*"))


def test_no_archive_has_more_than_is_unpacked(folders, tmp_path, outputs, monkeypatch):
    files = len(members(pack(folders[:1], tmp_path / "one.zip")[0]))
    for module in (packing, foreign):
        monkeypatch.setattr(module, "MOST_MEMBERS", files + 1)
    several = pack(folders, tmp_path / "few.zip")
    assert len(several) == 3 and len(unpack(several, outputs).taken) == 3


def test_the_same_runs_are_the_same_bytes(packed, copies, tmp_path):
    for path in copies[0].rglob("*"):
        os.utime(path, (1e9, 1e9))
    (again,) = pack([*reversed(copies), copies[0]], tmp_path / "results.zip")
    assert again.read_bytes() == packed.read_bytes()


def test_what_is_not_of_a_run_stays_behind(packed, copies, tmp_path):
    (copies[0] / ".DS_Store").write_text("a file manager's")
    (copies[0] / "link.json").symlink_to("/etc/passwd")
    (again,) = pack(copies, tmp_path / "results.zip")
    assert members(again) == members(packed)


def test_a_large_run_goes_without_its_meshes(copies, tmp_path, outputs, caplog):
    noise = np.random.default_rng(0).bytes(100_000)
    for name in ("mesh.ply", "mesh.glb", "target.ply", "page.html"):
        (copies[0] / name).write_bytes(noise)
    (whole,) = pack(copies[:1], tmp_path / "whole.zip")
    names = {Path(name).name for name in members(whole)}
    assert "mesh.ply" in names and "page.html" not in names
    (light,) = pack(copies[:1], tmp_path / "light.zip", most=100_000)
    assert light.stat().st_size <= 100_000 and str(copies[0]) in caplog.text
    (taken,) = unpack([light], outputs).taken
    assert not [p for p in taken.iterdir() if p.suffix in (".ply", ".glb", ".html")]
    (copies[0] / "target.png").write_bytes(noise)
    with pytest.raises(InputError) as refused:
        pack(copies, tmp_path / "no" / "none.zip", most=100_000)
    assert str(copies[0]) in str(refused.value) and "at most 100000" in str(refused.value)
    assert not (tmp_path / "no").exists()


def test_what_cannot_be_packed_is_one_sentence(folders, packed, copies, tmp_path):
    with pytest.raises(InputError, match=r"results.tar: expected a name that ends in .zip"):
        pack(folders, tmp_path / "results.tar")
    with pytest.raises(InputError, match=r"results.zip: no finished run to pack"):
        pack([], tmp_path / "results.zip")
    (copies[0] / "DONE").unlink()
    with pytest.raises(InputError, match="seed-000: no finished run"):
        pack(copies, tmp_path / "results.zip")
    (tmp_path / "results.zip").write_text("mine")
    with pytest.raises(InputError, match=r"results.zip: is there already"):
        pack(folders, tmp_path / "results.zip")
    assert (tmp_path / "results.zip").read_text() == "mine"
    (tmp_path / "few-2.zip").write_text("mine too")
    with pytest.raises(InputError, match=r"few-2.zip: is there already"):
        pack(folders, tmp_path / "few.zip", most=packed.stat().st_size - 1)
    with pytest.raises(InputError, match=r"most=0: expected an integer"):
        pack(folders, tmp_path / "none.zip", most=0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy", "few-2.zip", "results.zip"]


def test_a_full_disk_leaves_nothing_half(packed, outputs):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(InputError, match=r"results.zip: cannot be unpacked"):
            unpack([packed], outputs)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not outputs.exists()


def test_numbers_that_are_none_are_taken(packed, outputs, tmp_path):
    entries = members(packed)
    name = next(name for name in entries if name.endswith("record.json"))
    record = json.loads(entries[name])
    record["metrics"]["psnr"] = float("nan")
    archive = write(tmp_path / "x.zip", {**entries, name: json.dumps(record)})
    assert len(unpack([archive], outputs).taken) == 3
