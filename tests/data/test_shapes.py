"""Bundled shapes against independent inside tests, and solids' shared placement."""

import math

import numpy as np
import pytest
import trimesh

from inr_experiments.checks import InputError
from inr_experiments.data.solids import shapes
from inr_experiments.data.solids.shapes import SHAPES, Shape

from ..solids import box_points


def in_gyroid(x):
    a, b, c = (2 * math.pi * x).T
    sheet = np.sin(a) * np.cos(b) + np.sin(b) * np.cos(c) + np.sin(c) * np.cos(a)
    return (np.linalg.norm(x, axis=1) < 1) & (np.abs(sheet) < 0.45)


def in_menger(x):
    """By digits in base 3: no level may have two digits that are 1."""
    inside = np.ones(len(x), dtype=bool)
    for level in (1, 2, 3):
        digit = np.floor((x + 1) / 2 * 3**level).astype(int) % 3
        inside &= (digit == 1).sum(axis=1) < 2
    return inside


def in_knot(x):
    """By the nearest of very many points on the curve."""
    t = np.linspace(0, 2 * math.pi, 40_000, endpoint=False)
    curve = np.stack(
        [(2 + np.cos(3 * t)) * np.cos(2 * t), (2 + np.cos(3 * t)) * np.sin(2 * t), -np.sin(3 * t)]
    ).T
    middle = (curve.min(axis=0) + curve.max(axis=0)) / 2
    half = (curve.max(axis=0) - curve.min(axis=0)).max() / 2 + 0.32
    own = x * half
    return np.array([(((curve - middle - p) ** 2).sum(axis=1)).min() for p in own]) < 0.32**2


@pytest.mark.parametrize(
    ("name", "inside", "count"),
    [
        ("gyroid_sphere", in_gyroid, 200_000),
        ("menger", in_menger, 200_000),
        ("torus_knot", in_knot, 1500),
    ],
)
def test_inside_is_exact(name, inside, count):
    x = box_points(count)
    found = Shape(name).label(x)
    assert (found.inside == inside(x)).all() and found.ambiguous == 0
    assert found.inside.any()


def test_the_sponge_has_its_volume():
    assert Shape("menger").label(box_points(400_000)).inside.mean() == pytest.approx(
        (20 / 27) ** 3, abs=0.003
    )


def test_the_blob_is_star_shaped():
    x = box_points(5000)
    form = shapes.blob()
    inside = form.f(x) < 0
    centre = x[np.argmin(form.f(x))]
    for share in (0.3, 0.9):
        assert (form.f(centre + share * (x[inside] - centre)) < 0).mean() > 0.99


@pytest.mark.parametrize("name", SHAPES)
def test_facts_and_surface(name):
    shape = Shape(name)
    half = np.array(shape.facts["half_extents"])
    assert half.max() == pytest.approx(1)
    surface = shape.surface()
    # Marching cubes cut the tips by at most a cell.
    assert np.abs(surface.vertices).max(axis=0) == pytest.approx(half, abs=2 / shapes.CELLS)
    assert np.linalg.norm(surface.vertices, axis=1).max() < shape.facts["radius"] + 1 / shapes.CELLS
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    share = shape.label(box_points(200_000)).inside.mean()
    assert mesh.volume / 8 == pytest.approx(share, abs=0.006)  # positive: the right way out


@pytest.mark.parametrize("name", SHAPES)
def test_scaling_and_fill(name):
    ball = Shape(name, scaling="sphere")
    assert ball.facts["radius"] == pytest.approx(1)
    x = box_points(5000)
    small = Shape(name, fill=0.5)
    assert (small.label(x / 2).inside == Shape(name).label(x).inside).all()


def test_wrong_names_and_values():
    with pytest.raises(InputError, match=r"^shape='tours_knot'.*did you mean 'torus_knot'"):
        Shape("tours_knot")
    with pytest.raises(InputError, match=r"^scaling='cube'"):
        Shape("blob", scaling="cube")
    with pytest.raises(InputError, match=r"^fill=1.5"):
        Shape("blob", fill=1.5)
