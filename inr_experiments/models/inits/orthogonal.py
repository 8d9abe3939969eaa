"""Orthogonal weights."""

import torch
from torch import nn

from ...domain import Domain


class Orthogonal:
    """W with orthonormal rows or columns, drawn evenly; b = 0. It keeps the inputs' spectrum.

    Source: Saxe et al. 2014.
    """

    def __call__(
        self, linear: nn.Linear, generator: torch.Generator, domain: Domain | None = None
    ) -> None:
        nn.init.orthogonal_(linear.weight, generator=generator)
        nn.init.zeros_(linear.bias)
