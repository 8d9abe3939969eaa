"""WIRE: complex layers with Gabor wavelets."""

import math
from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from ..checks import integer
from ..domain import Domain
from ..seeding import generator
from .activations.gabor import Gabor
from .field import Layer
from .inits.torch_default import TorchDefault
from .network import Network


class Wire(Network):
    """Y = Re head(hidden.L−1(… hidden.0(inlet(X)))), with complex weights behind a real inlet.

    Stages: `inlet`, `hidden.0` …, `head`, which is complex. W, b ~ U(±1/√fan_in), of complex ones
    both parts.

    Shapes: (N, P) -> (N, C).

    Args:
        domain, out_features, stream: see `Network`.
        width: of a real network with as many parameters; layers have ⌊width/√2⌋ units.
        hidden_layers: L ≥ 0.
        activation: of inlet and hidden layers.

    Source: Saragadam et al. 2023, section 3, and its published code for widths and the head.
    """

    def __init__(
        self,
        *,
        domain: Domain,
        out_features: int,
        stream: Sequence[int | str],
        width: int,
        hidden_layers: int,
        activation: Gabor,
    ) -> None:
        super().__init__()
        units = max(1, int(integer("width", width) / math.sqrt(2)))
        integer("hidden_layers", hidden_layers, least=0)

        def linear(index: int, inputs: int, outputs: int, dtype: torch.dtype) -> nn.Linear:
            filled = nn.utils.skip_init(nn.Linear, inputs, outputs, dtype=dtype)
            TorchDefault()(filled, generator(*stream, "init", index))
            return filled

        def layer(index: int, inputs: int, dtype: torch.dtype) -> Layer:
            filled = linear(index, inputs, units, dtype)
            return Layer(filled, nn.Identity(), deepcopy(activation), nn.Identity())

        self.inlet = layer(0, domain.dimensions, torch.float32)
        self.hidden = nn.ModuleList(
            layer(1 + i, units, torch.complex64) for i in range(hidden_layers)
        )
        self.head = linear(1 + hidden_layers, units, out_features, torch.complex64)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).real
