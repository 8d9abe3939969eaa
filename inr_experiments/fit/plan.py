"""What the fit does, as plain numbers."""

import math
from dataclasses import dataclass

import torch

from ..checks import InputError, choice, integer, number
from ..models.field import Field
from .muon import MuonAndAdam

OPTIMISERS = ("adam", "sgd", "muon")
SCHEDULES = ("constant", "cosine", "step")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to fit.

    Attributes:
        optimiser: `adam`; `sgd`, with momentum; `muon` on the hidden weight matrices, with Adam
            for the rest.
        lr: learning rate at the first step.
        momentum: of SGD.
        schedule: `constant`; `cosine`, to zero at the last step; `step`, times `decay` every
            `decay_every` steps.
        steps: optimiser steps.
        batch: `full`, or the number of points drawn for each step.
        chunk: points taken at a time while gradients accumulate; changes speed and memory, not
            the result (to rounding). Models whose samples interact take the batch whole.
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
    chunk: int
    milestone_every: int

    def __post_init__(self) -> None:
        choice("fit.optimiser", self.optimiser, OPTIMISERS)
        choice("fit.schedule", self.schedule, SCHEDULES)
        number("fit.lr", self.lr)
        number("fit.momentum", self.momentum, above=-1e-12, below=1)
        number("fit.decay", self.decay)
        for name in ("steps", "chunk", "milestone_every", "decay_every"):
            integer(f"fit.{name}", getattr(self, name))
        if self.batch != "full":
            if isinstance(self.batch, str):
                raise InputError(f"fit.batch={self.batch!r}: expected full or a number of points")
            integer("fit.batch", self.batch)

    def milestones(self) -> frozenset[int]:
        """Steps at which a snapshot is due: 0, the multiples and the last."""
        return frozenset({*range(0, self.steps, self.milestone_every), self.steps})

    def build_optimiser(self, field: Field) -> torch.optim.Optimizer | MuonAndAdam:
        """The optimiser that `optimiser` names, of what is trained in `field`."""
        if self.optimiser == "muon":
            if not field.hidden:
                raise InputError("fit.optimiser=muon: expected model.hidden_layers of at least 1")
            return MuonAndAdam(field, lr=self.lr)
        if self.optimiser == "adam":
            return torch.optim.Adam(field.parameters(), lr=self.lr)
        return torch.optim.SGD(field.parameters(), lr=self.lr, momentum=self.momentum)

    def lr_at(self, step: int) -> float:
        """The learning rate of step 0 … steps − 1."""
        if self.schedule == "cosine":
            return self.lr * 0.5 * (1 + math.cos(math.pi * step / self.steps))
        if self.schedule == "step":
            return self.lr * self.decay ** (step // self.decay_every)
        return self.lr
