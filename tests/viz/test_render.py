"""Pictures of surfaces and of slices."""

import numpy as np
import pytest

from inr_experiments.data.solids.base import Triangles
from inr_experiments.viz import render

from ..data.test_surface import BALL, as_triangles
from ..solids import sphere


def test_a_picture_shows_the_ball_as_a_lit_disc():
    image = render.picture(BALL, pixels=200)
    drawn = image.min(axis=2) < 250
    assert drawn.sum() == pytest.approx(np.pi * (200 / 3 + 0.5) ** 2, rel=0.02)
    left, right = image[:, :100][drawn[:, :100]].mean(), image[:, 100:][drawn[:, 100:]].mean()
    assert left > right + 10  # the light comes from the left
    again = render.picture(BALL, pixels=200)
    assert (image == again).all()


def test_what_is_behind_a_hole_is_seen():
    fine = as_triangles(sphere(6))
    right, up, towards = (fine.vertices[fine.faces].mean(axis=1) @ render.camera(30, 20).T).T
    hole = (np.hypot(right, up) < 0.02) & (towards > 0)
    image, whole = (
        render.picture(Triangles(fine.vertices, fine.faces[kept]), pixels=800).min(axis=2)
        for kept in (~hole, slice(None))
    )
    assert ((image < 250) == (whole < 250)).all(), "no gap"
    assert image[398, 398] < whole[398, 398] and image[402, 402] > whole[402, 402], "a hollow"


def test_two_large_faces_and_no_surface():
    flat = Triangles(
        np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0.0]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
    )
    assert (render.picture(flat, azimuth=0, pixels=90)[45, 45] < 250).all()
    blank = render.picture(None, pixels=90)
    assert blank.shape == (90, 90, 3) and blank.min() < 100 and blank.mean() > 200


def test_slices_have_y_up():
    wanted = {name: np.zeros((9, 9), bool) for name in "xyz"}
    wanted["z"][:, 6:] = True  # large y: above
    shown = {name: values.astype(float) for name, values in wanted.items()}
    image = render.slices(shown, wanted)
    column = image[20:140, 750].mean(axis=1)
    assert column[:30].mean() < column[-40:].mean()
