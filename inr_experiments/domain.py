"""The place of a task: what an encoding or an initialisation may ask of it; some of its points."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Domain:
    """The points that a network is fitted on, as its parts need to know them.

    Attributes:
        half_extents: P numbers, half the sides of the box about the origin that holds them.
        radius: of the ball about the origin that holds them.
        density: points along a unit of length of the longest axis; half of it is the highest
            frequency that they can tell along that axis.
        axes: coordinates along each axis of the whole grid, of which they are some or all points;
            empty where they lie on no grid.
        points: (N, P) the fitted points, those that spectra are taken on; None where they are not
            known.
    """

    half_extents: Sequence[float]
    radius: float
    density: float
    axes: tuple[Sequence[float], ...] = ()
    points: Tensor | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Numbers as tuples: domains are compared and hashed."""
        object.__setattr__(self, "half_extents", tuple(map(float, self.half_extents)))
        object.__setattr__(self, "axes", tuple(tuple(map(float, axis)) for axis in self.axes))

    @property
    def dimensions(self) -> int:
        """P, the numbers of a coordinate."""
        return len(self.half_extents)

    @classmethod
    def cube(cls, dimensions: int, *, density: float) -> "Domain":
        """The cube [-1, 1]^P."""
        return cls(half_extents=(1.0,) * dimensions, radius=dimensions**0.5, density=density)


def evenly_spaced(count: int, most: int) -> Tensor:
    """At most `most` of the indices 0 … count − 1, evenly spread, both ends among them."""
    if most >= count:
        return torch.arange(count)
    return torch.linspace(0, count - 1, most, dtype=torch.float64).round().long()
