"""A checked request for a kernel: whose, where, of which outputs, by which method."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from ..checks import InputError, choice
from .capture import CapturedLayer, capture
from .check import POINTS, guard
from .function import Output, chosen, spread
from .matrix_free import traced

METHODS = ("auto", "identity", "jacobian")
#: Outputs of a trace that are captured at a time.
GROUP = 16


@dataclass(frozen=True)
class Question:
    """A checked request: whose kernel, at which points, of which outputs, by which method."""

    output: Output
    x: Tensor
    outputs: tuple[int, ...]
    blocks: bool
    method: str
    difference: float | None

    @property
    def described(self) -> str:
        """The method as a result names it."""
        if self.method == "jacobian":
            return "full-batch Jacobian"
        frozen = ", BatchNorm statistics frozen" if self.output.frozen_statistics() else ""
        return f"layer-wise identity{frozen}"


def ask(
    module: nn.Module,
    coordinates: Tensor,
    *,
    outputs: int | str,
    stage: str | None,
    method: str,
) -> Question:
    """Check a request and pick its method; the arguments are those of `layer_kernels`.

    Raises:
        InputError: for whatever cannot be used, and where the guard refuses the identity.
    """
    choice("method", method, METHODS)
    output = Output(module, stage)
    dropout = output.dropout()
    if dropout is not None:
        raise InputError(f"{dropout}; expected module.eval() first")
    x = output.points(coordinates)
    interacts = output.interacts()
    few = x if interacts else x[spread(len(x), POINTS).to(x.device)]
    count = output(few).shape[1]
    indices = tuple(chosen(outputs, count))
    if method == "auto":
        method = "jacobian" if interacts else "identity"
    difference = guard(output, x, count=count) if method == "identity" else None
    return Question(output, x, indices, outputs == "blocks", method, difference)


def captured(question: Question) -> Iterator[list[CapturedLayer]]:
    """The layers at the points: all outputs for blocks, else groups of them as one each."""
    size = len(question.outputs) if question.blocks else GROUP
    for start in range(0, len(question.outputs), size):
        group = question.outputs[start : start + size]
        layers = capture(question.output, question.x, outputs=group)
        yield layers if question.blocks else [traced(layer) for layer in layers]
