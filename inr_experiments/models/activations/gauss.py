"""Gaussian activation."""

import torch
from torch import Tensor, nn

from ...checks import number


class Gauss(nn.Module):
    """exp(−(s a)²), elementwise.

    Source: Ramasinghe and Lucey 2022, Table 1, with s² = 1/(2σ²).
    """

    def __init__(self, *, scale: float) -> None:
        super().__init__()
        self.scale = number("scale", scale)

    def forward(self, a: Tensor) -> Tensor:
        return torch.exp(-(self.scale * a).square())
