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
from .step import build_step


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
    is good until the next one is asked for, the last one for good. The same seed and thread count
    give the same bits.

    Raises:
        DivergedError: for the first step whose loss is not finite; on a GPU not before the next
            milestone.
    """
    field.to(device)
    coordinates = task.coordinates.to(device)
    advance = build_step(field, task, plan, device)
    draw = generator(seed, "batches")
    milestones = plan.milestones()
    x, y = (tensor.to(device) for tensor in task.batch(plan.batch, draw))
    losses: list[Tensor] = []
    rates: list[float] = []

    # Where an occupancy saturates, gradients below 1e-38 would make a step three times as slow.
    torch.set_flush_denormal(True)
    try:
        for step in tqdm(range(plan.steps + 1), disable=None, leave=False, unit="step"):
            if step in milestones:
                noted = read(losses, rates, step)
                freeze_statistics(field, coordinates)
                yield Snapshot(step, field, coordinates, noted, tuple(rates))
                if step == plan.steps:
                    return
                field.train()
                losses.clear()
                rates.clear()

            if plan.batch != "full" and step > 0:
                x, y = (tensor.to(device) for tensor in task.batch(plan.batch, draw))
            losses.append(advance(x, y, plan.lr_at(step)))
            rates.append(plan.lr_at(step))
            if device == "cpu" and not math.isfinite(losses[-1]):  # a GPU is not asked every step
                read(losses, rates, step + 1)
    finally:
        torch.set_flush_denormal(False)


def read(losses: list[Tensor], rates: list[float], step: int) -> tuple[float, ...]:
    """The losses of the steps before `step` as numbers, read from the device at once.

    Raises:
        DivergedError: if one of them is not finite.
    """
    values = torch.stack(losses).tolist() if losses else []
    for i, value in enumerate(values):
        if not math.isfinite(value):
            raise DivergedError(step - len(values) + i, values[:i], rates[:i])
    return tuple(values)
