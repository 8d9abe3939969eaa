"""Encodings of the nodes of a grid, which know a node by its number."""

import torch
from torch import Tensor, nn

from ...checks import ArgumentError, integer, number
from ...domain import Domain


class NodeNoise(nn.Module):
    """Noise in place of coordinates: U(0, scale), drawn once for every node and channel.

    Shapes: (Π nᵢ, P), all nodes in order -> (Π nᵢ, features).

    Source: the input of Ulyanov et al. 2018, Deep Image Prior, by its published code.
    """

    noise: Tensor

    def __init__(
        self, *, domain: Domain, generator: torch.Generator, features: int, scale: float
    ) -> None:
        super().__init__()
        shape = (count(domain), integer("features", features))
        drawn = torch.rand(shape, generator=generator)
        self.register_buffer("noise", number("scale", scale) * drawn)
        self.out_features = features

    def forward(self, x: Tensor) -> Tensor:
        check(x, len(self.noise))
        return self.noise


class OneHotNodes(nn.Module):
    """One input a node: a Linear layer behind it has a learned vector for each.

    Shapes: (Π nᵢ, P), all nodes in order -> (Π nᵢ, Π nᵢ).
    """

    def __init__(self, *, domain: Domain, generator: torch.Generator) -> None:
        super().__init__()
        self.out_features = count(domain)

    def forward(self, x: Tensor) -> Tensor:
        check(x, self.out_features)
        return torch.eye(len(x), dtype=x.dtype, device=x.device)


def count(domain: Domain) -> int:
    """The number of nodes of a domain's grid, or an `ArgumentError` where it has none."""
    if not domain.axes:
        raise ArgumentError("domain: expected one on a grid, whose nodes have numbers")
    return torch.Size(len(axis) for axis in domain.axes).numel()


def check(x: Tensor, nodes: int) -> None:
    """Raise an `ArgumentError` unless as many points as nodes are given."""
    if len(x) != nodes:
        raise ArgumentError(f"encoding: {len(x)} points; expected all {nodes} nodes of the grid")
