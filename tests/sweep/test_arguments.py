"""Names as people have them, on their way through Hydra's grammar."""

import json
import os
import shutil
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from inr_experiments.checks import InputError
from inr_experiments.data.images import load as images
from inr_experiments.sweep import arguments
from inr_experiments.sweep.arguments import ready
from inr_experiments.sweep.blocks import jobs
from inr_experiments.sweep.compose import composing
from inr_experiments.tasks.image import Image
from tests.launching import SMOKE, inr

NAMES = [
    "photo (1).png",
    "naïve.png",
    "a=b.png",
    "with space.png",
    "a,b.png",
    "it's.png",
    'say "x".png',
    "[1].png",
    "{x: 1}.png",
    "back\\slash.png",
    "a${b}.png",
    "${oc.env:HOME}.png",
    "100%.png",
    "#1.png",
    "写真 😀.png",
    "choice(1,2)",
    "true",
    "1e3",
    "~x.png",
    "+a.png",
    "line\nbreak.png",
    " lead and trail ",
    "ends in \\",
]


def composed(words):
    """What Hydra makes of the words, on an empty config: composing conf/ takes far longer."""
    cfg = OmegaConf.create()
    for override in OverridesParser.create().parse_overrides(words):
        OmegaConf.update(cfg, override.key_or_group, override.value())
    return cfg


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_arrives_as_it_is_written(tmp_path, monkeypatch, name, there):
    monkeypatch.chdir(tmp_path)
    if there:
        (tmp_path / name).touch()
    elif "${" in name:
        pytest.skip("an interpolation where no file is named so")
    (word,) = ready([f"task.path={name}"])
    assert composed([word]).task.path == name


@pytest.mark.parametrize("name", NAMES)
def test_a_sweep_of_one_name_is_one_job(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()
    (tmp_path / "other.png").touch()
    assert swept(ready(["-m", f"task.path={name}"])) == [name]
    if "," not in name:
        assert swept(ready(["-m", f"task.path=other.png,{name}"])) == ["other.png", name]


def swept(words):
    assert words[0] == "-m"
    override = OverridesParser.create().parse_override(words[1])
    if not override.is_sweep_override():
        return [composed([words[1]]).task.path]
    return [composed([f"task.path={v}"]).task.path for v in override.sweep_string_iterator()]


def test_home_is_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    source = images.bundled("astronaut").read_bytes()
    (tmp_path / "my photo, (1)=é.png").write_bytes(source)
    path = "task.path=~/my photo, (1)=é.png"
    done = inr(*SMOKE, "outputs=~/my results", path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (record,) = tmp_path.glob("my results/runs/*/seed-000/record.json")
    assert json.loads(record.read_text())["item"] == "my photo, (1)=é"


def test_a_folder_and_a_pattern_are_sweeps(tmp_path):
    pictures = tmp_path / "my pictures"
    pictures.mkdir()
    names = {"a.png": "chelsea", "b (2).PNG": "coffee", "c.jpg": "rocket", "notes.txt": "rocket"}
    for name, source in names.items():
        (pictures / name).write_bytes(images.bundled(source).read_bytes())
    word = str(pictures) + "/"
    assert swept(ready(["-m", f"task.path={word}"])) == [
        str(pictures / n) for n in ("a.png", "b (2).PNG", "c.jpg")
    ]
    assert swept(ready(["-m", f"task.path={word}*.png"])) == [str(pictures / "a.png")]
    done = inr(*SMOKE, "outputs=o", "-m", "task.path=my pictures", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for item in ("a", "b (2)", "c"):
        assert f"my pictures/{item}." in done.stdout
    one = inr(*SMOKE, "outputs=o", "task.path=my pictures", cwd=tmp_path)
    assert one.returncode == 2 and "a folder; expected a picture (with -m" in one.stderr


def test_what_hydra_takes_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my [pictures]"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).touch()
    monkeypatch.setenv("PICTURES", str(folder))
    both = [str(folder / name) for name in ("a.png", "b.png")]
    for value in (
        "${oc.env:PICTURES}", "${oc.env:PICTURES}/*.png", "my [pictures]/*.png",
        "choice(my [pictures]/a.png,my [pictures]/b.png)",
    ):  # fmt: skip
        found = swept(ready(["-m", f"task.path={value}"]))
        assert [str(tmp_path / path) for path in found] == both, value
    assert swept(ready(["-m", "task.path=a.png,${oc.env:NONE,more}/b.png"])) == [
        "a.png", "more/b.png"
    ]  # fmt: skip
    (word,) = ready(["task.path=my [pictures]/${task.image}.png", "task.image=a"])[:1]
    assert composed([word, "task.image=a"]).task.path == "my [pictures]/a.png"
    with pytest.raises(InputError, match="no variable NONE in the environment"):
        ready(["task.path=${oc.env:NONE}/a.png"])


def test_a_folder_of_solids(tmp_path, monkeypatch):
    for name in ("a.ply", "b.ply.gz", "c.npz", "d.png"):
        (tmp_path / name).touch()
    words = ready(["-m", f"task.path={tmp_path}", "task=occupancy"])
    assert swept(words) == [str(tmp_path / n) for n in ("a.ply", "b.ply.gz", "c.npz")]


def test_a_folder_is_what_a_person_sees_in_it(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mac").mkdir()
    for name in ("one.png", "._one.png", ".DS_Store", "notes.txt", "two.webp", ".hidden.png"):
        (tmp_path / "mac" / name).touch()
    for value in ("mac", "mac/", "mac/*"):
        caplog.clear()
        found = swept(ready(["-m", f"task.path={value}"]))
        assert [Path(p).name for p in found] == ["one.png", "two.webp"], value
        assert caplog.text.count("skipped, as hidden or no images") == 1
        assert "'notes.txt'" in caplog.text
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX/one.png").touch()
    assert [Path(p).parent.name for p in swept(ready(["-m", "task.path=**/one.png"]))] == ["mac"]


FILE_NAMES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", ".", "._", " ", "~", "-", "a"]),
        st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=6),
        st.sampled_from(["", ".png", ".PNG", ".png ", ".jpg.txt", ".tif", ","]),
    ),
).filter(lambda name: name not in ("", ".", "..", "*"))  # a file of that name is meant by it


@given(st.lists(FILE_NAMES, min_size=1, max_size=4), FILE_NAMES)
@settings(max_examples=50, deadline=None)
def test_any_folder_gives_what_a_person_sees_in_it(tmp_path_factory, names, named):
    folder = tmp_path_factory.mktemp("odd") / named
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    seen = {n for n in names if n.lower().endswith((".png", ".tif")) and not n.startswith(".")}
    for value in (f"{folder}", f"{folder}/", f"{folder}/*"):
        if seen:
            found = arguments._files("task.path", value, lambda: [Image])
            assert {Path(p).name for p in found} == seen
        else:
            with pytest.raises(InputError, match="holds no file to fit") as refused:
                arguments._files("task.path", value, lambda: [Image])
            assert len(str(refused.value).splitlines()) == 1


def test_files_of_ones_own_take_the_place_of_an_experiments(tmp_path):
    for name in ("a.ply", "b.ply", "c.png"):
        (tmp_path / name).touch()
    words = ready(["-m", "scale=smoke", "experiment=table1_occupancy", f"task.path={tmp_path}"])
    with composing(words[1:]) as (own, to_config):
        found = jobs(own, to_config)
    assert {w for job in found for w in job if w.startswith("task.path")} == {
        f"task.path={tmp_path / n}" for n in ("a.ply", "b.ply")
    }
    assert not any(w.startswith("task.shape") for job in found for w in job)
    assert len(found) == 2 * 4, "two files, four models"


def test_a_key_of_a_task_that_the_experiment_brings(tmp_path):
    words = ("-m", "scale=smoke", "experiment=table1_occupancy", "task.shape=menger", "model=siren")
    done = inr(*words, "seed=0", "fit.steps=1", "task.fill=0.9", "outputs=o", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (record,) = (tmp_path / "o").glob("runs/*/seed-000/record.json")
    task = json.loads(record.read_text())["config"]["task"]
    assert (task["shape"], task["fill"]) == ("menger", 0.9)


@pytest.mark.parametrize("value", ["empty", "*.png"])
def test_nothing_to_sweep_over_is_said(tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no file to fit; expected images"):
        ready(["-m", f"task.path={value}"])


def test_a_name_that_is_not_in_utf8_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    for name in (b"caf\xe9.png", b"good.png"):
        shutil.copy(images.bundled("coffee"), os.path.join(b"mine", name))
    for words in (["-m", "task.path=mine"], ["task.path=mine/caf\udce9.png"]):
        with pytest.raises(InputError, match="not in UTF-8; expected another name") as refused:
            ready(words)
        assert r"mine/caf\udce9.png" in str(refused.value)


@pytest.mark.parametrize("word", ["relu", "=3", "", "a b=c", "1..2=3"])
def test_what_is_no_override_is_said(word):
    with pytest.raises(InputError, match="expected key=value"):
        ready([word])


def test_options_and_their_words_are_left_alone_and_go_first():
    words = ["seed=0,1", "--config-dir", "my (conf)", "-m", "model=relu", "--cfg", "job", "~task"]
    assert ready(words) == [
        "--config-dir", "my (conf)", "-m", "--cfg", "job", "seed=0,1", "model=relu", "~task"
    ]  # fmt: skip
