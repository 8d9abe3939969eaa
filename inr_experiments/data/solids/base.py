"""The solid: what the occupancy task asks of a mesh, a volume or an analytic shape."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ...checks import ArgumentError, choice, number

Points = npt.NDArray[np.floating]
SCALINGS = ("box", "sphere")


@dataclass(frozen=True)
class Triangles:
    """A surface: vertices (V, 3) float64 and faces (F, 3) int64, counter-clockwise from outside."""

    vertices: npt.NDArray[np.float64]
    faces: npt.NDArray[np.int64]


class Labels(NamedTuple):
    """Mark points inside, (N,) bool, and count those for which that is in doubt."""

    inside: npt.NDArray[np.bool_]
    ambiguous: int


class Solid(Protocol):
    """An object in the box [-1, 1]³ with an inside test.

    Attributes:
        sha256: hash of the data behind it.
        facts: what a reader must know of it; `half_extents` of its tight box, `radius` of the ball
            about the origin that holds it, `notes` on what was mended.
    """

    sha256: str
    facts: dict[str, Any]

    def label(self, points: Points) -> Labels:
        """Mark points inside. Shapes: (N, 3) in the box -> (N,)."""
        ...

    def surface(self) -> Triangles:
        """Its surface, in the box."""
        ...

    def outer(self, points: Points) -> npt.NDArray[np.bool_]:
        """Mark points of its surface that are no wall within: all, where nothing crosses itself.

        Shapes: (N, 3) -> (N,).
        """
        return np.ones(len(points), dtype=bool)


def scale_to_box(half_extents: Points, radius: float, *, scaling: str, fill: float) -> float:
    """The factor that brings an object, centred at the middle of its tight box, into [-1, 1]³.

    `box`: fill / max(half_extents), so that the longest side of the tight box spans fill of the
    cube's; `sphere`: fill / radius. The aspect is kept.

    Shapes: half_extents (3,), radius from the centre to the farthest point.
    """
    choice("scaling", scaling, SCALINGS)
    if number("fill", fill) > 1:
        raise ArgumentError(f"fill={fill!r}: expected a number above 0 and at most 1")
    return fill / (float(np.max(half_extents)) if scaling == "box" else radius)
