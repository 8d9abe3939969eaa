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
    assert drawn.sum() == pytest.approx(np.pi * (200 / 3) ** 2, rel=0.03)
    left, right = image[:, :100][drawn[:, :100]].mean(), image[:, 100:][drawn[:, 100:]].mean()
    assert left > right + 10  # the light comes from the left
    again = render.picture(BALL, pixels=200)
    assert (image == again).all()


def test_hidden_faces_are_left_out_without_a_trace(monkeypatch):
    fine = as_triangles(sphere(6))
    inner = Triangles(fine.vertices * 0.5, fine.faces)
    both = Triangles(
        np.concatenate([fine.vertices, inner.vertices]),
        np.concatenate([fine.faces, inner.faces + len(fine.vertices)]),
    )
    corners = (both.vertices @ render.camera(30, 20).T)[both.faces]
    assert render.in_front(corners)[len(fine.faces) :].mean() < 0.01
    short = render.picture(both, pixels=200)
    monkeypatch.setattr(render, "in_front", lambda corners: np.ones(len(corners), bool))
    assert (np.abs(short.astype(int) - render.picture(both, pixels=200)) > 8).mean() < 0.001


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
