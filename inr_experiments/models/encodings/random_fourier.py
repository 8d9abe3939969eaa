"""Gaussian random Fourier features."""

import math

import torch
from torch import Tensor, nn

from ...checks import InputError, integer, number


class RandomFourier(nn.Module):
    """γ(x) = sin(2π B x), cos(2π B x), the rows of B drawn once from N(0, σ² I).

    Shapes: (N, P) -> (N, features).

    Args:
        in_features: P.
        features: outputs, an even number; half of them sines.
        sigma: σ in cycles per unit of x. On [-1, 1] half the value that [0, 1) needs.

    Source: Tancik et al. 2020, section 6.1.
    """

    frequencies: Tensor

    def __init__(
        self,
        *,
        in_features: int,
        resolution: int,
        generator: torch.Generator,
        features: int,
        sigma: float,
    ) -> None:
        super().__init__()
        if integer("model.encoding.features", features, least=2) % 2:
            raise InputError(f"model.encoding.features={features}: expected an even number")
        drawn = torch.randn(features // 2, in_features, generator=generator)
        self.register_buffer("frequencies", number("model.encoding.sigma", sigma) * drawn)
        self.out_features = features

    def forward(self, x: Tensor) -> Tensor:
        phase = 2 * math.pi * x @ self.frequencies.T
        return torch.cat([torch.sin(phase), torch.cos(phase)], dim=1)
