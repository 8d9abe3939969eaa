"""The fit: one loop, readable from top to bottom."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from tqdm import tqdm

from ..models.batch_norm import freeze_statistics
from ..models.field import Field
from ..seeding import generator
from ..tasks.task import Task
from .plan import Plan
from .snapshot import Snapshot


class DivergedError(ArithmeticError):
    """The training loss is no longer a number; carries what was noted since the last snapshot."""

    def __init__(self, step: int, losses: list[float], rates: list[float]) -> None:
        super().__init__(f"diverged at step {step}")
        self.losses = tuple(losses)
        self.rates = tuple(rates)


def fit(
    field: Field, task: Task, plan: Plan, *, seed: int, device: str = "cpu"
) -> Iterator[Snapshot]:
    """Fit `field` to `task` by `plan` and yield a snapshot at every milestone, step 0 included.

    minimise mean over points of task.loss(field(x), y). The field is trained in place; a snapshot
    is good until the next one is asked for. The same seed and thread count give the same bits.

    Raises:
        DivergedError: at the first step whose loss is not finite.
    """
    field.to(device)
    coordinates = task.coordinates.to(device)
    optimiser = plan.build_optimiser(field)
    draw = generator(seed, "batches")
    milestones = plan.milestones()
    x, y = (tensor.to(device) for tensor in task.batch(plan.batch, draw))
    losses: list[float] = []
    rates: list[float] = []

    for step in tqdm(range(plan.steps + 1), disable=None, leave=False, unit="step"):
        if step in milestones:
            freeze_statistics(field, coordinates)
            yield Snapshot(step, field, coordinates, tuple(losses), tuple(rates))
            field.train()
            losses.clear()
            rates.clear()
        if step == plan.steps:
            return

        if plan.batch != "full" and step > 0:
            x, y = (tensor.to(device) for tensor in task.batch(plan.batch, draw))
        for group in optimiser.param_groups:
            group["lr"] = plan.lr_at(step)
        optimiser.zero_grad()
        loss = accumulate_gradients(field, task, x, y, chunk=plan.chunk)
        if not math.isfinite(loss):
            raise DivergedError(step, losses, rates)
        optimiser.step()
        losses.append(loss)
        rates.append(plan.lr_at(step))


def accumulate_gradients(field: Field, task: Task, x: Tensor, y: Tensor, *, chunk: int) -> float:
    """Add the gradient of the mean loss over all rows, a chunk of rows at a time; return the loss.

    The sum over chunks is the full-batch gradient; only the working set is smaller. A field whose
    samples interact takes all rows at once.

    Shapes: x (N, P), y (N, C).
    """
    rows = len(x) if field.couples_samples else chunk
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for x_chunk, y_chunk in zip(x.split(rows), y.split(rows), strict=True):
        loss = task.loss(field(x_chunk), y_chunk) / len(x)
        loss.backward()
        total += loss.detach()
    return total.item()
