"""Gaussian random Fourier features."""

import math

import torch
from torch import Tensor, nn

from ...checks import ArgumentError, integer, number
from ...domain import Domain


class RandomFourier(nn.Module):
    """γ(x) = sin(2π B x), cos(2π B x), the rows of B drawn once from N(0, σ² I).

    Shapes: (N, P) -> (N, features).

    Args:
        domain: of the points, P dimensions.
        features: outputs, an even number; half of them sines.
        sigma: σ in cycles per unit of x. On [-1, 1] half the value that [0, 1) needs.

    Source: Tancik et al. 2020, section 6.1.
    """

    frequencies: Tensor

    def __init__(
        self,
        *,
        domain: Domain,
        generator: torch.Generator,
        features: int,
        sigma: float,
    ) -> None:
        super().__init__()
        if integer("features", features, least=2) % 2:
            raise ArgumentError(f"features={features}: expected an even number")
        drawn = torch.randn(features // 2, domain.dimensions, generator=generator)
        self.register_buffer("frequencies", number("sigma", sigma) * drawn)
        self.out_features = features

    def forward(self, x: Tensor) -> Tensor:
        phase = 2 * math.pi * x @ self.frequencies.T
        return torch.cat([torch.sin(phase), torch.cos(phase)], dim=1)
