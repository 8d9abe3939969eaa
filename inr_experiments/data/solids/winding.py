"""Inside or outside of a surface by its winding number, holes and self-intersections allowed."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .base import Labels, Points, Triangles

#: Points at a time: the solver needs them, and its answer, in float64.
CHUNK = 2**18
#: |w| nearer than this to 0.5 is in doubt: a closed surface has whole numbers only.
DOUBT = 0.25


class Winding:
    """The generalised winding number w of a surface; inside is |w| > 0.5.

    w(q) = Σ over faces of solid angle(q) / 4π, far faces taken together. A closed surface has
    w = 1 inside and 0 outside, −1 inside where it is turned inside out; holes blur it.

    Source: Barill et al. 2018, Fast winding numbers for soups and clouds, through libigl.
    """

    def __init__(self, triangles: Triangles) -> None:
        self._triangles = triangles

    @cached_property
    def _hierarchy(self) -> Any:
        import igl

        hierarchy = igl.FastWindingNumberBVH()
        hierarchy.init(self._triangles.vertices, self._triangles.faces)
        return hierarchy

    def numbers(self, points: Points) -> npt.NDArray[np.float64]:
        """w at every point. Shapes: (N, 3) -> (N,)."""
        result = np.empty(len(points))
        for start in range(0, len(points), CHUNK):
            rows = slice(start, start + CHUNK)
            query = np.ascontiguousarray(points[rows], dtype=np.float64)
            result[rows] = self._hierarchy.winding_number(query)
        return result

    def label(self, points: Points) -> Labels:
        """Inside where |w| > 0.5; in doubt where ||w| − 0.5| < 0.25."""
        size = np.abs(self.numbers(points))
        return Labels(size > 0.5, int(np.count_nonzero(np.abs(size - 0.5) < DOUBT)))
