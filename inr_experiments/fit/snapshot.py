"""The field at one step, as metrics and diagnostics see it."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.batch_norm import freeze_statistics
from ..models.field import Field
from .chunk import rows_at_a_time


@dataclass(frozen=True)
class Snapshot:
    """The very field that is trained, in eval mode, at one step; good until the fit goes on.

    Attributes:
        step: optimiser steps taken.
        field: the field; BatchNorm statistics are those of `coordinates`.
        coordinates: (N, P) fitted points, on the field's device.
        losses: training loss of every step since the last snapshot.
        rates: learning rate of the same steps.
    """

    step: int
    field: Field
    coordinates: Tensor
    losses: tuple[float, ...] = ()
    rates: tuple[float, ...] = ()

    @torch.no_grad()
    def predict(self, coordinates: Tensor) -> Tensor:
        """Values at any coordinates, a chunk of rows at a time, on the CPU.

        Shapes: (M, P) -> (M, C).
        """
        device = self.coordinates.device
        width = self.field.head.in_features
        rows = rows_at_a_time(width=width, precision="fp32", device=device.type)
        return torch.cat([self.field(x.to(device)).cpu() for x in coordinates.split(rows)])

    def float64(self) -> "Snapshot":
        """A copy of the field and its points in float64, so that rounding adds no rank."""
        field = deepcopy(self.field).double()
        coordinates = self.coordinates.double()
        freeze_statistics(field, coordinates)
        return Snapshot(self.step, field, coordinates)

    @torch.no_grad()
    def features(self) -> Iterator[tuple[str, Tensor]]:
        """The output of every stage at the fitted points, one at a time.

        Shapes: `encoding` (N, its features), `inlet` and `hidden.i` (N, D), `head` (N, C).
        """
        z = self.coordinates
        for name, stage in self.field.stages():
            z = stage(z)
            yield name, z

    def stage_by_module(self) -> dict[str, str]:
        """The stage that each submodule of the field belongs to, both by name."""
        stages = {id(m): name for name, stage in self.field.stages() for m in stage.modules()}
        modules = self.field.named_modules()
        return {name: stages[id(m)] for name, m in modules if id(m) in stages}
