"""Which way out: solids and parts of them that are inside out are turned, and it is said."""

import numpy as np
import pytest
import trimesh

from inr_experiments.data.solids import meshes

from ..solids import box_points, sphere, write

SPHERE = sphere(3)


def test_inverted_orientation(tmp_path):
    turned = SPHERE.copy()
    turned.invert()
    mesh = meshes.load(write(tmp_path / "a.ply", turned))
    assert mesh.facts["notes"] == ["orientation was inverted; mended"]
    assert mesh.label(np.zeros((1, 3))).inside.all()
    assert trimesh.Trimesh(mesh.surface().vertices, mesh.surface().faces).volume > 0


def test_faces_turned_against_each_other(tmp_path):
    mixed = SPHERE.copy()
    mixed.faces[::3] = mixed.faces[::3, ::-1]
    mesh = meshes.load(write(tmp_path / "a.ply", mixed))
    assert "turned against each other" in mesh.facts["notes"][0]
    assert (
        mesh.label(box_points()).inside
        == (meshes.load(write(tmp_path / "b.ply", SPHERE)).label(box_points()).inside)
    ).all()


def ball(radius: float, x: float, *, inverted: bool = False) -> trimesh.Trimesh:
    made = SPHERE.copy().apply_scale(radius).apply_translation([x, 0, 0])
    if inverted:
        made.invert()
    return made


@pytest.mark.parametrize("first", [True, False])
def test_a_part_that_is_inside_out_beside_or_across_another(tmp_path, first):
    balls = [ball(1, 0, inverted=first), ball(1, 1, inverted=not first), ball(0.5, 4)]
    path = write(tmp_path / "a.ply", trimesh.util.concatenate(balls))
    mesh = meshes.load(path)
    assert mesh.facts["notes"] == ["1 of 3 parts were inside out; mended"]
    x = np.array([[-0.8, 0, 0], [0.5, 0, 0], [1.8, 0, 0], [4, 0, 0], [3, 0, 0]])
    inside = mesh.label((x - mesh.facts["centre"]) * mesh.facts["scale"]).inside
    assert inside.tolist() == [True, True, True, True, False]


def test_a_hollow_body_inside_out_is_turned_with_its_cavity(tmp_path):
    balls = [ball(1, 0, inverted=True), ball(0.5, 0), ball(0.2, 0, inverted=True), ball(2, 4)]
    path = write(tmp_path / "a.ply", trimesh.util.concatenate(balls))
    mesh = meshes.load(path)
    assert mesh.facts["notes"] == ["1 of 4 parts were inside out; mended"]
    x = np.array([[0, 0, 0], [0.35, 0, 0], [0.75, 0, 0], [4, 0, 0]])
    inside = mesh.label((x - mesh.facts["centre"]) * mesh.facts["scale"]).inside
    assert inside.tolist() == [True, False, True, True]
    turned = trimesh.Trimesh(mesh.surface().vertices, mesh.surface().faces)
    volumes = sorted(part.volume > 0 for part in turned.split())
    assert volumes == [False, True, True, True]


def test_a_cavity_that_touches_the_wall_is_none_the_less_one(tmp_path):
    hole = trimesh.creation.box((1, 1, 1)).apply_translation([0.5, 0, 0])
    hole.invert()
    path = write(
        tmp_path / "a.ply", trimesh.util.concatenate([trimesh.creation.box((2, 2, 2)), hole])
    )
    mesh = meshes.load(path)
    assert mesh.facts["notes"] == []
    assert mesh.label(np.array([[0.5, 0, 0], [-0.5, 0, 0]])).inside.tolist() == [False, True]


def test_a_hollow_keeps_its_cavity(tmp_path):
    inner = SPHERE.copy().apply_scale(0.5)
    inner.invert()
    path = write(tmp_path / "a.ply", trimesh.util.concatenate([SPHERE, inner]))
    assert meshes.load(path).facts["notes"] == []
    inside = meshes.load(path).label(np.array([[0, 0, 0], [0.7, 0, 0]])).inside
    assert inside.tolist() == [False, True]
