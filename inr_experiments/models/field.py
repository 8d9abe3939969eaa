"""The field: encoding -> inlet -> hidden layers -> head, in named stages."""

import logging
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from ..checks import integer
from ..seeding import generator
from .batch_norm import BatchNormAt, norms

log = logging.getLogger(__name__)

Init = Callable[[nn.Linear, torch.Generator], None]


class Layer(nn.Module):
    """Z = after(ρ(before(Z W ᵀ + b))), with BatchNorm or nothing before and after the activation.

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


class Field(nn.Module):
    """Y = head(hidden.L−1(… hidden.0(inlet(encoding(X))))).

    Stages, the same for every model: `encoding` (where there is one; no trained parameters),
    `inlet` (Z₀), `hidden.0` … `hidden.L-1`, `head`. Every model has 1 + L layers of width D.

    Shapes: (N, P) -> (N, C).

    Args:
        in_features: P.
        out_features: C.
        resolution: sampled points along an axis; an encoding may need it.
        half_extents, radius: of the box and the ball about the origin that hold what is fitted; an
            inlet's initialisation may ask for them by a method `around`.
        seed: every layer draws from its own stream of it.
        width: D.
        hidden_layers: L ≥ 0.
        encoding: builds the encoding from P, resolution and a generator; None for none.
        inlet_init, hidden_init, head_init: fill a Linear layer.
        inlet_activation, hidden_activation: elementwise modules.
        batch_norm: where BatchNorm stands; None for nowhere.
        freeze_inlet: the inlet stays as it is initialised.

    Source: section 3 of arXiv 2602.01526.
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        resolution: int,
        half_extents: Sequence[float] | None = None,
        radius: float | None = None,
        seed: int,
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
    ) -> None:
        super().__init__()
        integer("model.width", width)
        integer("model.hidden_layers", hidden_layers, least=0)
        if batch_norm is not None:
            batch_norm.check(hidden_layers)
        if half_extents is not None and hasattr(inlet_init, "around"):
            inlet_init = inlet_init.around(half_extents, radius)
        made_for = getattr(inlet_init, "made_for", nn.Module)
        if not isinstance(inlet_activation, made_for):
            log.warning(
                "model.inlet_init: %s is made for a %s inlet; with %s its rank is not guaranteed",
                *(type(inlet_init).__name__, made_for.__name__, type(inlet_activation).__name__),
            )

        def linear(layer: int, inputs: int, outputs: int, init: Init) -> nn.Linear:
            filled = nn.utils.skip_init(nn.Linear, inputs, outputs)
            init(filled, generator(seed, "init", layer))
            return filled

        def layer(index: int, inputs: int, init: Init, activation: nn.Module) -> Layer:
            norm = {
                place: batch_norm.at(index, place, width) if batch_norm else nn.Identity()
                for place in ("before", "after")
            }
            return Layer(
                linear(index, inputs, width, init),
                norm["before"],
                deepcopy(activation),
                norm["after"],
            )

        self.encoding = (
            encoding(
                in_features=in_features,
                resolution=resolution,
                generator=generator(seed, "encoding"),
            )
            if encoding is not None
            else None
        )
        inputs = in_features if self.encoding is None else int(self.encoding.out_features)  # type: ignore[arg-type]
        self.inlet = layer(0, inputs, inlet_init, inlet_activation)
        self.inlet.requires_grad_(not freeze_inlet)
        self.hidden = nn.ModuleList(
            layer(1 + i, width, hidden_init, hidden_activation) for i in range(hidden_layers)
        )
        self.head = linear(1 + hidden_layers, width, out_features, head_init)

    def stages(self) -> Iterator[tuple[str, nn.Module]]:
        """The stages by name, in order; their composition is the field."""
        if self.encoding is not None:
            yield "encoding", self.encoding
        yield "inlet", self.inlet
        for i, layer in enumerate(self.hidden):
            yield f"hidden.{i}", layer
        yield "head", self.head

    def forward(self, x: Tensor) -> Tensor:
        for _, stage in self.stages():
            x = stage(x)
        return x

    @property
    def couples_samples(self) -> bool:
        """True where a row of the output depends on other rows: BatchNorm in train mode."""
        return self.training and bool(norms(self))
