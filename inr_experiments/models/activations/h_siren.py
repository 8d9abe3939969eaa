"""Sine of a hyperbolic sine."""

import torch
from torch import Tensor

from .sine import Sine


class SineOfSinh(Sine):
    """sin(ω₀ sinh(2a)), elementwise.

    Source: Gao and Jaiman 2024 (H-SIREN).
    """

    def forward(self, a: Tensor) -> Tensor:
        return torch.sin(self.omega * torch.sinh(2 * a))
