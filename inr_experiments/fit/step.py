"""One optimiser step: plain, or captured once as a CUDA graph and replayed."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from ..models.field import Field
from ..tasks.task import Task
from .chunk import rows_at_a_time
from .muon import MuonAndAdam
from .plan import Plan
from .precision import forward

log = logging.getLogger(__name__)

#: Batch (x, y) and learning rate -> the loss before the step, on the device.
Step = Callable[[Tensor, Tensor, float], Tensor]


def build_step(field: Field, task: Task, plan: Plan, device: str) -> Step:
    """The step of `plan`; it reads nothing back from the device."""
    optimiser = plan.build_optimiser(field, device)
    chunk = plan.chunk or rows_at_a_time(
        width=field.head.in_features, precision=plan.precision, device=device
    )

    def step(x: Tensor, y: Tensor) -> Tensor:
        optimiser.zero_grad()
        loss = accumulate_gradients(field, task, x, y, chunk=chunk, precision=plan.precision)
        optimiser.step()
        return loss

    # A rate that is a plain number would be replayed as it was when captured.
    captured = all(isinstance(group["lr"], Tensor) for group in optimiser.param_groups)
    run = GraphStep(step) if captured else step

    def at_rate(x: Tensor, y: Tensor, lr: float) -> Tensor:
        set_rate(optimiser, lr)
        return run(x, y)

    return at_rate


def accumulate_gradients(
    field: Field, task: Task, x: Tensor, y: Tensor, *, chunk: int, precision: str = "fp32"
) -> Tensor:
    """Add the gradient of the mean loss over all rows, a chunk of rows at a time; return the loss.

    The sum over chunks is the full-batch gradient; only the working set is smaller. A field whose
    samples interact takes all rows at once.

    Shapes: x (N, P), y (N, C) -> ().
    """
    rows = len(x) if field.couples_samples else chunk
    call = forward(field, precision)
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for x_chunk, y_chunk in zip(x.split(rows), y.split(rows), strict=True):
        loss = task.loss(call(x_chunk), y_chunk) / len(x)
        loss.backward()
        total += loss.detach()
    return total


def set_rate(optimiser: torch.optim.Optimizer | MuonAndAdam, lr: float) -> None:
    """Set the learning rate, in place where it is a tensor that a graph reads."""
    for group in optimiser.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(lr)
        else:
            group["lr"] = lr


class GraphStep:
    """Replays `step` as a CUDA graph, captured after a few calls; runs it where that fails.

    Capturing records the kernels of a step and runs none, so that no state has to be restored.
    What changes between steps lies in tensors that keep their place: the batch and, in the
    optimiser, the learning rate.
    """

    #: Calls before the capture, in which the optimiser and the libraries set up what they need.
    WARM_UP = 3

    def __init__(self, step: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.step = step
        self.calls = 0
        self.graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        self.calls += 1
        if self.calls <= self.WARM_UP:
            with beside():
                return self.step(x, y)
        if self.calls == self.WARM_UP + 1:
            self._capture(x, y)
        if self.graph is None:
            return self.step(x, y)
        if x is not self.x:  # a batch drawn anew; the full one stays where it is
            self.x.copy_(x)
            self.y.copy_(y)
        self.graph.replay()
        return self.loss.clone()

    def _capture(self, x: Tensor, y: Tensor) -> None:
        self.x, self.y = x, y
        try:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                self.loss = self.step(x, y)
        except RuntimeError as error:
            why = str(error).strip().splitlines()[0]
            log.warning("the step could not be captured as a CUDA graph (%s); run as it is", why)
        else:
            self.graph = graph


@contextmanager
def beside() -> Iterator[None]:
    """A stream of its own, which a capture asks of the calls before it; nothing without a GPU."""
    if not torch.cuda.is_available():
        yield
        return
    stream, main = torch.cuda.Stream(), torch.cuda.current_stream()
    stream.wait_stream(main)
    with torch.cuda.stream(stream):
        yield
    main.wait_stream(stream)
