"""Convergence of gradient descent with the kernel of this moment, mode by mode."""

import numpy as np
import torch
from torch import Tensor

from ..checks import integer, number
from ..domain import evenly_spaced
from ..fit.snapshot import Snapshot, in_float64
from ..ntk.empirical import EmpiricalNtk
from ..ntk.spectrum import (
    alignment,
    centred,
    eigenpairs,
    fastest_rate,
    kernel_family,
    mode_factors,
    predicted_error,
)
from ..tasks.task import Task
from .layer_ntk import require_all, spectrum_of


class NtkConvergence:
    """Eigen-directions of the NTK, the error along them, and what full-batch GD would leave of it.

    K has all pairs of outputs, (C·N)², at evenly spread fitted points, in float64; BatchNorm has
    the statistics of the whole fitted set, frozen. The error is −∂loss/∂y, along each eigenvector:
    for the squared error it is the residual up to a factor.

    Returns `kernel/eigenvalues` (C·N,), largest first, with the measures of `kernel_family`; both
    of the kernel centred over points for every pair of outputs, under `kernel/centred_…`;
    `target/alignment` and `error/alignment` with K; `error/energy` (C·N,), the share of the
    squared error along each eigenvector, in their order; `gd/mode_factor` (C·N,) after `steps`
    steps; `gd/steps` (T,) and `gd/predicted_error` (T,), the share of the squared error left;
    `gd/lr`.

    **What `gd` names holds for full-batch gradient descent on the squared error with a constant
    kernel; it is not valid for Adam**, nor for another loss.

    Args:
        points: at which K is taken; all fitted points if there are fewer.
        steps: of gradient descent.
        lr: its rate; null takes N·C/(2λ₁), which clears the first direction at once.
    """

    def __init__(self, *, points: int, steps: int, lr: float | None) -> None:
        self.points = integer("points", points)
        self.steps = integer("steps", steps)
        self.lr = None if lr is None else number("lr", lr)

    def __call__(self, snapshot: Snapshot, task: Task) -> dict[str, np.ndarray | float]:
        exact = snapshot.float64()
        x, y = task.pool
        require_all(exact.network, self.points, len(x))
        chosen = evenly_spaced(len(x), self.points)
        x, y = x[chosen].to(exact.coordinates), in_float64(y[chosen]).to(exact.coordinates.device)
        ntk = EmpiricalNtk(exact.network, x, outputs="blocks")
        K = ntk.total()
        error = _error(exact.network, task, x, y)
        values, vectors = eigenpairs(K)
        energy = (vectors.T @ error.T.reshape(-1)).square().cpu().numpy()
        lam, entries = values.cpu().numpy(), y.numel()
        lr = fastest_rate(lam, entries=entries) if self.lr is None else self.lr
        steps = np.unique(np.geomspace(1, self.steps, 50).round().astype(int))
        steps = np.concatenate([[0], steps])
        predicted = predicted_error(lam, energy, lr=lr, steps=steps, entries=entries)
        total = energy.sum()
        return {
            "kernel/eigenvalues": lam,
            **{f"kernel/{name}": value for name, value in kernel_family(lam).items()},
            **spectrum_of("kernel/centred_", centred(K), trace=float(lam.sum())),
            "kernel/points": len(x),
            "kernel/frozen_statistics": int(ntk.frozen_statistics),
            "target/alignment": alignment(K, y),
            "error/alignment": alignment(K, error),
            "error/energy": energy / total if total else energy,
            "gd/mode_factor": mode_factors(lam, lr=lr, steps=self.steps, entries=entries),
            "gd/steps": steps,
            "gd/predicted_error": predicted,
            "gd/lr": lr,
        }


def _error(field: torch.nn.Module, task: Task, x: Tensor, y: Tensor) -> Tensor:
    """−∂loss/∂prediction. Shapes: -> (N, C)."""
    with torch.no_grad():
        prediction = field(x)
    prediction.requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(task.loss(prediction, y), prediction)
    return -gradient
