"""Surfaces out of grids, and points on them."""

import numpy as np
import pytest
import trimesh

from inr_experiments.data.solids import surface
from inr_experiments.data.solids.base import Triangles
from inr_experiments.data.solids.points import cell_centres, near_surface, nodes, uniform
from inr_experiments.viz.solid import save_page

from ..solids import sphere


def grid_of(side, f):
    return f(np.concatenate(list(cell_centres(side)))).reshape(side, side, side)


def as_triangles(mesh):
    return Triangles(np.asarray(mesh.vertices), np.asarray(mesh.faces, dtype=np.int64))


BALL = as_triangles(sphere(4))


def test_a_ball_is_found_where_it_is_and_the_right_way_out():
    values = grid_of(48, lambda x: 0.7 - np.linalg.norm(x - [0.2, 0, -0.1], axis=1))
    found = surface.extract(values, level=0.0)
    radius = np.linalg.norm(found.vertices - [0.2, 0, -0.1], axis=1)
    assert radius == pytest.approx(0.7, abs=2e-3)
    mesh = trimesh.Trimesh(found.vertices, found.faces)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * 0.7**3, rel=0.01)


def test_what_reaches_the_border_ends_at_the_box():
    found = surface.extract(np.ones((5, 8, 4)), level=0.5)
    assert np.abs(found.vertices).max(axis=0) == pytest.approx([5 / 8, 1, 0.5])
    assert trimesh.Trimesh(found.vertices, found.faces).is_watertight


@pytest.mark.parametrize("value", [-3.0, 0.0])
def test_no_surface_is_none(value):
    assert surface.extract(np.full((6, 6, 6), value), level=0.0) is None


def test_samples_are_uniform_by_area():
    box = as_triangles(trimesh.creation.box((2, 2, 0.5)))
    x = surface.sample(box, 40_000, np.random.default_rng(0))
    on_top = np.isclose(x[:, 2], 0.25).mean()
    assert on_top == pytest.approx(4 / 12, abs=0.01)
    assert x[np.isclose(x[:, 2], 0.25), 0].mean() == pytest.approx(0, abs=0.02)


def test_points_near_the_surface_stay_in_the_box():
    x = near_surface(BALL, 30_000, np.random.default_rng(0), sigma=0.05)
    assert x.shape == (30_000, 3) and x.dtype == np.float32 and np.abs(x).max() <= 1
    off = np.linalg.norm(x, axis=1) - 1
    assert 0.035 < off.std() < 0.05  # what lies outside of the box was drawn again
    assert (np.abs(off) < 0.15).mean() > 0.99


def test_grids_and_uniform_points():
    x = np.concatenate(list(cell_centres(100)))
    assert x.shape == (10**6, 3)
    assert x[0] == pytest.approx([-0.99] * 3) and x[1] == pytest.approx([-0.99, -0.99, -0.97])
    assert nodes(3)[[0, 1, -1]].tolist() == [[-1, -1, -1], [-1, -1, 0], [1, 1, 1]]
    # Training on nodes and evaluating on centres share no point for even sides.
    assert not set(map(tuple, nodes(8).tolist())) & set(
        map(tuple, np.concatenate(list(cell_centres(8))).tolist())
    )
    assert np.abs(uniform(1000, np.random.default_rng(0)).mean(axis=0)).max() < 0.1


def test_the_page_needs_nothing_else(tmp_path):
    save_page(tmp_path / "a.html", {"target": BALL, "prediction": BALL})
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script src=" not in text and "$B64GLTF" not in text and len(text) > 500_000
