"""The lattice of points that a rank-expanding inlet opens at."""

import torch
from torch import Tensor


def lattice(points: int, dimensions: int) -> Tensor:
    """All points of a regular lattice on [-1, 1]^P, ends included, nearest to the origin first.

    Shapes: -> (points**P, P) float64. Points of equal norm keep the lattice's own order.
    """
    axis = torch.linspace(-1, 1, points, dtype=torch.float64)
    if points == 1:
        axis = torch.zeros(1, dtype=torch.float64)
    V = torch.cartesian_prod(*[axis] * dimensions).reshape(-1, dimensions)
    # Rounding makes ties of what differs in the last bit only, so that the order is one everywhere.
    order = torch.argsort(V.norm(dim=1).round(decimals=12), stable=True)
    return V[order]


def spread_subset(V: Tensor, count: int) -> Tensor:
    """`count` rows of V, evenly spread over its order, the first and last among them.

    Shapes: (M, P) -> (count, P), count ≤ M.
    """
    if count == 1:
        return V[:1]
    index = torch.linspace(0, len(V) - 1, count, dtype=torch.float64).round().long()
    return V[index]


def lattice_for(width: int, dimensions: int) -> Tensor:
    """`width` lattice points in P dimensions: the p^P lattice where one fits, else a subset.

    p is the least integer with p^P ≥ width; for width < p^P the evenly spread subset is taken.

    Shapes: -> (width, P) float64, nearest to the origin first.
    """
    p = 1
    while p**dimensions < width:
        p += 1
    return spread_subset(lattice(p, dimensions), width)
