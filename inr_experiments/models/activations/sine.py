"""Periodic activation."""

import torch
from torch import Tensor, nn

from ...checks import number


class Sine(nn.Module):
    """sin(ω₀ a), elementwise.

    Source: Sitzmann et al. 2020, section 3.2.
    """

    def __init__(self, *, omega: float) -> None:
        super().__init__()
        self.omega = number("omega", omega)

    def forward(self, a: Tensor) -> Tensor:
        return torch.sin(self.omega * a)
