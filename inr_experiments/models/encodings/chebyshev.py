"""Chebyshev polynomials of squashed coordinates."""

import torch
from torch import Tensor, nn

from ...checks import integer
from ...domain import Domain


class Chebyshev(nn.Module):
    """γ(x) = T_k(tanh x) for k = 0 … K, per coordinate, with T_k(cos θ) = cos kθ.

    Shapes: (N, P) -> (N, P (K + 1)), the orders of a coordinate side by side.

    Args:
        domain: of the points, P dimensions.
        degree: K.

    Source: Heidari et al. 2025 (SL²A-INR), section 3.2.
    """

    def __init__(self, *, domain: Domain, generator: torch.Generator, degree: int) -> None:
        super().__init__()
        self.degree = integer("degree", degree)
        self.out_features = domain.dimensions * (self.degree + 1)

    def forward(self, x: Tensor) -> Tensor:
        orders = torch.arange(self.degree + 1, dtype=x.dtype, device=x.device)
        return torch.cos(torch.tanh(x).acos()[:, :, None] * orders).flatten(1)
