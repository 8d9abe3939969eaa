"""The rank-expanding initialisation."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...checks import ArgumentError, choice, integer, number
from ...domain import Domain, evenly_spaced
from .lattice import lattice_for
from .torch_default import TorchDefault

#: The share of Prop. 4's bound that ε takes where it is not given.
EPSILON_FRACTION = 0.9
#: Where the lattice may lie, and the value that says how large.
OVER = {"cube": None, "box": "half_extents", "ball": "radius"}


def directions(V: Tensor) -> Tensor:
    """u_j = v_j / ‖v_j‖, and e₁ for a point at the origin.

    Shapes: (D, P) -> (D, P).
    """
    norm = V.norm(dim=1, keepdim=True)
    first = torch.zeros_like(V)
    first[:, 0] = 1
    return torch.where(norm > 0, V / norm.clamp_min(torch.finfo(V.dtype).tiny), first)


def epsilon_bound(V: Tensor) -> float:
    """The ε below which Z₀ on V is lower triangular in norm order.

    min over i ≠ j with ‖v_i‖ ≤ ‖v_j‖ of ‖v_j‖ − u_j·v_i; infinite for a single point.

    Shapes: V (D, P), rows in norm order.

    Source: Prop. 4 of arXiv 2602.01526, with the ties made explicit.
    """
    norm = V.norm(dim=1)
    gap = norm[:, None] - directions(V) @ V.T  # row j, column i
    nearer = norm[None, :] <= norm[:, None] + 1e-12
    nearer.fill_diagonal_(False)
    return gap[nearer].min().item() if nearer.any() else math.inf


class RankExpanding:
    """w_j = v_j/‖v_j‖, b_j = −‖v_j‖ + ε, for lattice points v_j on [-1, 1]^P or near the object.

    Unit j opens on the half-space beyond v_j. With a ReLU, Z₀ on the lattice is lower triangular
    with diagonal ε while ε is below `epsilon_bound`, hence of full rank. Nothing is random.

    The last three arguments are for ablations.

    Args:
        epsilon: ε; None takes 0.9 × the bound of the lattice in use.
        over: where the lattice lies: the `cube` [-1, 1]^P, the `box` ±half_extents, or the `ball`
            of `radius` about the origin. The paper has the cube; in 3D most of the cube's planes
            cut only its corners, where no object is.
        half_extents: P numbers, for `box`; None takes those of what is fitted.
        radius: for `ball`; None takes that of what is fitted.
        points: p, the lattice's points along an axis; None takes the least that gives one a unit.
        distinct: r, so many different points of the lattice, evenly spread over its order, each
            for about D/r units; None, or D and above, is one a unit. ε stays that of the lattice
            and rows keep norm 1.
        scale: multiplies w and b; 1/√3 gives rows the rms norm of PyTorch's default.
        coordinates: the lattice lies over the first so many inputs, which an encoding has kept;
            weights of the others are PyTorch's default. None is all inputs.

    Attributes:
        requires_activation: the activation that the rank of Z₀ is proven for.

    Raises:
        ArgumentError: if a value cannot be used, or belongs to another `over`.

    Source: section 4 of arXiv 2602.01526; `box` and `ball` are ours.
    """

    requires_activation = nn.ReLU

    def __init__(
        self,
        *,
        epsilon: float | None,
        over: str = "cube",
        half_extents: Sequence[float] | None = None,
        radius: float | None = None,
        points: int | None = None,
        distinct: int | None = None,
        scale: float = 1.0,
        coordinates: int | None = None,
    ) -> None:
        self.epsilon = None if epsilon is None else number("epsilon", epsilon)
        counts = {"points": points, "distinct": distinct, "coordinates": coordinates}
        for name, count in counts.items():
            if count is not None:
                integer(name, count)
        self.points, self.distinct, self.coordinates = points, distinct, coordinates
        self.scale = number("scale", scale)
        choice("over", over, OVER)
        for name, value in (("half_extents", half_extents), ("radius", radius)):
            if value is not None and OVER[over] != name:
                takes = OVER[over] or "no size"
                raise ArgumentError(f"{name}={value!r}: over={over} takes {takes}")
        self.over = over
        self.half_extents = half_extents
        if isinstance(half_extents, str) or not isinstance(half_extents, Sequence | None):
            raise ArgumentError(f"half_extents={half_extents!r}: expected a list of numbers")
        for side in half_extents or ():
            number("half_extents", side)
        self.radius = None if radius is None else number("radius", radius)

    def __call__(
        self, linear: nn.Linear, generator: torch.Generator, domain: Domain | None = None
    ) -> None:
        width, inputs = linear.out_features, linear.in_features
        P = self.coordinates or inputs
        if inputs < P:
            raise ArgumentError(
                f"coordinates={P}: expected at most {inputs}, the inputs of the inlet"
            )
        size = OVER[self.over]
        sizes = {} if size is None else {size: getattr(self, size) or getattr(domain, size, None)}
        if None in sizes.values():
            raise ArgumentError(f"{size}=None: over={self.over} takes it")
        V = lattice_for(width, P, points=self.points, **sizes)
        epsilon = self.epsilon
        if epsilon is None:
            # A single unit has no neighbour and hence no bound: any positive ε will do.
            epsilon = EPSILON_FRACTION * min(epsilon_bound(V), 1.0)
        if self.distinct is not None and self.distinct < width:
            V = V[evenly_spaced(width, self.distinct)[torch.arange(width) * self.distinct // width]]
        if inputs > P:
            TorchDefault()(linear, generator, domain)
        with torch.no_grad():
            linear.weight[:, :P] = self.scale * directions(V)
            linear.bias.copy_(self.scale * (epsilon - V.norm(dim=1)))
