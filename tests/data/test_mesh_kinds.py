"""What the field's mesh files have, and that loaders stumble over."""

import json
import struct

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from inr_experiments.checks import InputError
from inr_experiments.data.solids import meshes
from inr_experiments.data.solids.polygons import Polygons

SPHERE = trimesh.creation.icosphere(subdivisions=2)
BOM = b"\xef\xbb\xbf"


def load(folder, name: str, content: bytes) -> meshes.Mesh:
    path = folder / name
    path.write_bytes(content)
    return meshes.load(path)


def as_off(keyword: str = "OFF", more: str = "") -> bytes:
    rows = [f"{keyword}{len(SPHERE.vertices)} {len(SPHERE.faces)} 0"]
    rows += [f"{x} {y} {z}{more}" for x, y, z in SPHERE.vertices]
    rows += [f"3 {a} {b} {c}" for a, b, c in SPHERE.faces]
    return "\n".join(rows).encode()


@pytest.mark.parametrize(
    "content",
    [
        as_off(),
        as_off("OFF\n# a comment\n"),
        as_off("COFF\n", " 255 0 0 255"),
        as_off("NOFF ", " 0 0 1"),
        BOM + as_off("OFF\n"),
        as_off("OFF\n") + b"\n# the end\n",
    ],
)
def test_off_files_of_the_field_are_read(tmp_path, content):
    facts = load(tmp_path, "a.off", content).facts
    assert facts["faces"] == len(SPHERE.faces) and facts["watertight"] and facts["notes"] == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"OFF BINARY\n3 1 0\n", "OFF BINARY is not read"),
        (b"4OFF\n3 1 0\n0 0 0 1\n", "4OFF is not read"),
        (as_off()[:-2000], "announces"),
        (as_off().rsplit(b" ", 1)[0], "a face of 3 corners with 2"),
    ],
)
def test_off_files_that_cannot_be_read_are_named(tmp_path, content, says):
    with pytest.raises(InputError, match=says):
        load(tmp_path, "a.off", content)


def as_ply(order: str, rows: list[list[int]], vertices: np.ndarray, flag: bool = False) -> bytes:
    head = ["ply", f"format {order} 1.0", "comment by hand", f"element vertex {len(vertices)}"]
    head += [f"property float {axis}" for axis in "xyz"]
    head += [f"element face {len(rows)}", "property list uchar int vertex_indices"]
    head += ["property uchar flag"] if flag else []
    start = "\n".join([*head, "end_header\n"]).encode()
    if order == "ascii":
        lines = [" ".join(map(str, v)) for v in vertices.tolist()]
        lines += [" ".join(map(str, [len(r), *r, *([1] if flag else [])])) for r in rows]
        return start + "\n".join(lines).encode() + b"\n"
    end = "<" if "little" in order else ">"
    body = vertices.astype(f"{end}f4").tobytes()
    for row in rows:
        body += struct.pack(f"{end}B{len(row)}i", len(row), *row) + (b"\1" if flag else b"")
    return start + body


def uv_sphere(around: int = 8, down: int = 4) -> tuple[list[list[int]], np.ndarray]:
    """Triangles at the poles, quads between, as Blender writes it."""
    angles = np.arange(1, down) * np.pi / down
    turn = np.arange(around) * 2 * np.pi / around
    rings = [
        (np.sin(a) * np.cos(t), np.sin(a) * np.sin(t), np.cos(a)) for a in angles for t in turn
    ]
    points = np.array([(0, 0, 1), *rings, (0, 0, -1)])
    rows: list[list[int]] = []
    for t in range(around):
        here, there = 1 + t, 1 + (t + 1) % around
        rows.append([0, here, there])
        for ring in range(down - 2):
            a, b = here + around * ring, there + around * ring
            rows.append([a, a + around, b + around, b])
        last = around * (down - 2)
        rows.append([len(points) - 1, there + last, here + last])
    return rows, points


@pytest.mark.parametrize("order", ["ascii", "binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize("flag", [False, True])
def test_a_ply_of_mixed_polygons_is_a_solid(tmp_path, order, flag):
    rows, points = uv_sphere()
    facts = load(tmp_path, "a.ply", as_ply(order, rows, points, flag) + b"\0\0trailing").facts
    assert facts["watertight"] and facts["faces"] == 2 * 8 + 2 * 2 * 8
    one = load(tmp_path, "b.ply", as_ply(order, [[0, 1, 2], [0, 2], [3]], points, flag)).facts
    assert one["faces"] == 1
    none = load(tmp_path, "c.ply", as_ply(order, [[], *rows], points, flag)).facts
    assert none["watertight"]
    assert one["notes"][0] == "2 polygons of fewer than three corners dropped"


@pytest.mark.parametrize("order", ["ascii", "binary_little_endian"])
def test_a_ply_that_is_cut_off_anywhere_is_refused(tmp_path, order):
    rows, points = uv_sphere()
    whole = as_ply(order, rows, points)
    for kept in range(0, len(whole) - 12, 7):
        with pytest.raises(InputError):
            load(tmp_path, "a.ply", whole[:kept])


def test_an_obj_with_a_byte_order_mark_keeps_its_first_vertex(tmp_path):
    text = "".join(f"v {x} {y} {z}\n" for x, y, z in SPHERE.vertices)
    text += "".join(f"f {a + 1} {b + 1} {c + 1}\n" for a, b, c in SPHERE.faces)
    assert load(tmp_path, "a.obj", BOM + text.encode()).facts["watertight"]


def test_an_obj_that_is_cut_within_a_line_is_refused(tmp_path):
    whole = SPHERE.export(file_type="obj").encode()
    ends = whole[: whole.rindex(b" ")]
    for content, says in (
        (ends, "ends in a face of 2 corners"),
        (whole[:75], "shape|no (faces|vertices)"),
    ):
        with pytest.raises(InputError, match=says):
            load(tmp_path, "a.obj", content)
    first_face = whole.index(b"\n", whole.index(b"f "))
    broken = whole[:75] + b"\n" + whole[76:first_face]
    with pytest.raises(InputError, match=r"of shape .*; expected \(V, 3\)|cannot be read"):
        load(tmp_path, "a.obj", broken)


def test_an_stl_with_bytes_after_its_faces_is_read(tmp_path):
    whole = SPHERE.export(file_type="stl")
    for content in (whole + b"\n", b"solid" + whole[5:] + b"made by"):
        assert load(tmp_path, "a.stl", content).facts["faces"] == len(SPHERE.faces)
    text = SPHERE.export(file_type="stl_ascii").encode()
    for content in (BOM + text, text + b"\n" * 600):
        assert load(tmp_path, "b.stl", content).facts["watertight"]


def test_lines_that_end_in_carriage_returns_alone_are_lines(tmp_path):
    rows, points = uv_sphere()
    whole = as_ply("binary_big_endian", rows, points)
    head = whole[: whole.index(b"end_header\n") + 11]
    contents = {
        "a.off": as_off(),
        "a.obj": SPHERE.export(file_type="obj").encode(),
        "a.stl": SPHERE.export(file_type="stl_ascii").encode(),
        "a.ply": as_ply("ascii", rows, points),
    }
    contents = {name: text.replace(b"\n", b"\r") for name, text in contents.items()}
    contents["b.ply"] = head.replace(b"\n", b"\r") + whole[len(head) :]
    for name, content in contents.items():
        assert load(tmp_path, name, content).facts["watertight"], name


def as_glb(**more) -> bytes:
    content = SPHERE.export(file_type="glb")
    (size,) = struct.unpack_from("<I", content, 12)
    scene = json.dumps({**json.loads(content[20 : 20 + size]), **more}).encode()
    scene += b" " * (-len(scene) % 4)
    rest = content[20 + size :]
    head = struct.pack("<4sIIII", b"glTF", 2, 20 + len(scene) + len(rest), len(scene), 0x4E4F534A)
    return head + scene + rest


def test_an_extension_that_a_glb_requires_is_refused_by_its_name(tmp_path):
    for name in ("KHR_mesh_quantization", "KHR_draco_mesh_compression", "MINE_anything"):
        with pytest.raises(InputError, match=f"needs the glTF extension {name}, which is not read"):
            load(tmp_path, "a.glb", as_glb(extensionsRequired=[name], extensionsUsed=[name]))
    with pytest.raises(InputError, match="EXT_mesh_gpu_instancing"):
        load(tmp_path, "a.glb", as_glb(extensionsUsed=["EXT_mesh_gpu_instancing"]))
    plain = as_glb(extensionsRequired=["KHR_texture_transform"])
    assert load(tmp_path, "a.glb", plain + b"junk").facts["watertight"]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e150])
def test_what_is_dropped_does_not_move_the_box(tmp_path, scale):
    far = np.array([4.0, 0, 0]) * scale
    vertices = SPHERE.vertices * scale + far
    stray = [[0, 0, 0], far / 2, far / 4, [-9 * scale, 0, 0], [np.nan, 0, 0]]
    n = len(vertices)
    faces = [*SPHERE.faces.tolist(), [n, n, n], [n, n + 1, n + 2]]
    text = "".join(f"v {x!r} {y!r} {z!r}\n" for x, y, z in [*vertices.tolist(), *map(list, stray)])
    text = text.replace("np.float64(", "").replace(")", "")
    text += "".join(f"f {a + 1} {b + 1} {c + 1}\n" for a, b, c in faces)
    facts = load(tmp_path, "a.obj", text.encode()).facts
    assert np.allclose(facts["half_extents"], 1) and np.allclose(facts["centre"], far)
    assert facts["notes"] == ["2 faces without area dropped"]


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=8))
def test_fans_against_one_polygon_at_a_time(rows):
    counts, flat = (
        np.array([len(r) for r in rows], int),
        np.array([c for r in rows for c in r], int),
    )
    expected = [[r[0], r[k], r[k + 1]] for r in rows for k in range(1, len(r) - 1)]
    found = Polygons(np.zeros((10, 3)), counts, flat).triangles()
    assert found.reshape(-1, 3).tolist() == expected


KINDS = {
    ".off": as_off(),
    ".ply": as_ply("binary_little_endian", *uv_sphere()),
    ".stl": SPHERE.export(file_type="stl"),
    ".obj": SPHERE.export(file_type="obj").encode(),
    ".glb": as_glb(),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_mesh_cut_or_changed_anywhere_is_read_or_refused(tmp_path_factory, kind, data):
    content = bytearray(KINDS[kind])
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    content += data.draw(st.binary(max_size=8))
    folder = tmp_path_factory.mktemp("fuzz")
    try:
        solid = load(folder, f"a{kind}", bytes(content))
    except InputError as error:
        assert "a" + kind in str(error) and "\n" not in str(error)
    else:
        assert np.isfinite(solid.surface().vertices).all() and len(solid.surface().faces)


def test_an_obj_that_counts_backwards_keeps_its_parts(tmp_path):
    text = ""
    for x in (0, 3):
        text += "".join(
            f"v {x + a} {b} {c}\n" for a, b, c in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
        )
        text += "f -4 -2 -3\nf -4/1 -3/1/1 -1\nf -4 -1 -2\nf -3 -2 -1//2\n"
    facts = load(tmp_path, "a.obj", text.encode()).facts
    assert facts["watertight"] and facts["faces"] == 8
    assert facts["centre"] == [2.0, 0.5, 0.5]
    with pytest.raises(InputError, match="cannot be read as a mesh"):
        load(tmp_path, "b.obj", text.replace("-2 -3", "-0. -3").encode())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s["meshes"][0]["primitives"][0].update(mode=6), "triangle fans"),
        (lambda s: [a.update(sparse={}) for a in s["accessors"]], "sparse accessors"),
        (lambda s: [a.update(componentType=5122) for a in s["accessors"]], "quantised positions"),
        (lambda s: s["buffers"][0].update(uri="a.bin"), "buffers in other files"),
        (
            lambda s: (
                s["meshes"][0].update(weights=[0.5]),
                s["meshes"][0]["primitives"][0].update(targets=[{}]),
            ),
            "morph targets",
        ),
    ],
)
def test_what_of_a_glb_would_be_passed_over_is_named(tmp_path, change, says):
    content = as_glb()
    (size,) = struct.unpack_from("<I", content, 12)
    scene = json.loads(content[20 : 20 + size])
    change(scene)
    with pytest.raises(InputError, match=f"has .*{says}.*, which is not read|has {says}"):
        load(tmp_path, "a.glb", as_glb(**scene))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.off", b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n-1 0 1 2\n"),
        ("a.ply", b"ply\nformat ascii 1.0\nelement vertex 1\nproperty\nend_header\n1\n"),
        ("a.ply", as_ply("ascii", [[0, 1, 2]], SPHERE.vertices).replace(b"3 0 1 2", b"3 0 .7 2")),
        ("a.ply", as_ply("ascii", [[0, 1, 2]], SPHERE.vertices).replace(b"list uchar ", b"")),
        ("a.ply", as_ply("ascii", [], SPHERE.vertices).replace(b"float x", b"list int int x")),
        ("a.ply", as_ply("ascii", [[0, 1, 2]], SPHERE.vertices).replace(b"3 0 1 2", b"inf 0 1 2")),
    ],
)
def test_what_makes_no_sense_is_a_sentence_with_the_file(tmp_path, name, content):
    with pytest.raises(InputError, match=name):
        load(tmp_path, name, content)


def test_an_off_whose_edges_stand_on_the_next_line(tmp_path):
    content = as_off("OFF\n").replace(b" 0\n", b"\n0\n", 1)
    assert load(tmp_path, "a.off", content).facts["watertight"]
