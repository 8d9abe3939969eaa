"""The protocol of a task: what it offers to the fit, the diagnostics and the record."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from ..domain import Domain

#: Coordinates (N, P) to predictions (N, C), without gradient.
Predict = Callable[[Tensor], Tensor]


class Task(Protocol):
    """A field to fit: where, to what, and how well.

    A sweep builds the tasks of all its runs for their `sha256`: what takes long is left until
    `domain`, `facts` or `coordinates` are asked for.

    Attributes:
        domain: of the fitted points: dimensions, box, ball and density.
        out_features: C, the channels of a value.
        item: what is fitted, as tables name it.
        sha256: hash of the data behind it.
        facts: what a reader must know of this item; goes into the record. `redistributable` says
            whether pictures of it may be passed on; without it they stay in the run's folder.
        coordinates: (N, P) fitted points, the set that spectra and BatchNorm statistics are
            taken on.
    """

    out_features: int
    item: str
    sha256: str

    @property
    def domain(self) -> Domain: ...

    @property
    def facts(self) -> dict: ...

    @property
    def coordinates(self) -> Tensor: ...

    def batch(self, size: str | int, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """Points of one step (B, P) and their values (B, C): all for `full`, else `size` drawn."""
        ...

    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The training loss, summed over points (its mean over them is what is minimised)."""
        ...

    def evaluate(self, predict: Predict) -> dict[str, float]:
        """Metrics of the field as plain numbers, by name."""
        ...

    def draw(self, predict: Predict, folder: Path) -> None:
        """Write what a person looks at into `folder`."""
        ...
