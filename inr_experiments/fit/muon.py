"""Muon where it is meant to be, Adam everywhere else."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from ..checks import ArgumentError


class MuonAndAdam(Optimizer):
    """Muon on the groups of parameters marked `muon`, Adam on the others.

    One rate serves both: Muon's step, lr · 0.2 √max(D_in, D_out) · orthogonalised momentum, has
    entries about as large as Adam's.

    Raises:
        ArgumentError: if no group is marked.

    Source: Jordan et al. 2024; the factor is Liu et al. 2025, as in torch.optim.Muon.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], *, lr: float) -> None:
        groups = list(groups)
        muon = [
            {k: v for k, v in group.items() if k != "muon"} for group in groups if group.get("muon")
        ]
        rest = [group for group in groups if not group.get("muon")]
        if not muon:
            raise ArgumentError("groups: expected hidden matrices, marked as muon: true")
        self.parts: list[Optimizer] = [
            torch.optim.Muon(muon, lr=lr, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
        ]
        if rest:
            self.parts.append(torch.optim.Adam(rest, lr=lr))
        defaults = {"muon": False} | self.parts[-1].defaults | self.parts[0].defaults
        super().__init__([p for g in groups for p in g["params"]], defaults)
        # A schedule sets the rates of these, which are those of the parts.
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        for part in self.parts:
            part.zero_grad(set_to_none)

    def step(self, closure: Callable[[], float] | None = None) -> Tensor | None:  # type: ignore[override]
        for part in self.parts:
            part.step()
        return None
