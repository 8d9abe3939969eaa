"""The settings of a fit."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ..checks import ArgumentError, InputError, choice, integer, nearest, number
from ..models.network import Network
from .precision import PRECISIONS

#: The name, beside those of stages, that stands for the weight matrices of the hidden layers.
MATRICES = "hidden_matrices"
#: Steps of a schedule that are tried at the most before a fit: a tenth of a second.
TRIED_STEPS = 10_000
#: Ways in which torch computes one and the same step, of which a user may have chosen.
IMPLEMENTATIONS = ("fused", "foreach", "capturable", "differentiable")


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """The settings of a fit.

    Attributes:
        optimiser: builds the optimiser from groups of parameters and `lr`, as those of torch.optim.
        lr: learning rate at the first step.
        schedule: builds what changes the rates from the optimiser, as those of
            torch.optim.lr_scheduler, and from `steps` if it takes them; None leaves the rates.
        groups: options of the optimiser for a stage of its own, by the stage's name or its first
            part (`hidden` for all hidden layers), or for `hidden_matrices`.
        steps: optimiser steps.
        batch: `full`, or the number of points drawn for each step.
        chunk: points taken at a time while gradients accumulate, None for what suits the caches;
            changes speed and memory, not the result (to rounding). Networks whose samples interact
            take the batch whole.
        precision: of the products of the hidden layers, `fp32`, `tf32` or `bf16`.
        milestone_every: distance of milestones; step 0 and the last are always among them.

    Raises:
        ArgumentError: if a value cannot be used.
    """

    optimiser: Callable[..., Optimizer]
    lr: float
    schedule: Callable[[Optimizer], LRScheduler] | None = None
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    steps: int
    batch: str | int = "full"
    chunk: int | None = None
    precision: str = "fp32"
    milestone_every: int = 100

    def __post_init__(self) -> None:
        number("lr", self.lr)
        for name in ("optimiser", "schedule"):
            part = getattr(self, name)
            if not callable(part) and not (name == "schedule" and part is None):
                raise ArgumentError(f"{name}={part!r}: expected a part with a _target_")
        given = keywords(self.optimiser)
        if "lr" in given:
            raise ArgumentError(f"optimiser.lr={given['lr']!r}: expected the rate as lr")
        if not isinstance(self.groups, Mapping):
            raise ArgumentError(f"groups={self.groups!r}: expected options by stage")
        for name, options in self.groups.items():
            if not isinstance(options, Mapping):
                raise ArgumentError(f"groups.{name}={options!r}: expected options, as {{lr: 1e-2}}")
        choice("precision", self.precision, PRECISIONS)
        for name in ("steps", "milestone_every"):
            integer(name, getattr(self, name))
        if self.chunk is not None:
            integer("chunk", self.chunk)
        if self.batch != "full":
            if isinstance(self.batch, str):
                raise ArgumentError(f"batch={self.batch!r}: expected full or a number of points")
            integer("batch", self.batch)

    def milestones(self) -> frozenset[int]:
        """Steps at which a snapshot is due: 0, the multiples and the last."""
        return frozenset({*range(0, self.steps, self.milestone_every), self.steps})

    def build_optimiser(self, network: Network, device: str = "cpu") -> Optimizer:
        """The optimiser of all that is trained in the network, each parameter in one group.

        One kernel serves a group where there is one, which none of complex parameters has. On a
        GPU an optimiser that can be captured gets its rates as tensors, so that they may change.

        Raises:
            ArgumentError: as of `groups_of`.
        """
        options: dict[str, Any] = {"lr": self.lr}
        takes = signature(self.optimiser).parameters
        groups = self.groups_of(network)
        free = keywords(self.optimiser).keys().isdisjoint(IMPLEMENTATIONS)
        if free and "fused" in takes:
            options["fused"] = not any(p.is_complex() for g in groups for p in g["params"])
        if free and "capturable" in takes and device == "cuda":
            options |= {"capturable": True, "lr": torch.tensor(self.lr, device=device)}
            for group in groups:
                if "lr" in group:
                    group["lr"] = torch.tensor(group["lr"], device=device)
        return self.optimiser(groups, **options)

    def build_schedule(self, optimiser: Optimizer) -> LRScheduler | None:
        """The schedule of the optimiser's rates, told the number of steps if it takes `steps`."""
        if self.schedule is None:
            return None
        takes = signature(self.schedule).parameters.keys() - keywords(self.schedule).keys()
        return self.schedule(optimiser, **({"steps": self.steps} if "steps" in takes else {}))

    def check(self, network: Network) -> None:
        """Try a step on a copy of the network, and refuse what a fit could not use.

        Raises:
            InputError: for a network that cannot be copied.
            ArgumentError: for an option that the optimiser has not, for an optimiser or a schedule
                that takes no step, for a precision without real hidden layers.
        """
        try:
            copied = deepcopy(network)
        except RuntimeError as error:
            raise InputError(
                f"model: cannot be copied ({str(error).split('.')[0]}); expected parametrizations, "
                "as torch.nn.utils.parametrizations.weight_norm for the old weight_norm"
            ) from error
        optimiser = self.build_optimiser(copied)
        for name, options in self.groups.items():
            for key, value in options.items():
                choice(f"groups.{name}", key, optimiser.defaults)
                if type(optimiser.defaults[key]) in (int, float):
                    number(f"groups.{name}.{key}", value, least=0)
        for parameter in copied.parameters():
            parameter.grad = torch.zeros_like(parameter)
        schedule, tried = self.build_schedule(optimiser), min(self.steps, TRIED_STEPS)
        for name, part, steps in (("optimiser", optimiser, 1), ("schedule", schedule, tried)):
            try:
                for _ in range(steps if part is not None else 0):
                    part.step()  # type: ignore[union-attr]
            except Exception as error:
                why = f"{type(part).__name__} takes no step ({' '.join(str(error).split())[:200]})"
                needs = "needs gradients alone" if part is optimiser else f"takes {self.steps}"
                raise ArgumentError(f"{name}: {why}; expected one that {needs}") from error
        if self.precision != "fp32":
            weights = network.trunk_weights()
            if not weights or any(p.is_complex() for p in weights):
                what = "complex ones" if weights else "none"
                raise ArgumentError(
                    f"precision={self.precision!r}: expected real hidden layers, got {what}"
                )

    def groups_of(self, network: Network) -> list[dict[str, Any]]:
        """Groups of the parameters named, then one of the rest, as optimisers take them.

        Raises:
            ArgumentError: if a group's stage does not exist, or nothing is trained.
        """
        found: list[dict[str, Any]] = []
        left = {id(p): p for p in network.parameters() if p.requires_grad}
        if not left:
            raise ArgumentError("optimiser: nothing of the network is trained")
        stages = dict(network.stages())
        for name, options in self.groups.items():
            named = self._named(name, network, stages)
            own = [left.pop(id(p)) for p in named if id(p) in left]
            if not own:
                raise ArgumentError(f"groups.{name}: holds nothing that is trained; expected some")
            found.append({**options, "params": own})
        return found + ([{"params": list(left.values())}] if left else [])

    @staticmethod
    def _named(name: str, network: Network, stages: Mapping[str, nn.Module]) -> list[nn.Parameter]:
        """The parameters that a group's name stands for."""
        if name == MATRICES:
            return network.hidden_matrices()
        own = [m for stage, m in stages.items() if name in (stage, stage.split(".")[0])]
        if not own:
            known = [*stages, MATRICES]
            raise ArgumentError(
                f"groups.{name}: no such stage; expected one of {', '.join(known)}"
                f"{nearest(name, known)}"
            )
        return [p for module in own for p in module.parameters()]


def keywords(part: Any) -> Mapping[str, Any]:
    """The arguments that a part of a config has already."""
    return getattr(part, "keywords", {})
