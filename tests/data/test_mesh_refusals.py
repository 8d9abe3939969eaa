"""Files that are no mesh, or no solid: each is refused in one sentence."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh

from inr_experiments.checks import InputError
from inr_experiments.data.solids import meshes

from ..solids import sphere, write

SPHERE = sphere(3)


def refusal(path: Path) -> str:
    """The one sentence with which a file is refused; it names the file."""
    with pytest.raises(InputError) as refused:
        meshes.load(path)
    text = str(refused.value)
    assert str(path) in text and "\n" not in text
    return text


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
    assert f"1 of {len(vertices)} vertices are NaN or infinite" in refusal(path)


def test_a_face_that_names_no_vertex(tmp_path):
    path = tmp_path / "a.off"
    path.write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 9\n")
    refusal(path)
    path = tmp_path / "a.obj"
    text = SPHERE.export(file_type="obj")
    path.write_text(f"{text}\nf 1 2 9999\n")
    refusal(path)
    for face in ("1/1 0/1 3/1", "-1 -2 -9999"):
        path.write_text(f"{text}\nf {face}\n")
        assert "names a vertex before the first" in refusal(path)


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


def test_an_off_that_announces_more_than_it_holds(tmp_path):
    path = tmp_path / "a.off"
    path.write_text("OFF\n4000000000 1 0\n0 0 0\n")
    assert "announces 4000000000 vertices" in refusal(path)


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
