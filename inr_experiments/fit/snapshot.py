"""The network at one step, as metrics and diagnostics see it."""

from collections import Counter
from collections.abc import Callable, Collection
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..hooks import hooked
from ..models.batch_norm import freeze_statistics
from ..models.network import Network
from ..ranks.singular import rows_of
from .chunk import RowLimit, rows_at_a_time


@dataclass(frozen=True)
class Snapshot:
    """The very network that is trained, in eval mode, at one step; good until the fit goes on.

    Attributes:
        step: optimiser steps taken.
        network: the network; BatchNorm statistics are those of `coordinates`.
        coordinates: (N, P) fitted points, on the network's device.
        losses: training loss of every step since the last snapshot.
        lrs: learning rate of the same steps.
    """

    step: int
    network: Network
    coordinates: Tensor
    losses: tuple[float, ...] = ()
    lrs: tuple[float, ...] = ()

    @torch.no_grad()
    def predict(self, coordinates: Tensor) -> Tensor:
        """Values at any coordinates, on the CPU; a chunk of rows at a time where samples allow.

        Shapes: (M, P) -> (M, C).
        """
        device = self.coordinates.device
        rows = rows_at_a_time(width=self.network.width, precision="fp32", device=device.type)
        if self.network.couples_samples:
            return self.network(coordinates.to(device)).cpu()

        def by(rows: int) -> Tensor:
            return torch.cat([self.network(x.to(device)).cpu() for x in coordinates.split(rows)])

        return RowLimit(rows).within_memory(by)

    def float64(self) -> "Snapshot":
        """A copy of the network and its points in float64, so that rounding adds no rank.

        What is complex becomes complex128.
        """
        network = doubled(deepcopy(self.network))
        coordinates = self.coordinates.double()
        freeze_statistics(network, coordinates)
        return Snapshot(self.step, network, coordinates)

    @torch.no_grad()
    def features(
        self, wanted: Callable[[str], bool] = lambda stage: True, points: Tensor | None = None
    ) -> dict[str, Tensor]:
        """The outputs of the stages at the fitted points or others, by name, a row for each.

        Shapes: `encoding` (N, its features), `inlet` and `hidden.i` (N, D), `head` (N, C); of
        channels on a grid (B, D, …) the rows are the positions, of tokens (B, T, D) the tokens.
        """
        found: dict[str, Tensor] = {}

        def keep(name: str, _stage: nn.Module, _inputs: Any, z: Tensor) -> None:
            found[name] = rows_of(z)

        with hooked({name: m for name, m in self.network.stages() if wanted(name)}, after=keep):
            self.network(self.coordinates if points is None else points.to(self.coordinates))
        return found

    def stage_by_module(self) -> dict[str, str]:
        """The stage that each module of the network belongs to, both by name; or `other`."""
        stages = {id(m): name for name, stage in self.network.stages() for m in stage.modules()}
        return {name: stages.get(id(m), "other") for name, m in self.network.named_modules()}

    def places(self, modules: Collection[str]) -> dict[str, str]:
        """The stage of each of these modules, or its own name where a stage has several of them."""
        stage_of = self.stage_by_module()
        alone = Counter(stage_of[name] for name in modules)
        return {n: stage_of[n] if alone[stage_of[n]] == 1 else n for n in modules}


def doubled(network: Network) -> Network:
    """The network itself, put into float64, and complex128 where it is complex."""
    return network._apply(in_float64)  # Module.double leaves complex parameters as they are


def in_float64(t: Tensor) -> Tensor:
    """A tensor of real or complex numbers in float64 or complex128; others as they are."""
    if t.is_complex():
        return t.to(torch.complex128)
    return t.double() if t.is_floating_point() else t
