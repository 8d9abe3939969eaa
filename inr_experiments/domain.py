"""The place of a task: what an encoding or an initialisation may ask of it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Domain:
    """The points that a network is fitted on, as its parts need to know them.

    Attributes:
        half_extents: P numbers, half the sides of the box about the origin that holds them.
        radius: of the ball about the origin that holds them.
        density: points along a unit of length of the longest axis; half of it is the highest
            frequency that they can tell.
    """

    half_extents: Sequence[float]
    radius: float
    density: float

    @property
    def dimensions(self) -> int:
        """P, the numbers of a coordinate."""
        return len(self.half_extents)
