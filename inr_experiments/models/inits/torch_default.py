"""PyTorch's own initialisation of a Linear layer."""

import math

import torch
from torch import nn


class TorchDefault:
    """W, b ~ U(±1/√fan_in): what `torch.nn.Linear.reset_parameters` draws."""

    def __call__(self, linear: nn.Linear, generator: torch.Generator) -> None:
        nn.init.kaiming_uniform_(linear.weight, a=math.sqrt(5), generator=generator)
        bound = 1 / math.sqrt(linear.in_features)
        nn.init.uniform_(linear.bias, -bound, bound, generator=generator)
