"""The lattice of points that a rank-expanding inlet opens at."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...checks import ArgumentError
from ...domain import evenly_spaced

#: Points that a lattice may have; 2 along each of 26 axes would be 67 million.
MAX_POINTS = 10**7


def lattice(points: int, dimensions: int) -> Tensor:
    """All points of a regular lattice on [-1, 1]^P, ends included, nearest to the origin first.

    Shapes: -> (points**P, P) float64. Points of equal norm keep the lattice's own order.

    Raises:
        ArgumentError: if these are more than `MAX_POINTS`.
    """
    if points**dimensions > MAX_POINTS:
        raise ArgumentError(
            f"points={points}: a lattice of {points}^{dimensions} points; expected at most "
            f"{MAX_POINTS:,} (behind an encoding that keeps the coordinates, coordinates=2 lays it "
            "over the first two inputs)"
        )
    axis = torch.linspace(-1, 1, points, dtype=torch.float64)
    if points == 1:
        axis = torch.zeros(1, dtype=torch.float64)
    return nearest_first(torch.cartesian_prod(*[axis] * dimensions).reshape(-1, dimensions))


def nearest_first(V: Tensor) -> Tensor:
    """The rows of V by norm; rows of equal norm keep their order. Shapes: (M, P) -> (M, P)."""
    # Rounding makes ties of what is equal but for the last bit, so that all machines agree.
    order = torch.argsort(V.norm(dim=1).round(decimals=12), stable=True)
    return V[order]


def lattice_for(
    width: int,
    dimensions: int,
    *,
    points: int | None = None,
    half_extents: Sequence[float] | None = None,
    radius: float | None = None,
) -> Tensor:
    """`width` lattice points in P dimensions, an evenly spread subset where there are more.

    The lattice lies over the cube [-1, 1]^P; over the box ±half_extents, as many points along
    each axis; or over the ball of that radius: those points of the cube around it that it holds.

    Shapes: -> (width, P) float64, nearest to the origin first.

    Args:
        points: p, along each axis; None takes the least p that gives `width` points.

    Raises:
        ArgumentError: if p gives fewer points than `width`, or the box has another dimension.
    """

    def over(p: int) -> Tensor:
        V = lattice(p, dimensions)
        if half_extents is not None:
            V = nearest_first(V * torch.tensor(half_extents, dtype=V.dtype))
        if radius is not None:
            V = V[V.norm(dim=1) <= 1 + 1e-12] * radius
        return V

    if half_extents is not None and len(half_extents) != dimensions:
        raise ArgumentError(f"half_extents={list(half_extents)}: expected {dimensions} numbers")
    if points is None:
        points = 1
        while len(over(points)) < width:
            points += 1
    V = over(points)
    if len(V) < width:
        raise ArgumentError(
            f"points={points}: gives {len(V)} lattice points; expected at least "
            f"as many as units, {width}"
        )
    return V[evenly_spaced(len(V), width)]
