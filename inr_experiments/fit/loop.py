"""The fit: one loop, readable from top to bottom."""

import logging
import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.optim import Optimizer
from tqdm import tqdm

from ..checks import ArgumentError
from ..models.batch_norm import freeze_statistics
from ..models.network import Network
from ..seeding import generator
from ..tasks.task import Task
from .chunk import RowLimit, rows_at_a_time
from .compiled import Captured, Step
from .fused import fused_forwards
from .precision import flushing_denormals, trunk_in
from .settings import FitSettings
from .snapshot import Snapshot

log = logging.getLogger(__name__)


class DivergedError(ArithmeticError):
    """Loss or weights are no longer numbers; carries what was noted since the last snapshot."""

    def __init__(self, step: int, losses: list[float], lrs: list[float]) -> None:
        super().__init__(f"diverged at step {step}")
        self.losses = tuple(losses)
        self.lrs = tuple(lrs)


def fit(
    network: Network, task: Task, settings: FitSettings, *, seed: int, device: str = "cpu"
) -> Iterator[Snapshot]:
    """Fit `network` to `task` and yield a snapshot at every milestone, step 0 included.

    minimise mean over points of task.loss(network(x), y). The network is trained in place; a
    snapshot is good until the next one is asked for, the last one for good. The same seed and
    thread count give the same bits; on a GPU the same card and libraries, which `bench.py gpu`
    checks.

    Raises:
        DivergedError: for the first step whose loss is not finite, on a GPU not before the next
            milestone; at a milestone for weights that are not.
    """
    network.to(device)
    optimiser, advance = build_step(network, task, settings, device)
    schedule = settings.build_schedule(optimiser)
    drawn = generator(seed, "batches", device=device)
    coordinates = task.coordinates.to(device)
    check_output(network, coordinates, task.out_features)
    x, y = task.batch(settings.batch, drawn)
    losses: list[Tensor] = []
    lrs: list[Tensor] = []
    milestones = settings.milestones()

    for at in tqdm(range(settings.steps + 1), disable=None, leave=False, unit="step"):
        if at in milestones:
            noted = read(losses, lrs, at)
            if not all(parameter.isfinite().all() for parameter in network.parameters()):
                raise DivergedError(at, *map(list, noted))  # by the last step before
            freeze_statistics(network, coordinates)
            yield Snapshot(at, network, coordinates, *noted)
            if at == settings.steps:
                return
            network.train()
            losses.clear()
            lrs.clear()

        if settings.batch != "full" and at > 0:
            x, y = task.batch(settings.batch, drawn)
        lr = optimiser.param_groups[-1]["lr"]
        lrs.append(lr.clone() if isinstance(lr, Tensor) else torch.tensor(lr, dtype=torch.float64))
        losses.append(advance(x, y))
        if schedule is not None:
            schedule.step()
        if device == "cpu" and not math.isfinite(losses[-1]):  # a GPU is not asked every step
            read(losses, lrs, at + 1)


@torch.no_grad()
def check_output(network: Network, coordinates: Tensor, channels: int) -> None:
    """Raise an `ArgumentError` unless the network maps points (N, P) to (N, C).

    A loss of other shapes may broadcast, and be of something else without a word.
    """
    network.eval()
    x = coordinates if network.couples_samples else coordinates[:2]
    shape = tuple(network(x).shape)
    if shape != (len(x), channels):
        raise ArgumentError(f"network: gives shape {shape}; expected {(len(x), channels)}")


def build_step(
    network: Network, task: Task, settings: FitSettings, device: str
) -> tuple[Optimizer, Step]:
    """The optimiser and its step, which returns the loss before it and asks no GPU for a number."""
    optimiser = settings.build_optimiser(network, device)
    precision, fused = settings.precision, None
    rows = RowLimit(
        settings.chunk or rows_at_a_time(width=network.width, precision=precision, device=device)
    )
    if device == "cuda" and (fused := fused_forwards(network, precision)) is None:
        log.info("layers that fit/fused.py does not know: the step takes the general path")

    def step(x: Tensor, y: Tensor) -> Tensor:
        def loss_of(chunk: int) -> Tensor:
            optimiser.zero_grad()
            return accumulate_gradients(network, task, x, y, chunk=chunk)

        whole = network.couples_samples  # fewer rows would be another network
        loss = loss_of(rows.count) if whole else rows.within_memory(loss_of)
        optimiser.step()
        return loss

    run = Captured.where_possible(step, optimiser)

    def advance(x: Tensor, y: Tensor) -> Tensor:
        # What these switch is the process's or the thread's: it holds around a step alone.
        with flushing_denormals(), trunk_in(network, precision, fused):
            return run(x, y)

    return optimiser, advance


def accumulate_gradients(
    network: Network, task: Task, x: Tensor, y: Tensor, *, chunk: int
) -> Tensor:
    """Add the gradient of the mean loss over all rows, a chunk of rows at a time; return the loss.

    The sum over chunks is the full-batch gradient; only the working set is smaller. A network whose
    samples interact takes all rows at once.

    Shapes: x (N, P), y (N, C) -> ().
    """
    rows = len(x) if network.couples_samples else chunk
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for x_chunk, y_chunk in zip(x.split(rows), y.split(rows), strict=True):
        loss = task.loss(network(x_chunk), y_chunk) / len(x)
        loss.backward()
        total += loss.detach()
    return total


def read(
    losses: list[Tensor], lrs: list[Tensor], step: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Losses and rates of the steps before `step` as numbers, read from the device at once.

    Raises:
        DivergedError: if a loss is not finite.
    """
    values = torch.stack(losses).tolist() if losses else []
    rates = torch.stack(lrs).double().tolist() if lrs else []
    for i, value in enumerate(values):
        if not math.isfinite(value):
            raise DivergedError(step - len(values) + i, values[:i], rates[:i])
    return tuple(values), tuple(rates)
