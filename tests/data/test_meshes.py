"""Every kind of mesh file that a stranger may hand over."""

import gzip

import numpy as np
import pytest
import trimesh

from inr_experiments.data.solids import meshes

from ..solids import box_points, sphere, with_holes, write

SPHERE = sphere(3)
CLOSED = {"watertight": True, "boundary_edges": 0, "nonmanifold_edges": 0, "notes": []}


@pytest.mark.parametrize("suffix", ["obj", "ply", "stl", "off", "glb"])
def test_every_format_gives_the_same_solid(tmp_path, suffix):
    mesh = meshes.load(write(tmp_path / f"a.{suffix}", SPHERE))
    assert mesh.facts["faces"] == len(SPHERE.faces)
    assert mesh.facts["vertices"] == len(SPHERE.vertices)
    assert {name: mesh.facts[name] for name in CLOSED} == CLOSED
    x = box_points()
    sure = np.abs(np.linalg.norm(x, axis=1) - 0.99) > 0.01
    assert (mesh.label(x).inside == (np.linalg.norm(x, axis=1) < 1))[sure].all()


def test_text_and_packed_ply(tmp_path):
    (tmp_path / "a.ply").write_bytes(SPHERE.export(file_type="ply", encoding="ascii"))
    packed = gzip.compress((tmp_path / "a.ply").read_bytes())
    (tmp_path / "a.ply.gz").write_bytes(packed)
    for name in ("a.ply", "a.ply.gz"):
        assert meshes.load(tmp_path / name).facts["watertight"]


def test_a_scene_of_several_parts_is_one_solid(tmp_path):
    scene = trimesh.Scene()
    for place in (-2.0, 2.0):
        shift = trimesh.transformations.translation_matrix([place, 0, 0])
        scene.add_geometry(SPHERE, transform=shift)
    scene.export(tmp_path / "a.glb")
    mesh = meshes.load(tmp_path / "a.glb")
    assert mesh.facts["faces"] == 2 * len(SPHERE.faces)
    inside = mesh.label(np.array([[-2 / 3, 0, 0], [2 / 3, 0, 0], [0, 0, 0]])).inside
    assert inside.tolist() == [True, True, False]


def test_tight_box_and_ball(tmp_path):
    path = write(tmp_path / "a.ply", trimesh.creation.box((2, 4, 6)).apply_translation([9, 9, 9]))
    box = meshes.load(path)
    assert box.facts["half_extents"] == pytest.approx([1 / 3, 2 / 3, 1])
    assert box.facts["radius"] == pytest.approx(np.sqrt(14) / 3)
    assert box.facts["centre"] == pytest.approx([9, 9, 9])
    ball = meshes.load(path, scaling="sphere")
    assert ball.facts["radius"] == pytest.approx(1)
    assert meshes.load(path, fill=0.5).facts["half_extents"] == pytest.approx([1 / 6, 1 / 3, 0.5])
    back = (ball.surface().vertices / ball.facts["scale"] + ball.facts["centre"]).min(axis=0)
    assert back == pytest.approx([8, 7, 6])


def test_a_tiny_and_a_huge_mesh_are_not_merged_away(tmp_path):
    for factor in (1e-300, 1e-7, 1e7, 1.7e308):
        path = tmp_path / "a.obj"
        lines = [f"v {x} {y} {z}" for x, y, z in (np.asarray(SPHERE.vertices) * factor).tolist()]
        lines += [f"f {a} {b} {c}" for a, b, c in (SPHERE.faces + 1).tolist()]
        path.write_text("\n".join(lines))
        assert meshes.load(path).facts["faces"] == len(SPHERE.faces)


def test_stray_vertices_do_not_move_the_box(tmp_path):
    text = SPHERE.export(file_type="obj")
    (tmp_path / "a.obj").write_text(text + "\nv 50 50 50\n")
    assert meshes.load(tmp_path / "a.obj").facts["half_extents"] == pytest.approx([1, 1, 1])


@pytest.mark.parametrize(
    ("mesh", "inside"),
    [
        (sphere(5), lambda x: np.linalg.norm(x, axis=1) < 1),
        (
            trimesh.creation.torus(0.75, 0.25, major_sections=256, minor_sections=128),
            lambda x: np.hypot(np.hypot(x[:, 0], x[:, 1]) - 0.75, x[:, 2]) < 0.25,
        ),
        (
            trimesh.creation.box((2, 1, 0.5)),
            lambda x: (np.abs(x) < [1, 0.5, 0.25]).all(axis=1),
        ),
    ],
    ids=["sphere", "torus", "box"],
)
def test_labels_against_the_closed_form(tmp_path, mesh, inside):
    x = box_points(100_000)
    found = meshes.load(write(tmp_path / "a.ply", mesh)).label(x).inside
    assert (found != inside(x)).mean() < 1e-3  # the facets cut a little off


@pytest.mark.parametrize("share", [0.02, 0.05])
def test_holes_change_few_labels_and_are_said(tmp_path, share):
    bumpy = sphere(5)
    bumpy.vertices *= 1 + 0.1 * np.sin(9 * bumpy.vertices).prod(axis=1, keepdims=True)
    x = box_points(50_000)
    closed = meshes.load(write(tmp_path / "closed.ply", bumpy))
    holed = meshes.load(write(tmp_path / "holed.ply", with_holes(bumpy, share)))
    assert not holed.facts["watertight"] and holed.facts["boundary_edges"] > 0
    assert f"{holed.facts['boundary_edges']} boundary edges" in holed.facts["notes"][0]
    wrong = closed.label(x).inside != holed.label(x).inside
    assert wrong.mean() < 0.005
    assert closed.label(x).ambiguous == 0 < holed.label(x).ambiguous


def test_faces_without_area_are_dropped(tmp_path):
    faces = np.vstack([SPHERE.faces, [[0, 0, 1], [5, 5, 5]]])
    degenerate = trimesh.Trimesh(SPHERE.vertices, faces, process=False)
    mesh = meshes.load(write(tmp_path / "a.ply", degenerate))
    assert mesh.facts["notes"] == ["2 faces without area dropped"]
    assert mesh.facts["watertight"]


def test_self_intersection_is_inside_once_more(tmp_path):
    other = SPHERE.copy().apply_translation([1, 0, 0])
    path = write(tmp_path / "a.ply", trimesh.util.concatenate([SPHERE, other]))
    mesh = meshes.load(path)
    x = box_points()
    own = x * 1.5 + [0.5, 0, 0]  # the union spans [-1, 2] along x
    apart = np.minimum(np.linalg.norm(own, axis=1), np.linalg.norm(own - [1, 0, 0], axis=1))
    sure = np.abs(apart - 0.985) > 0.015
    assert (mesh.label(x).inside == (apart < 1))[sure].all()
