"""An initialisation of a pointwise layer on the centre tap of a convolution."""

import torch
from torch import nn

from ...checks import ArgumentError, integer, within
from ...domain import Domain


class CentreTap:
    """The centre tap as `init` fills a Linear layer on the channels, all other taps zero.

    So the convolution puts out at every node what that Linear layer does.

    Args:
        init: fills a Linear layer, biases included.
        size: taps along an axis of the two, an odd number.

    Raises:
        ArgumentError: if the layer has no such taps.
    """

    def __init__(self, *, init: object, size: int) -> None:
        if integer("size", size) % 2 == 0:
            raise ArgumentError(f"size={size}: expected an odd number")
        self.init, self.taps = init, size**2

    def __call__(
        self, linear: nn.Linear, generator: torch.Generator, domain: Domain | None = None
    ) -> None:
        channels, rest = divmod(linear.in_features, self.taps)
        if rest or not channels:
            raise ArgumentError(
                f"size: {self.taps} taps; expected a layer of them a channel, got "
                f"{linear.in_features} inputs"
            )
        pointwise = nn.utils.skip_init(nn.Linear, channels, linear.out_features)
        with within("init"):
            self.init(pointwise, generator, domain)  # type: ignore[operator]
        with torch.no_grad():
            linear.weight.zero_()
            linear.weight[:, self.taps // 2 :: self.taps] = pointwise.weight
            linear.bias.copy_(pointwise.bias)
