"""What a task knows without being built is what it has when it is."""

import time

import numpy as np
import pytest
from PIL import Image

from inr_experiments.building import build_task, fingerprint, item_of, task_class
from inr_experiments.checks import InputError
from tests.fields import config_of
from tests.solids import sphere, write


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    Image.new("RGB", (8, 9), "red").save(folder / "me.png")
    write(folder / "ball.ply", sphere(2))
    np.save(folder / "block.npy", np.pad(np.ones((2, 3, 4), dtype=bool), 1))
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["task=image"], ["task=image", "task.image=coffee"], ["task=image", "task.path=me.png"],
        ["task=occupancy"], ["task=occupancy", "task.shape=menger"],
        ["task=occupancy", "task.path=ball.ply"], ["task=occupancy", "task.path=block.npy"],
        ["task=signal"], ["task=signal", "task.band=2", "task.dimensions=3", "task.signal_seed=7"],
    ],
)  # fmt: skip
def test_fingerprint_and_item_are_those_of_the_built_task(words, files, monkeypatch):
    monkeypatch.chdir(files)
    config = config_of(*words)
    task = build_task(config)
    assert (fingerprint(config), item_of(config)) == (task.sha256, task.item)
    assert set(task_class(config).METRICS) and type(task).for_record()["noun"] == task.NOUN


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["task=image", "task.path=gone.png"], r"gone\.png: no such file; expected a picture"),
        (
            ["task=image", "task.image=null"],
            r"task\.image=null: expected a name, or task\.path=FILE",
        ),
        (["task=occupancy", "task.path=gone.ply"], r"gone\.ply: no such file; expected a mesh"),
        (["task=div2k"], r"0826\.png: no such file; get the 16 crops with: inr-download div2k"),
    ],
)
def test_data_that_is_not_there_is_said_without_building(words, said, monkeypatch, tmp_path):
    monkeypatch.setenv("INR_DATA", str(tmp_path))
    with pytest.raises(InputError, match=f"^.*{said}"):
        fingerprint(config_of(*words))


def test_a_big_mesh_is_not_opened(tmp_path):
    path = tmp_path / "big.stl"
    with path.open("wb") as file:
        file.truncate(2**28)  # a quarter of a GB of zeros, which is no mesh
    config = config_of("task=occupancy", f"task.path={path}")
    fingerprint(config)
    started = time.perf_counter()
    for _ in range(20):
        fingerprint(config)
    assert time.perf_counter() - started < 1, "its bytes are read once"
