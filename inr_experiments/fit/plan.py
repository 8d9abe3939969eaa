"""The settings of a fit, as plain numbers."""

import math
from dataclasses import dataclass
from typing import Any

import torch

from ..checks import InputError, choice, integer, number
from ..models.field import Field
from .muon import MuonAndAdam
from .precision import PRECISIONS

OPTIMISERS = ("adam", "sgd", "muon")
SCHEDULES = ("constant", "cosine", "step")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The settings of a fit.

    Attributes:
        optimiser: `adam`; `sgd`, with momentum; `muon` on the hidden weight matrices, with Adam
            for the rest.
        lr: learning rate at the first step.
        momentum: of SGD.
        schedule: `constant`; `cosine`, to zero at the last step; `step`, times `decay` every
            `decay_every` steps.
        steps: optimiser steps.
        batch: `full`, or the number of points drawn for each step.
        chunk: points taken at a time while gradients accumulate, None for what suits the caches;
            changes speed and memory, not the result (to rounding). Models whose samples interact
            take the batch whole.
        precision: of the products of the hidden layers, `fp32`, `tf32` or `bf16`.
        milestone_every: distance of milestones; step 0 and the last are always among them.

    Raises:
        InputError: if a value cannot be used.
    """

    optimiser: str
    lr: float
    momentum: float
    schedule: str
    decay: float
    decay_every: int
    steps: int
    batch: str | int
    chunk: int | None
    precision: str
    milestone_every: int

    def __post_init__(self) -> None:
        choice("fit.optimiser", self.optimiser, OPTIMISERS)
        choice("fit.schedule", self.schedule, SCHEDULES)
        number("fit.lr", self.lr)
        number("fit.momentum", self.momentum, above=-1e-12, below=1)
        number("fit.decay", self.decay)
        choice("fit.precision", self.precision, PRECISIONS)
        for name in ("steps", "milestone_every", "decay_every"):
            integer(f"fit.{name}", getattr(self, name))
        if self.chunk is not None:
            integer("fit.chunk", self.chunk)
        if self.batch != "full":
            if isinstance(self.batch, str):
                raise InputError(f"fit.batch={self.batch!r}: expected full or a number of points")
            integer("fit.batch", self.batch)

    def milestones(self) -> frozenset[int]:
        """Steps at which a snapshot is due: 0, the multiples and the last."""
        return frozenset({*range(0, self.steps, self.milestone_every), self.steps})

    def build_optimiser(
        self, field: Field, device: str = "cpu"
    ) -> torch.optim.Optimizer | MuonAndAdam:
        """The optimiser that `optimiser` names, of what is trained in `field`.

        One kernel serves all parameters where there is one. On a GPU Adam's rate is a tensor, so
        that a captured step can be given another.
        """
        if self.optimiser == "muon":
            if not field.hidden:
                raise InputError("fit.optimiser=muon: expected model.hidden_layers of at least 1")
            return MuonAndAdam(field, lr=self.lr)
        parameters = [p for p in field.parameters() if p.requires_grad]
        lr: Any = torch.tensor(self.lr, device=device) if device == "cuda" else self.lr
        if self.optimiser == "adam":
            return torch.optim.Adam(parameters, lr=lr, fused=True, capturable=device == "cuda")
        return torch.optim.SGD(parameters, lr=lr, momentum=self.momentum, fused=True)

    def lr_at(self, step: int) -> float:
        """The learning rate of step 0 … steps − 1."""
        if self.schedule == "cosine":
            return self.lr * 0.5 * (1 + math.cos(math.pi * step / self.steps))
        if self.schedule == "step":
            return self.lr * self.decay ** (step // self.decay_every)
        return self.lr
