"""BatchNorm at any set of layers, and its statistics frozen on the whole fitted set."""

from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..checks import ArgumentError, choice, integer
from ..hooks import hooked

PLACES = ("before", "after")


class BatchNormAt:
    """Puts BatchNorm at the given layers, before or after the activation.

    Args:
        layers: indices of layers, 0 the inlet, 1 … L the hidden ones; or "all".
        place: `before` or `after` the activation.
    """

    def __init__(self, *, layers: str | Collection[int], place: str) -> None:
        self.place = choice("place", place, PLACES)
        listed = isinstance(layers, Collection) and not isinstance(layers, str)
        if layers != "all" and not (listed and layers):
            raise ArgumentError(f"layers={layers!r}: expected all or a list of indices")
        self.layers = layers

    def check(self, hidden_layers: int) -> None:
        """Raise an `ArgumentError` if a layer named does not exist."""
        for layer in () if self.layers == "all" else self.layers:
            if integer("layers", layer, least=0) > hidden_layers:
                raise ArgumentError(
                    f"layers={list(self.layers)}: layer {layer} does not exist; "
                    f"expected indices from 0 (inlet) to {hidden_layers}"
                )

    def at(
        self, layer: int, place: str, width: int, kind: type[_BatchNorm] = nn.BatchNorm1d
    ) -> nn.Module:
        """The module that stands at `place` of `layer`: a BatchNorm or the identity."""
        here = place == self.place and (self.layers == "all" or layer in self.layers)
        return kind(width) if here else nn.Identity()


def norms_around(
    batch_norm: BatchNormAt | None, layer: int, width: int, kind: type[_BatchNorm] = nn.BatchNorm1d
) -> list[nn.Module]:
    """The modules that stand before and after the activation of `layer`."""
    if batch_norm is None:
        return [nn.Identity() for _ in PLACES]
    return [batch_norm.at(layer, place, width, kind) for place in PLACES]


def norms(module: nn.Module) -> list[_BatchNorm]:
    """All BatchNorm layers of a module."""
    return [m for m in module.modules() if isinstance(m, _BatchNorm)]


def need_two(module: nn.Module, points: int) -> None:
    """Raise an `ArgumentError` where BatchNorm would be given a single point."""
    if norms(module) and points < 2:
        raise ArgumentError(
            "batch_norm: one point has no variance; expected two fitted points or more, and a "
            "batch of at least 2"
        )


@torch.no_grad()
def freeze_statistics(module: nn.Module, coordinates: Tensor) -> None:
    """Put `module` in eval mode with the BatchNorm statistics of the whole set `coordinates`.

    Afterwards the module maps these points as train mode without dropout does, and any other point
    does not depend on its batch. Of a layer that runs twice the last call counts.

    Shapes: coordinates (N, P), N ≥ 2 where there is a BatchNorm.
    """
    layers = [layer for layer in norms(module) if layer.track_running_stats]
    if layers:
        need_two(module, len(coordinates))
        counts: dict[_BatchNorm, int] = {}

        def count(_name: str, layer: Any, inputs: tuple[Tensor, ...]) -> None:
            counts[layer] = inputs[0].numel() // inputs[0].shape[1]

        momenta = [layer.momentum for layer in layers]
        for layer in layers:
            layer.momentum = 1.0
        module.eval()  # as dropout is not to change what the statistics are of
        for layer in layers:
            layer.train()
        try:
            named = {str(i): layer for i, layer in enumerate(layers)}
            devices = [coordinates.device] if coordinates.is_cuda else []
            # A network may draw here; how often statistics are asked for decides no fit.
            with hooked(named, before=count), torch.random.fork_rng(devices):
                module(coordinates)
        finally:
            for layer, momentum in zip(layers, momenta, strict=True):
                layer.momentum = momentum
        for counted, n in counts.items():
            # PyTorch stores the unbiased variance but normalises a batch by the biased one.
            counted.running_var.mul_((n - 1) / n)  # type: ignore[union-attr]
    module.eval()
