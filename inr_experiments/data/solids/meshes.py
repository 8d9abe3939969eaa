"""Meshes from files: loaded, looked through, mended, and scaled to the box."""

import gzip
import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...checks import InputError
from ...digest import file_sha256
from ...memory import require
from .base import Labels, Points, Triangles, scale_to_box
from .headers import checked
from .off import read_off
from .orientation import turn_outwards
from .ply import read_ply
from .winding import Winding

SUFFIXES = (".obj", ".ply", ".stl", ".off", ".glb", ".ply.gz")
#: Bytes that mending a mesh takes a face; 583 were measured on a sphere of 1.3 million.
BYTES_A_FACE = 700
#: Bytes that reading a text takes for each of its own; 15 and 16 were measured.
BYTES_A_BYTE = 16
#: Formats of which the library lacks some files of the field.
OWN = {".off": read_off, ".ply": read_ply}
#: A .gz may unpack to this many bytes, and to this many times its own size once it is large:
#: meshes shrink three- to tenfold.
UNPACKED, RATIO, SMALL = 2**31, 100, 2**24
#: Corners whose triangle has no more than this share of its longest side's square lie on a line.
LINE = 1e-13
#: Off the surface but nowhere far from it, in half sides of the box.
BESIDE = 1e-4


class Mesh:
    """A surface from a file as a solid in the box, labelled by its winding number."""

    def __init__(self, triangles: Triangles, sha256: str, facts: dict[str, Any]) -> None:
        self.sha256 = sha256
        self.facts = facts
        self._triangles = triangles
        self._winding = Winding(triangles)

    def label(self, points: Points) -> Labels:
        """Inside where |w| > 0.5. Shapes: (N, 3) -> (N,)."""
        return self._winding.label(points)

    def surface(self) -> Triangles:
        """The mesh itself, with the walls within where parts of it overlap."""
        return self._triangles

    def outer(self, points: Points) -> npt.NDArray[np.bool_]:
        """Mark points with an outside beside them, a step off. Shapes: (N, 3) -> (N,)."""
        bounds = np.zeros(len(points), dtype=bool)
        for step in (*np.eye(3) * BESIDE, *np.eye(3) * -BESIDE):
            left = np.flatnonzero(~bounds)
            bounds[left] = ~self.label(points[left] + step).inside
        return bounds


def load(path: Path, *, scaling: str = "box", fill: float = 1.0) -> Mesh:
    """Read a mesh, mend what can be mended, and scale it to the box.

    `facts`: `vertices`, `faces`, `watertight`, `boundary_edges` (with one face only),
    `nonmanifold_edges` (with more than two), `half_extents`, `radius`, `centre` and `scale`
    (box = (file − centre) · scale), `notes`.

    Raises:
        InputError: if the file is missing, unreadable, incomplete or holds no surface.
    """
    sha256 = file_sha256(path, expected=f"a mesh ({' '.join(SUFFIXES)})")
    vertices, faces, notes = read(path)
    what = f"{path}: a mesh of {len(faces)} faces; expected one that is simplified"
    require(BYTES_A_FACE * len(faces), what=what)
    spans = spanning(vertices, faces)
    if not spans.any():
        raise InputError(f"{path}: all {len(faces)} faces have no area; expected a surface")
    centre, half = box(vertices[np.unique(faces[spans])])
    triangles, facts = mend(path, (vertices - centre) / half.max(), faces[spans])
    if len(triangles.faces) < spans.sum():  # it held points that lie in no face now
        centre_now, half_now = box(triangles.vertices)
        moved = (triangles.vertices - centre_now) / half_now.max()
        triangles = Triangles(moved, triangles.faces)
        centre, half = centre + half.max() * centre_now, half.max() * half_now
    if flat := len(faces) - len(triangles.faces):
        notes.append(f"{flat} faces without area dropped")
    facts["notes"] = [*notes, *facts["notes"]]

    radius = float(np.linalg.norm(triangles.vertices, axis=1).max())
    factor = scale_to_box(half / half.max(), radius, scaling=scaling, fill=fill)
    placed = Triangles(triangles.vertices * factor, triangles.faces)
    placement = {
        "half_extents": (half / half.max() * factor).tolist(),
        "radius": radius * factor,
        "centre": centre.tolist(),
        "scale": factor / float(half.max()),
    }
    return Mesh(placed, sha256, {"kind": "mesh", **facts, **placement})


def spanning(vertices: np.ndarray, faces: np.ndarray) -> npt.NDArray[np.bool_]:
    """Mark faces whose corners lie on no line, to rounding. Shapes: (V, 3), (F, 3) -> (F,)."""
    size = np.abs(vertices[np.unique(faces)]).max()  # products of what is divided by it are finite
    corners = vertices[faces] / (size or 1.0)
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    longest = np.maximum((one**2).sum(axis=1), (other**2).sum(axis=1))
    area = np.linalg.norm(np.cross(one, other), axis=1)
    return np.asarray(area > LINE * longest, dtype=bool)


def box(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre and half sides of the tight box. Shapes: (V, 3) -> (3,), (3,)."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    return low / 2 + high / 2, high / 2 - low / 2  # their sum could overflow


def read(path: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Vertices (V, 3) float64, triangles (F, 3) int64 as the file has them, and notes on it."""
    kind, content = unpack(path)
    notes: list[str] = []
    if kind in OWN:
        what = f"{path}: a mesh as text; expected a smaller or a binary one"
        if kind == ".off" or b"format ascii" in content[:1024]:
            require(BYTES_A_BYTE * len(content), what=what)
        polygons = OWN[kind](path, content)
        vertices, notes = polygons.vertices, polygons.notes()
        corners = polygons.corners
        faces = polygons.triangles() if _within(corners, len(vertices)) else corners[:, None]
    else:
        vertices, faces = _by_library(path, kind, content)
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise InputError(f"{path}: its vertices are of shape {vertices.shape}; expected (V, 3)")
    if len(vertices) == 0:
        raise InputError(f"{path}: holds no vertices; expected a mesh")
    if len(faces) == 0:
        raise InputError(f"{path}: holds {len(vertices)} points but no faces; expected a mesh")
    if not _within(faces, len(vertices)):
        bad = faces.min() if faces.min() < 0 else faces.max()
        raise InputError(f"{path}: a face names vertex {bad} of {len(vertices)}")
    used = np.isfinite(vertices[np.unique(faces)]).all(axis=1)
    if not used.all():
        bad = int((~used).sum())
        raise InputError(
            f"{path}: {bad} of {len(vertices)} vertices are NaN or infinite; expected none"
        )
    return vertices, faces, notes


def _within(corners: np.ndarray, count: int) -> bool:
    """True where all corners name one of `count` vertices."""
    return corners.size == 0 or bool(corners.min() >= 0 and corners.max() < count)


def _by_library(path: Path, kind: str, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles as trimesh reads them, of all parts of a scene."""
    import trimesh

    content, announced = checked(path, kind, content)
    try:
        loaded: Any = trimesh.load(
            io.BytesIO(content), file_type=kind[1:], process=False, skip_materials=True
        )
        if isinstance(loaded, trimesh.Scene):
            parts = list(loaded.geometry.values())
            cloud = bool(parts) and all(isinstance(part, trimesh.PointCloud) for part in parts)
            loaded = parts[0] if cloud else loaded.to_mesh()  # which leaves points out
        vertices = np.asarray(loaded.vertices, dtype=np.float64)
        faces = np.asarray(getattr(loaded, "faces", np.empty((0, 3))), dtype=np.int64)
    except Exception as error:
        raise InputError(f"{path}: cannot be read as a mesh ({error})") from error
    if len(faces) < announced:
        raise InputError(
            f"{path}: announces {announced} faces, but {len(faces)} could be read; expected a "
            "complete file"
        )
    return vertices, faces


def unpack(path: Path) -> tuple[str, bytes]:
    """The format, as a suffix, and the bytes of a file, out of its .gz where it lies in one.

    Raises:
        InputError: if the .gz is damaged or unpacks to far more than a mesh would.
    """
    kind = path.suffix.lower()
    if kind != ".gz":
        return kind, path.read_bytes()
    limit = min(UNPACKED, max(SMALL, RATIO * path.stat().st_size))
    try:
        with gzip.open(path) as stream:
            content = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be unpacked ({error})") from error
    if len(content) > limit:
        raise InputError(f"{path}: unpacks to more than {limit} bytes; expected a packed mesh")
    return Path(path.stem).suffix.lower(), content


def mend(path: Path, vertices: np.ndarray, faces: np.ndarray) -> tuple[Triangles, dict[str, Any]]:
    """Join equal vertices, drop faces without area, turn the surface the right way out.

    Shapes: vertices (V, 3), the longest half side of their tight box 1.
    """
    import trimesh

    notes: list[str] = []
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    mesh.merge_vertices()
    flat = mesh.area_faces == 0
    if flat.all():
        raise InputError(f"{path}: all {len(flat)} faces have no area; expected a surface")
    if flat.any():
        mesh.update_faces(~flat)
    mesh.remove_unreferenced_vertices()
    if not mesh.is_winding_consistent:
        trimesh.repair.fix_winding(mesh)
        mended = "mended" if mesh.is_winding_consistent else "mended where the surface allows it"
        notes.append(f"neighbouring faces were turned against each other; {mended}")
    notes += turn_outwards(mesh)
    times_used = np.bincount(mesh.edges_unique_inverse)
    boundary = int((times_used == 1).sum())
    if boundary:
        notes.append(f"not closed, {boundary} boundary edges; the winding number decides")
    facts = {
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "watertight": bool(mesh.is_watertight),
        "boundary_edges": boundary,
        "nonmanifold_edges": int((times_used > 2).sum()),
        "notes": notes,
    }
    solid = Triangles(
        np.ascontiguousarray(mesh.vertices, dtype=np.float64),
        np.ascontiguousarray(mesh.faces, dtype=np.int64),
    )
    return solid, facts
