"""Polygons of any number of corners as triangles."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Polygons(NamedTuple):
    """A surface as a file has it: vertices (V, 3) float64, and the corners of each polygon in turn.

    Attributes:
        vertices: (V, 3) float64.
        counts: (F,) corners of each polygon.
        corners: (Σ counts,) vertices, one polygon after the other.
    """

    vertices: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    corners: npt.NDArray[np.int64]

    def triangles(self) -> npt.NDArray[np.int64]:
        """Fans about the first corners; polygons of fewer than three give none. Shapes: (T, 3)."""
        each = np.maximum(self.counts - 2, 0)
        first = np.repeat(np.cumsum(self.counts) - self.counts, each)
        along = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
        return self.corners[np.stack([first, first + along + 1, first + along + 2], axis=1)]

    def notes(self) -> list[str]:
        """A sentence on polygons that are none."""
        few = int((self.counts < 3).sum())
        return [f"{few} polygons of fewer than three corners dropped"] if few else []
