"""Layers of a network, each filled from a stream of its own."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from ..checks import ArgumentError, within
from ..domain import Domain
from ..seeding import generator
from .inlet_spectrum import Init


@dataclass(frozen=True)
class Layers:
    """Makes filled layers; networks that differ in one layer share the draw of the others.

    Attributes:
        stream: seed and further names; a layer's own is `(*stream, "init", index)`.
        domain: of the points, which initialisations may ask.
    """

    stream: Sequence[int | str]
    domain: Domain

    def encoding(self, build: Callable[..., nn.Module] | None) -> tuple[nn.Module | None, int]:
        """The encoding of the domain or None, and the number of features that come of it."""
        if build is None:
            return None, self.domain.dimensions
        with within("encoding"):
            built = build(domain=self.domain, generator=generator(*self.stream, "encoding"))
        return built, int(built.out_features)  # type: ignore[arg-type]

    def linear(
        self, index: int | str, inputs: int, outputs: int, init: Init, name: str
    ) -> nn.Linear:
        """A Linear layer; what `init` refuses is told with the name of its argument."""
        filled = nn.utils.skip_init(nn.Linear, inputs, outputs)
        with within(name):
            init(filled, generator(*self.stream, "init", index), self.domain)
        return filled

    def convolution(
        self, index: int | str, inputs: int, outputs: int, size: int, init: Init, name: str
    ) -> nn.Conv2d:
        """A convolution that keeps the grid; `init` fills it as a Linear layer on patches.

        Beyond the edge the nearest node is repeated, as coordinates have no zero to be padded by.

        Shapes: (B, inputs, H, W) -> (B, outputs, H, W); the Linear layer has `inputs · size²`
        inputs, the taps of a channel one after the other.
        """
        flat = self.linear(index, inputs * size**2, outputs, init, name)
        if is_parametrized(flat):
            told = f"{name}={type(init).__name__}: trains another matrix than the layer's weight"
            raise ArgumentError(f"{told}; expected one that fills it, whose taps can be taken over")
        filled = nn.utils.skip_init(
            nn.Conv2d, inputs, outputs, size, padding=size // 2, padding_mode="replicate"
        )
        filled.weight.data.copy_(flat.weight.data.view_as(filled.weight))
        filled.bias.data.copy_(flat.bias.data)
        return filled


def keeps_shape(argument: str, activation: nn.Module, *shape: int) -> None:
    """Raise an `ArgumentError` unless the activation puts out as many values as it sees."""
    tried = deepcopy(activation).eval()  # neither state nor random numbers are touched
    with torch.no_grad():
        found = tuple(tried(torch.zeros(shape)).shape)
    if found != shape:
        told = f"puts out {found} for {shape}"
        raise ArgumentError(f"{argument}={type(activation).__name__}: {told}; expected the same")
