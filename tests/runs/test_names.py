"""Identity of data: equal names are told apart, equal bytes are one run with all of its names."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from inr_experiments.config import resolve
from inr_experiments.data.images import load as images
from inr_experiments.experiment import execute, identify
from inr_experiments.reporting.gains import per_item
from inr_experiments.runs.collect import make_frame
from inr_experiments.runs.frame import read_frame, write_frame
from inr_experiments.runs.names import Name, note_name, read_names
from tests.fields import cfg_of

TINY = ("scale=smoke", "fit.steps=2", "task.side=16", "model=relu", "diagnostic=spectra")


@pytest.fixture(autouse=True)
def there(tmp_path, monkeypatch):
    """The current folder, in which all runs lie under `o`."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def paint(path, colour):
    """A picture of one colour and a spot."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", (24, 24), colour)
    picture.putpixel((3, 5), (255, 255, 255))
    picture.save(path, lossless=True)
    return path


def config(path=None, *words):
    """The config of a run on a picture."""
    given = [] if path is None else [f"task.path={path}"]
    return cfg_of(*TINY, "outputs=o", *given, *words)


def asked_by(cfg) -> Name:
    """The name of the data that a config asks for."""
    return identify(resolve(cfg))[1]


def fit(*paths, words=()):
    """What came of a run on each of the pictures."""
    return [execute(config(path, *words)) for path in paths]


def items(outcomes, **options):
    """The items of the frame of these runs."""
    frame = make_frame("mine", [outcome.folder for outcome in outcomes], **options)
    return list(frame.runs["item"])


def same_frame(first, second):
    """Compare what figures, tables and claims read."""
    pd.testing.assert_frame_equal(first.runs, second.runs[list(first.runs)], check_exact=True)
    pd.testing.assert_frame_equal(first.steps, second.steps, rtol=1e-8)
    assert set(first.arrays) == set(second.arrays)
    for name, values in first.arrays.items():
        assert (second.arrays[name] == values).all()


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["a/1.png", "b/1.png", "b/2.png"], ["a/1", "b/1", "2"]),
        (["x/a.png", "x/a.bmp"], ["a.png", "a.bmp"]),
        (["a/p/1.png", "b/p/1.png", "b/q/1.png"], ["a/p/1", "b/p/1", "q/1"]),
        (["NA.png", "null.png"], ["NA", "null"]),
    ],
)
def test_files_of_one_name_are_items_of_their_own(paths, told, there):
    colours = ("red", "green", "blue")
    runs = fit(*(paint(path, colour) for path, colour in zip(paths, colours, strict=False)))
    assert len({run.folder for run in runs}) == len(paths) and not any(run.note for run in runs)
    assert items(runs) == told
    frame = make_frame("mine", [run.folder for run in runs])
    write_frame(frame, there / "mine")
    same_frame(frame, read_frame(there / "mine"))


def test_a_file_that_is_called_like_a_bundled_picture():
    runs = fit(None, paint("astronaut.png", "red"))
    assert items(runs) == ["astronaut", "astronaut.png"]


def test_a_file_that_changed_is_two_items():
    runs = [*fit(paint("me.png", "red")), *fit(paint("me.png", "blue"))]
    first, second = items(runs)
    assert first != second and first.startswith("me@") and second.startswith("me@")


def test_equal_bytes_are_one_run_and_one_item_with_both_names(there):
    paint("a/x.png", "red")
    (there / "b").mkdir()
    shutil.copy("a/x.png", "b/x.png")
    first, second = fit("a/x.png", "b/x.png")
    assert first.fresh and not first.note
    assert not second.fresh and second.folder == first.folder
    assert second.note == "b/x.png holds the same bytes as a/x.png: one run"
    assert [name.path for name in read_names(first.folder)] == ["a/x.png", "b/x.png"]

    frame = make_frame("mine", [first.folder])
    assert list(frame.runs["item"]) == ["a/x = b/x"]
    assert list(frame.runs.index) == [f"{first.record['key']}/0"]
    # Whoever asked for one of the names alone is paired with whoever asked for both.
    (siren,) = fit("b/x.png", words=["model=siren"])
    paired = make_frame("mine", [first.folder, siren.folder])
    assert per_item(paired, "psnr").shape == (2, 1)


def test_names_are_told_again_without_being_added_again(there):
    paint("a/x.png", "red")
    shutil.copytree("a", "b")
    fit("a/x.png")
    for _ in range(2):
        (again,) = fit("b/../b/x.png")
        assert "same bytes as a/x.png" in again.note
    stored = there / "o/runs" / again.folder.parent.name / "seed-000/names.json"
    before = stored.stat().st_mtime_ns, stored.read_text()
    fit("a/x.png", there / "b/x.png")
    assert (stored.stat().st_mtime_ns, stored.read_text()) == before
    assert len(json.loads(before[1])) == 2


def test_only_the_names_that_are_asked_for(there):
    paint("a/x.png", "red")
    shutil.copytree("a", "b")
    (run, _) = fit("a/x.png", "b/x.png")
    for path in ("a/x.png", "b/x.png"):
        asked = {run.folder: [asked_by(config(path))]}
        frame = make_frame("mine", [run.folder], asked=asked)
        assert list(frame.runs.index) == [f"{run.record['key']}/0"]
        assert list(frame.runs["item"]) == ["x"], "no other is called so"
    both = [asked_by(config("b/x.png")), asked_by(config("a/x.png"))]
    assert items([run], asked={run.folder: both}) == ["b/x = a/x"], "in the order of the sweep"


def test_a_copy_of_a_bundled_picture(there):
    shutil.copy(images.bundled("astronaut"), "me.png")
    bundled, mine = fit(None, "me.png")
    assert mine.folder == bundled.folder and not mine.fresh
    assert mine.note == "me.png holds the same bytes as astronaut: one run"
    assert items([mine]) == ["astronaut = me"]
    assert asked_by(config()).source == "astronaut"


def test_one_file_has_one_name_from_everywhere(there, monkeypatch):
    paint("pictures/me.png", "red")
    (first,) = fit("pictures/me.png")
    folder = there / first.folder
    monkeypatch.chdir(there / "pictures")
    (again,) = fit("me.png", words=[f"outputs={there / 'o'}"])
    assert not again.fresh and not again.note
    (name,) = read_names(folder)
    assert (name.path, name.absolute) == ("pictures/me.png", str(there / "pictures/me.png"))


def test_a_file_that_was_moved_keeps_one_name(there):
    paint("a/me.png", "red")
    (first,) = fit("a/me.png")
    shutil.move("a", "b")
    (again,) = fit("b/me.png")
    assert not again.fresh and not again.note
    assert [name.path for name in read_names(first.folder)] == ["b/me.png"]


def test_seeds_of_one_picture_are_one_item_wherever_it_lay(there):
    paint("a/me.png", "red")
    runs = fit("a/me.png")
    shutil.move("a", "b")
    runs += fit("b/me.png", words=["seed=1"])
    assert items(runs) == ["me", "me"]


def test_a_run_that_is_redone_keeps_its_names(there):
    paint("a/x.png", "red")
    shutil.copytree("a", "b")
    fit("a/x.png", "b/x.png")
    (again,) = fit("b/x.png", words=["force=true"])
    assert again.fresh and not again.note
    assert [name.path for name in read_names(again.folder)] == ["b/x.png", "a/x.png"]


@pytest.mark.parametrize("text", [None, "", "{", "[1]", '[{"item": 3}]', '{"a": 1}'])
def test_a_run_without_a_list_of_names_has_that_of_its_record(there, text):
    (run,) = fit(paint("me.png", "red"))
    path = run.folder / "names.json"
    path.unlink() if text is None else path.write_text(text)
    assert items([run]) == ["me"]
    assert note_name(run.folder, asked_by(config("me.png"))) == ""
    assert json.loads(path.read_text())[0]["absolute"] == str(there / "me.png")
