"""Muon where it is meant to be, Adam everywhere else."""

import torch

from ..models.field import Field


class MuonAndAdam:
    """Muon on the hidden layers' weight matrices, Adam on inlet, head, biases and norms.

    One rate serves both: Muon's step, lr · 0.2 √max(D_in, D_out) · orthogonalised momentum, has
    entries about as large as Adam's.

    Source: Jordan et al. 2024; the factor is Liu et al. 2025, as in torch.optim.Muon.
    """

    def __init__(self, field: Field, *, lr: float) -> None:
        matrices = [p for p in field.hidden.parameters() if p.ndim == 2]
        chosen = {id(p) for p in matrices}
        rest = [p for p in field.parameters() if id(p) not in chosen]
        muon = torch.optim.Muon(matrices, lr=lr, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
        self.parts = (muon, torch.optim.Adam(rest, lr=lr))
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def zero_grad(self) -> None:
        for part in self.parts:
            part.zero_grad()

    def step(self) -> None:
        for part in self.parts:
            part.step()
