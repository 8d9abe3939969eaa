"""Periodic activation of variable frequency."""

import torch
from torch import Tensor

from .sine import Sine


class Finer(Sine):
    """sin(ω (|a| + 1) a), elementwise; the factor |a| + 1 takes no gradient.

    Source: Liu et al. 2024 (FINER), section 3; without that gradient, as in its published code.
    """

    def forward(self, a: Tensor) -> Tensor:
        frequency = self.omega * (a.detach().abs() + 1)
        return torch.sin(frequency * a)
