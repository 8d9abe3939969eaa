"""Points at which an occupancy is asked for: all over the box, near a surface, on a grid."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .base import Triangles
from .surface import sample

Points = npt.NDArray[np.float32]
#: Points of a dense grid at a time: 256³ of them would take 200 MB.
CHUNK = 2**18


def uniform(count: int, rng: np.random.Generator) -> Points:
    """Uniform in the box [-1, 1]³. Shapes: -> (count, 3)."""
    return rng.uniform(-1, 1, (count, 3)).astype(np.float32)


def near_surface(
    triangles: Triangles, count: int, rng: np.random.Generator, *, sigma: float
) -> Points:
    """s + σ n, s uniform on the surface and n normal, those in the box kept.

    Shapes: -> (count, 3); σ in half sides of the box.
    """
    kept = np.empty((0, 3), dtype=np.float32)
    while len(kept) < count:
        moved = sample(triangles, count, rng) + sigma * rng.standard_normal((count, 3))
        kept = np.concatenate([kept, moved[(np.abs(moved) <= 1).all(axis=1)].astype(np.float32)])
    return kept[:count]


def nodes(side: int) -> Points:
    """The nodes of a grid, the faces of the box included: −1 + 2i/(side − 1) along each axis.

    Shapes: -> (side³, 3), the last axis fastest.
    """
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)


def cell_centres(side: int) -> Iterator[Points]:
    """The centres −1 + (2i + 1)/side of side³ cells, in whole layers of the first axis.

    Shapes: (layers · side², 3) each, the last axis fastest.
    """
    axis = ((2 * np.arange(side) + 1) / side - 1).astype(np.float32)
    layers = max(1, CHUNK // side**2)
    for start in range(0, side, layers):
        first = axis[start : start + layers]
        yield np.stack(np.meshgrid(first, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
