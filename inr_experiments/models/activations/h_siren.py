"""Sine of a hyperbolic sine."""

import torch
from torch import Tensor, nn

from ...checks import number


class SineOfSinh(nn.Module):
    """sin(ω₀ sinh(2a)), elementwise.

    Source: Gao and Jaiman 2024 (H-SIREN).
    """

    def __init__(self, *, omega: float) -> None:
        super().__init__()
        self.omega = number("omega", omega)

    def forward(self, a: Tensor) -> Tensor:
        return torch.sin(self.omega * torch.sinh(2 * a))
