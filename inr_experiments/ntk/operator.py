"""The NTK as an operator: K v without K."""

import torch
from torch import Tensor, nn

from ..checks import InputError
from .autograd import Jacobian
from .capture import CapturedLayer
from .matrix_free import diagonal, product
from .memory import require
from .request import Question, ask, captured


class NtkOperator:
    """K v, per layer and in total, in the module's precision.

    Attributes:
        size: length of v: N, or C·N for `blocks`, output by output.
        names: layers in module order.
        method, difference: as in `LayerKernels`.
    """

    def __init__(self, question: Question, memory: float | None = None) -> None:
        self.method, self.difference = question.described, question.difference
        self.blocks = question.blocks
        self._x = question.x
        self._points = len(question.x)
        self._outputs = len(question.outputs)
        self.size = self._points * (self._outputs if self.blocks else 1)
        self._layers: list[CapturedLayer] = []
        self._jacobian: Jacobian | None = None
        if question.method == "jacobian":
            self._jacobian = Jacobian(question.output, question.x, outputs=question.outputs)
            self.names = tuple(dict.fromkeys(name for name, _ in self._jacobian.parameters))
        else:
            _fits(question, memory)
            for layers in captured(question):
                self._layers += layers
            self.names = tuple(dict.fromkeys(layer.name for layer in self._layers))

    def __call__(self, v: Tensor, *, layer: str | None = None, part: str | None = None) -> Tensor:
        """K v, K_k v of one layer, or of one parameter of it, as `part="weight"`.

        Shapes: (size,) -> (size,), in v's precision.

        Raises:
            InputError: if v has another shape or there is no such layer.
        """
        if v.shape != (self.size,):
            raise InputError(f"v of shape {tuple(v.shape)}: expected ({self.size},)")
        if layer is not None and layer not in self.names:
            raise InputError(f"layer={layer!r}: expected one of {', '.join(self.names)}")
        columns = v.reshape(-1, self._points).T.to(self._x)
        if self._jacobian is None:
            result = torch.zeros_like(columns)
            for captured_layer in self._layers:
                if layer in (None, captured_layer.name):
                    result += product(captured_layer, columns, part=part)
        else:
            result = self._by_jacobian(self._jacobian, columns, layer, part)
        return result.T.reshape(-1).to(v)

    def _by_jacobian(
        self, jacobian: Jacobian, columns: Tensor, layer: str | None, part: str | None
    ) -> Tensor:
        """Shapes: (N, 1) or (N, C) -> the same."""

        def once(v: Tensor) -> Tensor:
            tangents = [
                u if layer in (None, key[0]) and part in (None, key[1]) else None
                for key, u in zip(jacobian.parameters, jacobian.pull(v), strict=True)
            ]
            return jacobian.push(tangents)

        if self.blocks:
            return once(columns)
        result = torch.zeros_like(columns)
        for c in range(self._outputs):
            v = torch.zeros_like(jacobian.y)
            v[:, c] = columns[:, 0]
            result += once(v)[:, c : c + 1]
        return result

    def diagonal(self) -> Tensor:
        """The diagonal of K, exact; its sum is the trace. Shapes: -> (size,).

        Raises:
            InputError: for the Jacobian method, which has no cheap diagonal.
        """
        if self._jacobian is not None:
            raise InputError("method='jacobian' has no cheap diagonal; expected method='identity'")
        columns = sum(diagonal(layer) for layer in self._layers)
        return columns.T.reshape(-1)  # type: ignore[union-attr]


def ntk_operator(
    module: nn.Module,
    coordinates: Tensor,
    *,
    outputs: int | str = "trace",
    stage: str | None = None,
    method: str = "auto",
    memory: float | None = None,
) -> NtkOperator:
    """The NTK of a module as an operator: O(N·D²) a product, O(N·D) memory.

    Arguments, errors and source as for `layer_kernels`. With `jacobian` the graph of one full-batch
    pass is kept and each product costs two passes through it.
    """
    question = ask(module, coordinates, outputs=outputs, stage=stage, method=method)
    return NtkOperator(question, memory)


def _fits(question: Question, memory: float | None) -> None:
    """Refuse what the layers' inputs and sensitivities would not fit in."""
    widths = [p.shape for own in question.output.trained().values() for p in own.values()]
    inputs = sum(shape[-1] for shape in widths if len(shape) == 2)
    sensitivities = sum(shape[0] for shape in widths) * len(question.outputs)
    entries = len(question.x) * (inputs + sensitivities)
    require(
        float(entries * question.x.element_size()),
        question.x.device,
        limit=memory,
        what=f"inputs and sensitivities of {len(question.x)} points × {len(question.outputs)} "
        "outputs; expected fewer points, or one output at a time with outputs=0",
    )
