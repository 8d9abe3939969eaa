"""BatchNorm at any set of layers, and its statistics frozen on the whole fitted set."""

from collections.abc import Collection

import torch
from torch import Tensor, nn

from ..checks import InputError, choice, integer

PLACES = ("before", "after")


class BatchNormAt:
    """Puts BatchNorm at the given layers, before or after the activation.

    Args:
        layers: indices of layers, 0 the inlet, 1 … L the hidden ones; or "all".
        place: `before` or `after` the activation.
    """

    def __init__(self, *, layers: str | Collection[int], place: str) -> None:
        self.place = choice("model.batch_norm.place", place, PLACES)
        if layers != "all" and (isinstance(layers, str) or not layers):
            raise InputError(
                f"model.batch_norm.layers={layers!r}: expected all or a list of indices"
            )
        self.layers = layers

    def check(self, hidden_layers: int) -> None:
        """Raise an `InputError` if a layer named does not exist."""
        for layer in () if self.layers == "all" else self.layers:
            if integer("model.batch_norm.layers", layer, least=0) > hidden_layers:
                raise InputError(
                    f"model.batch_norm.layers={list(self.layers)}: layer {layer} does not exist; "
                    f"expected indices from 0 (inlet) to {hidden_layers}"
                )

    def at(self, layer: int, place: str, width: int) -> nn.Module:
        """The module that stands at `place` of `layer`: a BatchNorm or the identity."""
        here = place == self.place and (self.layers == "all" or layer in self.layers)
        return nn.BatchNorm1d(width) if here else nn.Identity()


def norms(module: nn.Module) -> list[nn.BatchNorm1d]:
    """All BatchNorm layers of a module."""
    return [m for m in module.modules() if isinstance(m, nn.BatchNorm1d)]


def need_two(module: nn.Module, points: int) -> None:
    """Raise an `InputError` where BatchNorm would be given a single point."""
    if norms(module) and points < 2:
        raise InputError(
            "model.batch_norm: one point has no variance; expected two fitted points or more, and "
            "fit.batch of at least 2"
        )


@torch.no_grad()
def freeze_statistics(module: nn.Module, coordinates: Tensor) -> None:
    """Put `module` in eval mode with the BatchNorm statistics of the whole set `coordinates`.

    Afterwards the module maps these points as train mode does, and any other point does not
    depend on its batch.

    Shapes: coordinates (N, P), N ≥ 2 where there is a BatchNorm.
    """
    layers = norms(module)
    if layers:
        need_two(module, len(coordinates))
        momenta = [layer.momentum for layer in layers]
        for layer in layers:
            layer.momentum = 1.0
        module.train()
        module(coordinates)
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
            # PyTorch stores the unbiased variance but normalises a batch by the biased one.
            layer.running_var.mul_((len(coordinates) - 1) / len(coordinates))  # type: ignore[union-attr]
    module.eval()
