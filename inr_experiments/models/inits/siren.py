"""SIREN's initialisation."""

import math

import torch
from torch import nn

from ...checks import number
from ...domain import Domain


class SirenFirst:
    """W ~ U(±1/fan_in), b ~ U(±1/√fan_in) or U(±k); ω₀ acts in the activation.

    Args:
        bias_bound: k, as FINER has it; None for 1/√fan_in.

    Source: Sitzmann et al. 2020, section 3.2, and its published code for the biases.
    """

    def __init__(self, *, bias_bound: float | None = None) -> None:
        self.bias_bound = None if bias_bound is None else number("bias_bound", bias_bound)

    def __call__(
        self, linear: nn.Linear, generator: torch.Generator, domain: Domain | None = None
    ) -> None:
        bound = 1 / linear.in_features
        nn.init.uniform_(linear.weight, -bound, bound, generator=generator)
        bound = self.bias_bound or 1 / math.sqrt(linear.in_features)
        nn.init.uniform_(linear.bias, -bound, bound, generator=generator)


class SirenHidden:
    """W ~ U(±√(6/fan_in)/ω), b ~ U(±1/√fan_in), ω that of the layer's activation.

    Source: Sitzmann et al. 2020, section 3.2 and supplement 1.5.
    """

    def __init__(self, *, omega: float) -> None:
        self.omega = number("omega", omega)

    def __call__(
        self, linear: nn.Linear, generator: torch.Generator, domain: Domain | None = None
    ) -> None:
        bound = math.sqrt(6 / linear.in_features) / self.omega
        nn.init.uniform_(linear.weight, -bound, bound, generator=generator)
        bound = 1 / math.sqrt(linear.in_features)
        nn.init.uniform_(linear.bias, -bound, bound, generator=generator)
