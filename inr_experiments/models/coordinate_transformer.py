"""A Transformer from the centres of patches to a picture."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from torch import Tensor, nn

from ..checks import integer
from ..domain import Domain
from .attention import blocks
from .grid_network import GridNetwork, nodes_of
from .inlet_spectrum import Init
from .layers import Layers, keeps_shape


class CoordinateTransformer(GridNetwork):
    """Tokens of patches: Y = head(hidden.L−1(… inlet(encoding(X)))), X the centres of the patches.

    The head, behind a LayerNorm, gives all values of a patch. Where patches stand over the edge,
    what lies beyond it is cut off.

    Shapes: (N, 2) -> (N, C).

    Args:
        domain, out_features, stream: see `Network`.
        patch: nodes along an axis of a patch.
        width: D.
        hidden_layers: L ≥ 0 blocks.
        heads, expansion, skips: of the blocks; see `Block`.
        encoding: builds the encoding of the centres from the tokens' domain and a generator; None
            for the coordinates themselves.
        inlet_init, inlet_activation: of the embedding; the usual one is linear.
        hidden_init, head_init: fill a Linear layer.

    Raises:
        ArgumentError: if a value cannot be used, or the domain is no grid of two axes.
    """

    centres: Tensor

    def __init__(
        self,
        *,
        domain: Domain,
        out_features: int,
        stream: Sequence[int | str],
        patch: int,
        width: int,
        hidden_layers: int,
        heads: int,
        expansion: int,
        skips: bool,
        encoding: Callable[..., nn.Module] | None,
        inlet_init: Init,
        inlet_activation: nn.Module,
        hidden_init: Init,
        head_init: Init,
    ) -> None:
        super().__init__(domain)
        integer("width", width)
        self.patch = integer("patch", patch)
        keeps_shape("inlet_activation", inlet_activation, 2, width)
        tokens = domain_of_tokens(domain, patch)
        self.tokens = tuple(len(axis) for axis in tokens.axes)
        layers = Layers(stream, tokens)
        self.register_buffer("centres", nodes_of(tokens), persistent=False)
        self.encoding, inputs = layers.encoding(encoding)
        embedding = layers.linear(0, inputs, width, inlet_init, "inlet_init")
        self.inlet = nn.Sequential(embedding, inlet_activation)
        self.hidden = blocks(
            layers,
            hidden_layers,
            width=width,
            heads=heads,
            expansion=expansion,
            skips=skips,
            init=hidden_init,
        )
        values = patch**2 * out_features
        last = layers.linear(1 + hidden_layers, width, values, head_init, "head_init")
        self.head = nn.Sequential(nn.LayerNorm(width), last)

    def picture(self) -> Tensor:
        """Values at all nodes. Shapes: -> (H · W, C)."""
        z = self.centres if self.encoding is None else self.encoding(self.centres)
        z = self.inlet(z)[None]
        for block in (*self.hidden, self.head):
            z = block(z)
        rows, columns = self.tokens
        patches = z[0].reshape(rows, columns, self.patch, self.patch, -1)
        picture = patches.transpose(1, 2).flatten(2, 3).flatten(0, 1)
        height, width = self.shape
        return picture[:height, :width].flatten(0, 1)


def domain_of_tokens(domain: Domain, patch: int) -> Domain:
    """The domain of the centres of patches that cover a grid, the last ones over its edge."""
    axes = []
    for axis in domain.axes:
        pitch = (axis[-1] - axis[0]) / max(1, len(axis) - 1)
        first = axis[0] + pitch * (patch - 1) / 2
        axes.append([first + pitch * patch * i for i in range(-(-len(axis) // patch))])
    half = [max(abs(axis[0]), abs(axis[-1])) for axis in axes]
    longest = max(axes, key=len)
    density = len(longest) / (longest[-1] - longest[0] or 1)
    tokens = replace(domain, half_extents=half, axes=tuple(axes), density=density)
    points = nodes_of(tokens)
    return replace(tokens, points=points, radius=points.norm(dim=1).max().item())
