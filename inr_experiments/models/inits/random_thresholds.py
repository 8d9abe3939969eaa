"""Thresholds through random points: REI without its lattice."""

import torch
from torch import nn

from ...domain import Domain


class RandomThresholds:
    """w_j = u_j, b_j = −u_j·q_j, u_j a random direction and q_j a random point of [-1, 1]^P.

    The control beside REI: thresholds all over the cube and rows of norm 1, but no order.
    """

    def __call__(
        self, linear: nn.Linear, generator: torch.Generator, domain: Domain | None = None
    ) -> None:
        shape = linear.weight.shape
        u = torch.nn.functional.normalize(torch.randn(shape, generator=generator), dim=1)
        q = 2 * torch.rand(shape, generator=generator) - 1
        with torch.no_grad():
            linear.weight.copy_(u)
            linear.bias.copy_(-(u * q).sum(dim=1))
