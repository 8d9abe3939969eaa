"""Surfaces out of grids, points on them, and files of them."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .base import Triangles

if TYPE_CHECKING:
    import trimesh


def extract(values: npt.NDArray[np.floating], *, level: float) -> Triangles | None:
    """The surface at which a grid of cell centres crosses `level`, larger values inside.

    Marching cubes of the grid with one layer of empty cells around it. The value of a border cell
    v is mirrored to level − |v − level|, so that an object which reaches the border ends where the
    box does, half a cell beyond the last centre. None where nothing crosses.

    Shapes: values (X, Y, Z) -> vertices in the box, [-1, 1] along the longest axis.

    Source: Lewiner et al. 2003, through scikit-image.
    """
    from skimage.measure import marching_cubes

    padded = np.pad(values.astype(np.float32, copy=False), 1, mode="edge")
    for axis in range(3):
        for end in (0, -1):
            border = np.moveaxis(padded, axis, 0)[end]
            border[...] = level - np.abs(border - level)
    if not (padded > level).any():
        return None
    # `ascent`: the inside has the larger values; the other way the surface comes inside out.
    vertices, faces, _, _ = marching_cubes(padded, level, gradient_direction="ascent")
    if len(faces) == 0:
        return None
    shape = np.array(values.shape)
    # Index 0 of the padded grid lies half a cell outside the box.
    placed = (vertices.astype(np.float64) - 0.5 - shape / 2) * (2 / shape.max())
    return Triangles(placed, faces.astype(np.int64))


def sample(triangles: Triangles, count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Points drawn uniformly by area.

    a + r (b − a) + s (c − a) on a face with corners a, b, c, with r, s uniform; where r + s > 1,
    1 − r and 1 − s instead.

    Shapes: -> (count, 3).
    """
    a, b, c = (triangles.vertices[triangles.faces[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    face = rng.choice(len(area), size=count, p=area / area.sum())
    u = rng.random((count, 2))
    beyond = u.sum(axis=1) > 1
    u[beyond] = 1 - u[beyond]
    return a[face] + u[:, :1] * (b - a)[face] + u[:, 1:] * (c - a)[face]


def as_trimesh(triangles: Triangles) -> "trimesh.Trimesh":
    """For export."""
    import trimesh

    return trimesh.Trimesh(triangles.vertices, triangles.faces, process=False)
