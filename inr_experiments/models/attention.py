"""Pre-norm Transformer blocks, with and without skips."""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from ..checks import ArgumentError, boolean, integer
from .inlet_spectrum import Init
from .layers import Layers


class Attention(nn.Module):
    """Multi-head self-attention: out(softmax(q kᵀ/√d) v) of each head, d = D/heads.

    Shapes: (B, T, D) -> (B, T, D).

    Raises:
        ArgumentError: if D is no multiple of the heads.

    Source: Vaswani et al. 2017, section 3.2.
    """

    def __init__(self, *, layers: Layers, index: int, width: int, heads: int, init: Init) -> None:
        super().__init__()
        if width % integer("heads", heads):
            raise ArgumentError(f"heads={heads}: expected a divisor of width={width}")
        self.heads = heads
        self.query, self.key, self.value, self.out = (
            layers.linear(f"{index}.{name}", width, width, init, "hidden_init")
            for name in ("query", "key", "value", "out")
        )

    def forward(self, z: Tensor) -> Tensor:
        q, k, v = (
            layer(z).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        return self.out(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Z ↦ Z + attention(norm(Z)), then Z ↦ Z + mlp(norm(Z)); without skips the sums' first terms
    are left out.

    Shapes: (B, T, D) -> (B, T, D).

    Args:
        layers: makes the Linear layers; `index` is the block's in its stream.
        heads: of the attention.
        expansion: units of the MLP for each of D.
        skips: False leaves the skips out, for the collapse of Dong et al. 2021.
        init: fills every Linear layer.

    Source: Xiong et al. 2020, figure 1 b.
    """

    def __init__(
        self,
        *,
        layers: Layers,
        index: int,
        width: int,
        heads: int,
        expansion: int,
        skips: bool,
        init: Init,
    ) -> None:
        super().__init__()
        inner = integer("expansion", expansion) * width
        self.skips = boolean("skips", skips)
        self.norm_attention, self.norm_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(layers=layers, index=index, width=width, heads=heads, init=init)
        self.mlp = nn.Sequential(
            layers.linear(f"{index}.expand", width, inner, init, "hidden_init"),
            nn.GELU(),
            layers.linear(f"{index}.contract", inner, width, init, "hidden_init"),
        )

    def forward(self, z: Tensor) -> Tensor:
        a = self.attention(self.norm_attention(z))
        z = z + a if self.skips else a
        m = self.mlp(self.norm_mlp(z))
        return z + m if self.skips else m


def blocks(
    layers: Layers, count: int, *, width: int, heads: int, expansion: int, skips: bool, init: Init
) -> nn.ModuleList:
    """So many blocks, the first of them with index 1 in the stream."""
    return nn.ModuleList(
        Block(
            layers=layers,
            index=1 + i,
            width=width,
            heads=heads,
            expansion=expansion,
            skips=skips,
            init=init,
        )
        for i in range(integer("hidden_layers", count, least=0))
    )
