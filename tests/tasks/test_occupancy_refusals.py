"""What the occupancy task refuses, and in which words."""

import imageio.v3 as iio
import numpy as np
import pytest
import trimesh

from inr_experiments.checks import InputError
from inr_experiments.tasks.image import Image

from ..solids import small, sphere, write


def refusal(**arguments) -> str:
    with pytest.raises(InputError) as refused:
        _ = small(**arguments).facts
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "shape=None"),
        ({"shape": "menguer"}, "did you mean 'menger'"),
        ({"shape": "blob", "points": "everywhere"}, "points='everywhere'"),
        ({"shape": "blob", "loss": "l1"}, "loss='l1'"),
        ({"shape": "blob", "sigma": 0}, "sigma=0"),
        ({"shape": "blob", "sigma": 1e6, "points": "near_surface"}, "sigma=1000000.0"),
        ({"shape": "blob", "threshold": 0.5}, "threshold=0.5: blob is no volume"),
        ({"shape": "blob", "key": "a"}, "key='a': blob is no volume"),
        ({"shape": "blob", "near_share": 1.5}, "near_share=1.5"),
        ({"shape": "blob", "scaling": "cube"}, "scaling='cube'"),
        ({"shape": "blob", "fill": 0}, "fill=0"),
        ({"shape": "blob", "fill": 2}, "fill=2: expected a number above 0 and at most 1"),
        ({"shape": "blob", "eval_resolution": 10**6}, "an integer from 2 to 1024"),
        ({"shape": "blob", "mesh_resolution": 10**6}, "an integer from 2 to 1024"),
        ({"shape": "blob", "pool": 10**12}, "pool=1000000000000"),
        ({"shape": "blob", "near_points": 10**12}, "near_points=1000000000000"),
    ],
)
def test_values_that_cannot_be_used(arguments, said):
    assert said in refusal(**arguments)


@pytest.mark.parametrize(("lift", "said"), [(0.0, "inside share 0 "), (0.1, "in doubt")])
def test_an_open_sheet_has_no_inside(tmp_path, lift, said):
    corners = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, lift]]
    sheet = trimesh.Trimesh(corners, [[0, 1, 2], [0, 2, 3]])
    path = str(write(tmp_path / "a.ply", sheet))
    assert said in (text := refusal(path=path)) and path in text


def test_a_bowl_is_no_solid_but_a_vessel_with_a_small_mouth_is(tmp_path):
    for height, solid in ((0.0, False), (0.7, True)):
        open_ball = sphere(4)
        open_ball.update_faces(open_ball.triangles_center[:, 2] < height)
        path = str(write(tmp_path / "a.ply", open_ball))
        if solid:
            facts = small(path=path).facts
            assert facts["boundary_edges"] > 0 and 0 < facts["ambiguous_share"] < 0.2
        else:
            assert "in doubt" in refusal(path=path)


def test_a_cube_fills_the_box_and_needs_a_margin(tmp_path):
    path = str(write(tmp_path / "a.ply", trimesh.creation.box((1, 1, 1))))
    assert "inside share 1 " in refusal(path=path) and "fill=0.9" in refusal(path=path)
    assert small(path=path, fill=0.5).facts["inside_share"] == pytest.approx(1 / 8)


def test_a_picture_is_no_solid_and_a_mesh_no_picture(tmp_path):
    iio.imwrite(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    assert "task=image" in refusal(path=str(tmp_path / "a.png"))
    assert "a folder" in refusal(path=str(tmp_path))
    mesh = write(tmp_path / "a.ply", sphere(2))
    assert "is no volume" in refusal(path=str(mesh), threshold=0.5)
    with pytest.raises(InputError, match=r"a\.ply: cannot be read .* task=occupancy"):
        Image(path=str(mesh))


def test_a_scan_that_is_not_there_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("INR_DATA", str(tmp_path))
    text = refusal(shape="armadillo")
    assert str(tmp_path) in text and "meshes/armadillo.obj" in text and "inr-download" in text
