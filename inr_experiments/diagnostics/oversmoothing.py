"""Oversmoothing: tokens that become alike, and queries that get no gradient by it."""

import torch

from ..fit.snapshot import Snapshot, in_float64
from ..models.attention import Attention
from ..tasks.task import Task


class Oversmoothing:
    """The residual of what stages put out, and gradients of the loss by queries, in float64.

    Returns `<stage>/residual`, ‖X − 1x̄ᵀ‖_F / ‖X‖_F over the rows of X at the fitted points, 0 for
    X = 0; and `<stage>.query/gradient_norm`, ‖∂loss/∂W_Q‖_F of the mean loss over the pool, for a
    stage with attention.

    Source: Dong et al. 2021, section 3, with the mean row, which minimises this norm; Noci et al.
    2022 for the gradients.
    """

    def __call__(self, snapshot: Snapshot, task: Task) -> dict[str, float]:
        exact = snapshot.float64()
        found = {}
        for name, X in exact.features().items():
            norm = X.norm().item()
            left = (X - X.mean(dim=0)).norm().item()
            found[f"{name}/residual"] = left / norm if norm else 0.0
        stage_of = exact.stage_by_module()
        weights = {
            stage_of[name]: module.query.weight
            for name, module in exact.network.named_modules()
            if isinstance(module, Attention)
        }
        if weights:
            x, y = task.pool
            x, y = x.to(exact.coordinates), in_float64(y).to(exact.coordinates.device)
            with torch.enable_grad():
                loss = task.loss(exact.network(x), y) / len(x)
                gradients = torch.autograd.grad(loss, list(weights.values()))
            for stage, gradient in zip(weights, gradients, strict=True):
                found[f"{stage}.query/gradient_norm"] = gradient.norm().item()
        return found
