"""SL²A: a learned expansion by Chebyshev polynomials before low-rank ReLU layers."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..checks import integer
from ..domain import Domain
from ..seeding import generator
from .encodings.chebyshev import Chebyshev
from .inits.torch_default import TorchDefault
from .network import Network


class LowRankLayer(nn.Module):
    """ReLU(U V z + b), U of `rank` columns: U ~ U(±1/√D), V and b ~ U(±1/√rank).

    Shapes: (N, D) -> (N, D).
    """

    def __init__(self, width: int, rank: int, stream: torch.Generator) -> None:
        super().__init__()
        self.down = nn.utils.skip_init(nn.Linear, width, rank, bias=False)
        self.up = nn.utils.skip_init(nn.Linear, rank, width)
        self.activation = nn.ReLU()
        bounds = ((self.down.weight, rank), (self.up.weight, width), (self.up.bias, rank))
        for parameter, size in bounds:
            bound = 1 / math.sqrt(size)
            nn.init.uniform_(parameter, -bound, bound, generator=stream)

    def forward(self, z: Tensor) -> Tensor:
        activated: Tensor = self.activation(self.up(self.down(z)))
        return activated


class Sl2a(Network):
    """Y = head(Z_L ⊙ Z₀), Z_{l+1} = hidden.l(Z_l ⊙ Z₀), Z₀ = LayerNorm(A γ(X)).

    Stages: `encoding` (γ, Chebyshev polynomials), `inlet` (A and LayerNorm), `hidden.0` …, `head`.
    A ~ U(±√(6/((P + D)(K + 1)))), which is Xavier's for P × D × (K + 1) coefficients.

    Shapes: (N, P) -> (N, C).

    Args:
        domain, out_features, stream: see `Network`.
        width: D.
        hidden_layers: L ≥ 0.
        degree: K.
        rank: of the hidden layers' weights; None for half the width.

    Source: Heidari et al. 2025 (SL²A-INR), section 3, and its published code for initialisations.
    """

    def __init__(
        self,
        *,
        domain: Domain,
        out_features: int,
        stream: Sequence[int | str],
        width: int,
        hidden_layers: int,
        degree: int,
        rank: int | None,
    ) -> None:
        super().__init__()
        integer("width", width)
        integer("hidden_layers", hidden_layers, least=0)
        rank = max(1, width // 2) if rank is None else integer("rank", rank)

        def draw(index: int) -> torch.Generator:
            return generator(*stream, "init", index)

        self.encoding = Chebyshev(
            domain=domain, generator=generator(*stream, "encoding"), degree=degree
        )
        inputs = self.encoding.out_features
        expansion = nn.utils.skip_init(nn.Linear, inputs, width, bias=False)
        fans = (domain.dimensions + width) * (degree + 1)
        bound = math.sqrt(6 / fans)
        nn.init.uniform_(expansion.weight, -bound, bound, generator=draw(0))
        self.inlet = nn.Sequential(expansion, nn.LayerNorm(width))
        self.hidden = nn.ModuleList(
            LowRankLayer(width, rank, draw(1 + i)) for i in range(hidden_layers)
        )
        self.head = nn.utils.skip_init(nn.Linear, width, out_features)
        TorchDefault()(self.head, draw(1 + hidden_layers))

    def forward(self, x: Tensor) -> Tensor:
        z = first = self.inlet(self.encoding(x))
        for layer in (*self.hidden, self.head):
            z = layer(z * first)
        return z
