"""The fit written as repositories of implicit representations write it: the twin of fit/."""

import torch
from torch import nn


def plain_fit(
    field: nn.Module, x: torch.Tensor, y: torch.Tensor, *, lr: float, steps: int
) -> list[float]:
    """Adam on the mean squared error of all rows at once, constant rate; the loss of every step."""
    optimiser = torch.optim.Adam(field.parameters(), lr=lr, fused=False, foreach=False)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(field(x), y)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses
