"""A convolutional network from a grid of coordinates to a picture."""

from collections.abc import Callable, Sequence
from copy import deepcopy

from torch import Tensor, nn

from ..checks import ArgumentError, integer, within
from ..domain import Domain
from .batch_norm import BatchNormAt, norms_around
from .grid_network import GridNetwork, nodes_of
from .inlet_spectrum import Init
from .layers import Layers, keeps_shape


class CoordinateCnn(GridNetwork):
    """Y = head(hidden.L−1(… inlet(encoding(X)))) of convolutions over the grid of X.

    Inlet and hidden layers are convolutions with BatchNorm or nothing before and after their
    activation, the head is 1×1. The kernel of an initialisation is that of a Linear layer on
    patches, see `Layers.convolution`.

    Shapes: (N, 2) -> (N, C).

    Args:
        domain, out_features, stream: see `Network`.
        width: D, channels of the inlet.
        hidden_layers, hidden_width: L ≥ 0 and the channels of each.
        size: taps along an axis, an odd number.
        encoding: builds the encoding of the coordinates from the domain and a generator; None for
            the two coordinates themselves.
        inlet_init, hidden_init, head_init: fill a Linear layer.
        inlet_activation, hidden_activation: elementwise modules.
        batch_norm: where BatchNorm stands; None for nowhere.

    Raises:
        ArgumentError: if a value cannot be used, or the domain is no grid of two axes.
    """

    nodes: Tensor

    def __init__(
        self,
        *,
        domain: Domain,
        out_features: int,
        stream: Sequence[int | str],
        width: int,
        hidden_layers: int,
        hidden_width: int,
        size: int,
        encoding: Callable[..., nn.Module] | None,
        inlet_init: Init,
        inlet_activation: nn.Module,
        hidden_init: Init,
        hidden_activation: nn.Module,
        head_init: Init,
        batch_norm: BatchNormAt | None,
    ) -> None:
        super().__init__(domain)
        integer("width", width)
        integer("hidden_layers", hidden_layers, least=0)
        integer("hidden_width", hidden_width)
        if integer("size", size) % 2 == 0:
            raise ArgumentError(f"size={size}: expected an odd number")
        if batch_norm is not None:
            with within("batch_norm"):
                batch_norm.check(hidden_layers)
        keeps_shape("inlet_activation", inlet_activation, 1, width, 2, 2)
        keeps_shape("hidden_activation", hidden_activation, 1, hidden_width, 2, 2)
        layers = Layers(stream, domain)

        def layer(index: int, init: Init, activation: nn.Module, name: str) -> nn.Module:
            inputs, outputs = channels[index : index + 2]
            before, after = norms_around(batch_norm, index, outputs, nn.BatchNorm2d)
            filled = layers.convolution(index, inputs, outputs, size, init, name)
            return nn.Sequential(filled, before, deepcopy(activation), after)

        self.register_buffer("nodes", nodes_of(domain), persistent=False)
        self.encoding, inputs = layers.encoding(encoding)
        channels = [inputs, width, *[hidden_width] * hidden_layers]
        self.inlet = layer(0, inlet_init, inlet_activation, "inlet_init")
        self.hidden = nn.ModuleList(
            layer(i, hidden_init, hidden_activation, "hidden_init")
            for i in range(1, 1 + hidden_layers)
        )
        self.head = layers.convolution(
            1 + hidden_layers, channels[-1], out_features, 1, head_init, "head_init"
        )

    def picture(self) -> Tensor:
        """Values at all nodes. Shapes: -> (H · W, C)."""
        z = self.nodes if self.encoding is None else self.encoding(self.nodes)
        z = z.T.reshape(1, -1, *self.shape)
        for layer in (self.inlet, *self.hidden, self.head):
            z = layer(z)
        return z[0].flatten(1).T
