"""Every kind of mesh file that a stranger may hand over."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh

from inr_experiments.checks import InputError
from inr_experiments.data import meshes

from ..solids import box_points, sphere, with_holes, write

SPHERE = sphere(3)
CLOSED = {"watertight": True, "boundary_edges": 0, "nonmanifold_edges": 0, "notes": []}


def refusal(path: Path) -> str:
    """The one sentence with which a file is refused; it names the file."""
    with pytest.raises(InputError) as refused:
        meshes.load(path)
    text = str(refused.value)
    assert str(path) in text and "\n" not in text
    return text


# --- what is read


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


# --- closed forms


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


# --- what is mended, and said


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


# --- what is refused


def test_a_missing_file(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.ply")


@pytest.mark.parametrize("suffix", ["obj", "ply", "stl", "off", "glb"])
@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + bytes(200), b"words " * 50])
def test_no_mesh_at_all(tmp_path, suffix, content):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    refusal(path)


EMPTY_GLTF = b'{"asset":{"version":"2.0"}} '
EMPTY = {
    "obj": b"o nothing\n",
    "ply": b"ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nend_header\n",
    "stl": bytes(84),
    "off": b"OFF\n0 0 0\n",
    "glb": b"glTF" + struct.pack("<4I", 2, 48, 28, 0x4E4F534A) + EMPTY_GLTF,
}


@pytest.mark.parametrize("suffix", EMPTY)
def test_an_empty_mesh(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(EMPTY[suffix])
    assert "holds no vertices" in refusal(path)


@pytest.mark.parametrize("suffix", ["ply", "glb", "obj"])
def test_a_point_cloud(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    cloud = trimesh.PointCloud(SPHERE.vertices)
    if suffix == "obj":
        path.write_text("".join(f"v {x} {y} {z}\n" for x, y, z in cloud.vertices))
    else:
        cloud.export(path)
    assert "points but no faces" in refusal(path)


def test_a_folder_is_no_mesh(tmp_path):
    (tmp_path / "a.ply").mkdir()
    assert "a.ply: a folder; expected a mesh" in refusal(tmp_path / "a.ply")


def test_only_faces_without_area(tmp_path):
    flat = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], process=False)
    assert "no area" in refusal(write(tmp_path / "a.ply", flat))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_vertices_that_are_no_numbers(tmp_path, value):
    broken = SPHERE.copy()
    vertices = np.array(broken.vertices)
    vertices[7, 1] = value
    path = write(tmp_path / "a.ply", trimesh.Trimesh(vertices, broken.faces, process=False))
    assert "1 vertices are NaN or infinite" in refusal(path)


def test_a_face_that_names_no_vertex(tmp_path):
    path = tmp_path / "a.off"
    path.write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 9\n")
    refusal(path)
    path = tmp_path / "a.obj"
    text = SPHERE.export(file_type="obj")
    path.write_text(f"{text}\nf 1 2 9999\n")
    refusal(path)
    path.write_text(f"{text}\nf 1/1 0/1 3/1\n")
    assert "names vertex 0" in refusal(path)


def test_a_gz_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "a.ply.gz"
    path.write_bytes(gzip.compress(bytes(2**26)))
    assert "unpacks to more than" in refusal(path)


def test_a_damaged_gz(tmp_path):
    packed = gzip.compress(SPHERE.export(file_type="ply"))
    for name, content in (("cut", packed[:-900]), ("none", b"ply\n")):
        path = tmp_path / f"{name}.ply.gz"
        path.write_bytes(content)
        assert "cannot be unpacked" in refusal(path)


@pytest.mark.parametrize("encoding", ["binary", "ascii"])
def test_a_ply_that_announces_more_than_it_holds(tmp_path, encoding):
    whole = SPHERE.export(file_type="ply", encoding=encoding)
    path = tmp_path / "a.ply"
    path.write_bytes(whole.replace(b"element vertex 642", b"element vertex 4000000000"))
    assert "4000000000 vertex" in refusal(path)
    path.write_bytes(whole[: -len(whole) // 3])
    refusal(path)


def test_an_off_that_announces_more_than_it_holds(tmp_path):
    path = tmp_path / "a.off"
    path.write_text("OFF\n4000000000 1 0\n0 0 0\n")
    assert "announces 4000000000 vertices" in refusal(path)
    path.write_text("\n".join(SPHERE.export(file_type="off").splitlines()[:-500]))
    refusal(path)


def test_an_stl_that_announces_more_than_it_holds(tmp_path):
    whole = SPHERE.export(file_type="stl")
    path = tmp_path / "a.stl"
    path.write_bytes(whole[:80] + struct.pack("<I", 4_000_000_000) + whole[84:])
    assert "announces 4000000000 faces" in refusal(path)
    path.write_bytes(whole[:-1000])
    assert "announces" in refusal(path)
    path.write_bytes(whole + bytes(50))
    assert "announces 1280 faces" in refusal(path)


def test_a_text_stl_that_is_cut_off(tmp_path):
    path = tmp_path / "a.stl"
    whole = SPHERE.export(file_type="stl_ascii")
    path.write_text(whole)
    assert meshes.load(path).facts["watertight"]
    path.write_text(whole[: len(whole) // 2])
    assert "`endsolid`" in refusal(path)


def test_a_glb_that_announces_more_than_it_holds(tmp_path):
    path = tmp_path / "a.glb"
    path.write_bytes(SPHERE.export(file_type="glb")[:-1000])
    assert "announces" in refusal(path)
