"""PyTorch's own initialisation of a Linear layer."""

import math

import torch
from torch import nn

from ...checks import number
from ...domain import Domain


class TorchDefault:
    """W, b ~ U(±1/√fan_in): what `torch.nn.Linear.reset_parameters` draws.

    Args:
        bias_scale: b is multiplied by it; more than 1 spreads a ReLU's thresholds wider.
    """

    def __init__(self, *, bias_scale: float = 1.0) -> None:
        self.bias_scale = number("bias_scale", bias_scale, least=0)

    def __call__(
        self, linear: nn.Linear, generator: torch.Generator, domain: Domain | None = None
    ) -> None:
        nn.init.kaiming_uniform_(linear.weight, a=math.sqrt(5), generator=generator)
        bound = self.bias_scale / math.sqrt(linear.in_features)
        nn.init.uniform_(linear.bias, -bound, bound, generator=generator)
