"""Normal weights."""

import torch
from torch import nn

from ...checks import number
from ...domain import Domain


class Normal:
    """W ~ N(0, σ²), b = 0, as tables of learned positions have them.

    Args:
        std: σ.
    """

    def __init__(self, *, std: float) -> None:
        self.std = number("std", std)

    def __call__(
        self, linear: nn.Linear, generator: torch.Generator, domain: Domain | None = None
    ) -> None:
        nn.init.normal_(linear.weight, std=self.std, generator=generator)
        nn.init.zeros_(linear.bias)
