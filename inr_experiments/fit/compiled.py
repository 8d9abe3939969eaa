"""A training step captured once as a CUDA graph and replayed."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.optim import Optimizer

log = logging.getLogger(__name__)

#: Batch (x, y) -> the loss before the step, on the device.
Step = Callable[[Tensor, Tensor], Tensor]


class Captured:
    """Replays `step` as a CUDA graph, captured after a few calls; runs it where that fails.

    Capturing records the kernels of a step and runs none, so that no state has to be restored.
    What changes between steps lies in tensors that keep their place: the batch and, in the
    optimiser, the learning rate.
    """

    #: Calls before the capture, in which the optimiser and the libraries set up what they need.
    WARM_UP = 3

    def __init__(self, step: Step, optimiser: Optimizer) -> None:
        self.step = step
        self.optimiser = optimiser
        self.calls = 0
        self.graph: torch.cuda.CUDAGraph | None = None

    @classmethod
    def where_possible(cls, step: Step, optimiser: Optimizer) -> Step:
        """The step to be captured, or as it is: a rate that is a plain number would be replayed."""
        tensors = all(isinstance(group["lr"], Tensor) for group in optimiser.param_groups)
        return cls(step, optimiser) if tensors else step

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        self.calls += 1
        if self.calls <= self.WARM_UP:
            with side_stream():
                return self.step(x, y)
        if self.calls == self.WARM_UP + 1:
            self._capture(x, y)
        if self.graph is not None and self._options() != self.options:
            log.warning("the schedule changes more than the rate; steps run without a CUDA graph")
            self.graph = None
        if self.graph is None:
            return self.step(x, y)
        if x is not self.x:  # a batch drawn anew; the full one stays where it is
            self.x.copy_(x)
            self.y.copy_(y)
        self.graph.replay()
        return self.loss.clone()

    def _options(self) -> list[dict[str, object]]:
        """The options that a graph has as plain numbers, and would replay as they were."""
        groups = self.optimiser.param_groups
        return [{k: v for k, v in g.items() if k not in ("params", "lr")} for g in groups]

    def _capture(self, x: Tensor, y: Tensor) -> None:
        self.x, self.y, self.options = x, y, self._options()
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
def side_stream() -> Iterator[None]:
    """A stream of its own, which a capture asks of the calls before it; nothing without a GPU."""
    if not torch.cuda.is_available():
        yield
        return
    stream, main = torch.cuda.Stream(), torch.cuda.current_stream()
    stream.wait_stream(main)
    with torch.cuda.stream(stream):
        yield
    main.wait_stream(stream)
