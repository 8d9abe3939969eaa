"""The field: encoding -> inlet -> hidden layers -> head, in named stages."""

import logging
from collections.abc import Callable, Sequence
from copy import deepcopy

from torch import Tensor, nn

from ..checks import ArgumentError, boolean, integer, within
from ..domain import Domain
from ..seeding import generator
from .batch_norm import BatchNormAt, norms_around
from .inlet_spectrum import Init, InletSpectrum
from .layers import Layers, keeps_shape
from .network import Network

log = logging.getLogger(__name__)


class Layer(nn.Module):
    """Z = after(ρ(before(Z Wᵀ + b))), with BatchNorm or nothing before and after the activation.

    Shapes: (N, in_features) -> (N, out_features).
    """

    def __init__(
        self, linear: nn.Linear, before: nn.Module, activation: nn.Module, after: nn.Module
    ) -> None:
        super().__init__()
        self.linear = linear
        self.before = before
        self.activation = activation
        self.after = after

    def forward(self, z: Tensor) -> Tensor:
        return self.after(self.activation(self.before(self.linear(z))))


class Field(Network):
    """Y = head(hidden.L−1(… hidden.0(inlet(encoding(X))))).

    Stages, the same for every model: `encoding` (where there is one), `inlet` (Z₀), `hidden.0` …
    `hidden.L-1`, `head`. Every model has 1 + L layers of width D.

    Shapes: (N, P) -> (N, C).

    Args:
        domain, out_features, stream: see `Network`.
        width: D.
        hidden_layers: L ≥ 0.
        encoding: builds the encoding from the domain and a generator; None for none.
        inlet_init, hidden_init, head_init: fill a Linear layer.
        inlet_activation, hidden_activation: elementwise modules.
        batch_norm: where BatchNorm stands; None for nowhere.
        freeze_inlet: the inlet stays as it is initialised.
        inlet_spectrum: replaces the singular values of Z₀ by a fixed factor behind the inlet; None
            leaves them.

    Source: section 3 of arXiv 2602.01526.
    """

    def __init__(
        self,
        *,
        domain: Domain,
        out_features: int,
        stream: Sequence[int | str],
        width: int,
        hidden_layers: int,
        encoding: Callable[..., nn.Module] | None,
        inlet_init: Init,
        inlet_activation: nn.Module,
        hidden_init: Init,
        hidden_activation: nn.Module,
        head_init: Init,
        batch_norm: BatchNormAt | None,
        freeze_inlet: bool = False,
        inlet_spectrum: InletSpectrum | None = None,
    ) -> None:
        super().__init__()
        integer("width", width)
        integer("hidden_layers", hidden_layers, least=0)
        keeps_shape("inlet_activation", inlet_activation, 2, width)
        keeps_shape("hidden_activation", hidden_activation, 2, width)
        if batch_norm is not None:
            with within("batch_norm"):
                batch_norm.check(hidden_layers)
        required = getattr(inlet_init, "requires_activation", nn.Module)
        if not isinstance(inlet_activation, required):
            log.warning(
                "%s is made for a %s inlet; with %s its rank is not guaranteed",
                *(type(inlet_init).__name__, required.__name__, type(inlet_activation).__name__),
            )

        layers = Layers(stream, domain)

        def layer(index: int, inputs: int, init: Init, activation: nn.Module, name: str) -> Layer:
            before, after = norms_around(batch_norm, index, width)
            filled = layers.linear(index, inputs, width, init, name)
            return Layer(filled, before, deepcopy(activation), after)

        self.encoding, inputs = layers.encoding(encoding)
        self.inlet = layer(0, inputs, inlet_init, inlet_activation, "inlet_init")
        self.inlet.requires_grad_(not boolean("freeze_inlet", freeze_inlet))
        self.hidden = nn.ModuleList(
            layer(1 + i, width, hidden_init, hidden_activation, "hidden_init")
            for i in range(hidden_layers)
        )
        self.head = layers.linear(1 + hidden_layers, width, out_features, head_init, "head_init")
        if inlet_spectrum is not None:

            def inlet_of(init: Init) -> nn.Module:
                own = layer(0, inputs, init, inlet_activation, "init")
                return own if self.encoding is None else nn.Sequential(self.encoding, own)

            if batch_norm is not None:
                raise ArgumentError("batch_norm: expected null where inlet_spectrum is given")
            turn = generator(*stream, "rotation")
            self.inlet.after = inlet_spectrum(inlet_init, inlet_of, domain.points, turn)
