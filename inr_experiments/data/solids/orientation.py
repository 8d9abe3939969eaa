"""Orientation of surfaces: they, and parts of them, that are inside out are turned."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .base import Triangles
from .winding import Winding

if TYPE_CHECKING:
    import trimesh

#: A sum of the parts' volumes nearer to 0 than this share of their sizes has no sign, as files
#: hold single precision.
ROUNDING = 1e-6
#: A part is drawn together by this before it is asked for, so that touching is no crossing.
SHRUNK = 1 - 1e-3


def turn_outwards(mesh: "trimesh.Trimesh") -> list[str]:
    """Turn, in place, what is inside out, and say so.

    The whole surface where its volume is negative. Then every closed part with a negative volume
    that lies in no other part, with all that lies in it, so that a hollow stays one: where such a
    part overlaps others, their winding numbers would cancel.
    """
    notes = []
    a, b, c = np.moveaxis(mesh.triangles, 1, 0)
    volumes = np.einsum("ij,ij->i", a, np.cross(b, c))  # six times those over each face
    part = _parts(mesh)
    size = np.abs(np.bincount(part, volumes)).sum()
    if volumes.sum() < -ROUNDING * size:
        mesh.invert()
        volumes = -volumes
        notes.append("orientation was inverted; mended")
    suspects = np.flatnonzero((np.bincount(part, volumes) < 0) & _closed(mesh, part)).tolist()
    if part.max() == 0 or not suspects:
        return notes
    parts = Parts(mesh, part)
    outermost = [i for i in suspects if not any(parts.holds(j, i) for j in parts.around(i))]
    for i in outermost:
        inner = [j for j in parts.within(i) if parts.holds(i, j)]
        turned = np.isin(part, [i, *inner])
        mesh.faces[turned] = mesh.faces[turned, ::-1]
    if outermost:
        notes.append(f"{len(outermost)} of {part.max() + 1} parts were inside out; mended")
    return notes


def _parts(mesh: "trimesh.Trimesh") -> npt.NDArray[np.int64]:
    """The part, counted from 0, that each face hangs together with by edges. Shapes: -> (F,)."""
    from trimesh.graph import connected_component_labels

    labels = connected_component_labels(mesh.face_adjacency, node_count=len(mesh.faces))
    return np.asarray(labels, dtype=np.int64)


def _closed(mesh: "trimesh.Trimesh", part: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Mark parts with two faces at every edge. Shapes: part (F,) -> (parts,)."""
    inverse = mesh.edges_unique_inverse
    loose = (np.bincount(inverse) != 2)[inverse].reshape(-1, 3).any(axis=1)
    return np.asarray(np.bincount(part, loose) == 0)


class Parts:
    """The parts of a mesh, to be asked which lies in which."""

    def __init__(self, mesh: "trimesh.Trimesh", part: npt.NDArray[np.int64]) -> None:
        self._vertices = np.ascontiguousarray(mesh.vertices, dtype=np.float64)
        order = np.argsort(part, kind="stable")
        faces = np.asarray(mesh.faces, dtype=np.int64)[order]
        starts = np.flatnonzero(np.r_[True, np.diff(part[order]) > 0])
        self._faces = np.split(faces, starts[1:])
        corners = self._vertices[faces]
        self._low = np.minimum.reduceat(corners.min(axis=1), starts)
        self._high = np.maximum.reduceat(corners.max(axis=1), starts)
        self._winding: dict[int, Winding] = {}

    def around(self, i: int) -> list[int]:
        """Parts whose tight box holds that of part i: only they may hold it."""
        held = (self._low <= self._low[i]) & (self._high >= self._high[i])
        return self._others(held, i)

    def within(self, i: int) -> list[int]:
        """Parts whose tight box lies in that of part i."""
        held = (self._low >= self._low[i]) & (self._high <= self._high[i])
        return self._others(held, i)

    def holds(self, i: int, j: int) -> bool:
        """True where part j lies in part i, by its vertices."""
        if i not in self._winding:
            self._winding[i] = Winding(Triangles(self._vertices, self._faces[i]))
        points = self._vertices[np.unique(self._faces[j])]
        middle = points.mean(axis=0)
        return bool(self._winding[i].label(middle + SHRUNK * (points - middle)).inside.all())

    @staticmethod
    def _others(held: npt.NDArray[np.bool_], i: int) -> list[int]:
        return [other for other in np.flatnonzero(held.all(axis=1)).tolist() if other != i]
