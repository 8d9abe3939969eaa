"""A Transformer on patches of pictures, as of Dosovitskiy et al. 2021, with one or few blocks."""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..checks import ArgumentError, integer
from ..domain import Domain
from ..seeding import generator
from .attention import blocks
from .inlet_spectrum import Init
from .layers import Layers
from .network import Network

#: Standard deviation of the positions' draw, that of the reference code.
POSITION_STD = 0.02


class Patches(nn.Module):
    """Square pictures cut into square patches, row by row.

    Shapes: (N, side · side · channels) -> (N, T, size · size · channels).

    Raises:
        ArgumentError: if a picture is no square of whole patches.
    """

    def __init__(self, *, inputs: int, size: int, channels: int) -> None:
        super().__init__()
        side = math.isqrt(inputs // integer("channels", channels))
        if side * side * channels != inputs or side % integer("patch", size):
            raise ArgumentError(
                f"patch={size}: expected a divisor of the side of square pictures of {channels} "
                f"channels, got {inputs} numbers a point"
            )
        self.size, self.along = size, side // size
        self.tokens, self.out_features = self.along**2, size * size * channels

    def forward(self, x: Tensor) -> Tensor:
        cut = x.reshape(len(x), self.along, self.size, self.along, self.size, -1)
        return cut.transpose(2, 3).reshape(len(x), self.tokens, self.out_features)


class PatchTransformer(Network):
    """Y = head(mean over tokens of hidden.L−1(… inlet(encoding(X)) + positions)).

    The encoding cuts pictures into patches, the inlet is their linear embedding, and the head
    stands behind a LayerNorm.

    Shapes: (N, P), pictures -> (N, C).

    Args:
        domain, out_features, stream: see `Network`; initialisations get the domain of patches.
        patch, channels: side of a patch, and numbers of a pixel.
        width: D.
        hidden_layers: L ≥ 0 blocks.
        heads, expansion, skips: of the blocks; see `Block`.
        inlet_init, hidden_init, head_init: fill a Linear layer.

    Raises:
        ArgumentError: if a value cannot be used, or points are no pictures of whole patches.
    """

    def __init__(
        self,
        *,
        domain: Domain,
        out_features: int,
        stream: Sequence[int | str],
        patch: int,
        channels: int,
        width: int,
        hidden_layers: int,
        heads: int,
        expansion: int,
        skips: bool,
        inlet_init: Init,
        hidden_init: Init,
        head_init: Init,
    ) -> None:
        super().__init__()
        integer("width", width)
        self.encoding = Patches(inputs=domain.dimensions, size=patch, channels=channels)
        inputs = self.encoding.out_features
        points = None if domain.points is None else self.encoding(domain.points).flatten(0, 1)
        layers = Layers(stream, replace(domain, half_extents=(1.0,) * inputs, points=points))
        self.inlet = layers.linear(0, inputs, width, inlet_init, "inlet_init")
        drawn = torch.randn(
            self.encoding.tokens, width, generator=generator(*stream, "init", "positions")
        )
        self.positions = nn.Parameter(POSITION_STD * drawn)
        self.hidden = blocks(
            layers,
            hidden_layers,
            width=width,
            heads=heads,
            expansion=expansion,
            skips=skips,
            init=hidden_init,
        )
        last = layers.linear(1 + hidden_layers, width, out_features, head_init, "head_init")
        self.head = nn.Sequential(nn.LayerNorm(width), last)

    def forward(self, x: Tensor) -> Tensor:
        z = self.inlet(self.encoding(x)) + self.positions
        for block in self.hidden:
            z = block(z)
        return self.head(z.mean(dim=1))
