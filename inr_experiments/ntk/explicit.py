"""The layer-wise empirical NTK, explicit: K_k = (Δ_k Δ_kᵀ) ∘ (Z_{k-1} Z_{k-1}ᵀ + 1)."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from ..checks import InputError
from .autograd import Jacobian
from .capture import CapturedLayer
from .memory import require
from .request import Question, ask, captured

#: Rows of a kernel computed at a time.
ROWS = 512


@dataclass(frozen=True)
class LayerKernels:
    """The NTK split by trained parameter.

    Attributes:
        parts: kernels by (layer, parameter), as `("hidden.0.linear", "weight")`: each (N, N), or
            (C, C, N, N) with the outputs in front for `blocks`.
        method: how they were computed.
        difference: what the guard measured against autograd; None for the Jacobian itself.
    """

    parts: dict[tuple[str, str], Tensor]
    method: str
    difference: float | None

    @property
    def names(self) -> tuple[str, ...]:
        """Layers in module order."""
        return tuple(dict.fromkeys(layer for layer, _ in self.parts))

    def layer(self, name: str) -> Tensor:
        """K_k, weights and biases together."""
        return _summed([K for (layer, _), K in self.parts.items() if layer == name])

    def total(self) -> Tensor:
        """K = Σ_k K_k."""
        return _summed(list(self.parts.values()))

    def shares(self) -> dict[str, float]:
        """tr K_k / tr K by layer; the sum over outputs for blocks. All 0 where K is."""
        traces = dict.fromkeys(self.names, 0.0)
        for (layer, _), K in self.parts.items():
            square = K if K.ndim == 2 else K.diagonal().sum(dim=-1)
            traces[layer] += square.diagonal().sum().item()
        total = sum(traces.values())
        return {name: trace / total if total else 0.0 for name, trace in traces.items()}


@dataclass(frozen=True)
class Kernel:
    """The whole NTK: `values` (N, N) or (C, C, N, N), and what `LayerKernels` has beside it."""

    values: Tensor
    method: str
    difference: float | None


def layer_kernels(
    module: nn.Module,
    coordinates: Tensor,
    *,
    outputs: int | str = "trace",
    stage: str | None = None,
    method: str = "auto",
    memory: float | None = None,
) -> LayerKernels:
    """The NTK of a module split over its layers, weights and biases apart.

    K_k = (Δ_k Δ_kᵀ) ∘ (Z_{k-1} Z_{k-1}ᵀ) for the weights, Δ_k Δ_kᵀ for the biases, in the module's
    mode and precision. No Jacobian is formed: O(N²·D) time a layer.

    Shapes: coordinates (N, P) -> (N, N) each, or (C, C, N, N) for `blocks`.

    Args:
        outputs: index of one output, `trace` (the sum over outputs) or `blocks` (all pairs).
        stage: submodule whose output is meant in the place of the module's, as `hidden.2`.
        method: `identity`; `jacobian`, exact for interacting samples and parameters anywhere; or
            `auto`, the Jacobian where BatchNorm normalises by the batch, else the identity.
        memory: bytes that may be used; by default what is free.

    Raises:
        InputError: for input that cannot be used, a module that the identity does not cover, or
            kernels that do not fit.

    Source: Jacot et al. 2018 for the kernel; the identity is the row-wise Khatri–Rao product of
    section 3 of arXiv 2602.01526.
    """
    question = ask(module, coordinates, outputs=outputs, stage=stage, method=method)
    count = sum(len(own) for own in question.output.trained().values())
    _fits(question, count, memory)
    if question.method == "jacobian":
        parts = _by_jacobian(question, memory)
    else:
        parts = _by_identity(question)
    return LayerKernels(parts, question.described, question.difference)


def total_kernel(
    module: nn.Module,
    coordinates: Tensor,
    *,
    outputs: int | str = "trace",
    stage: str | None = None,
    method: str = "auto",
    memory: float | None = None,
) -> Kernel:
    """The whole NTK, Σ_k K_k; arguments as for `layer_kernels`.

    The identity holds one kernel in memory; the Jacobian method one for every parameter.
    """
    question = ask(module, coordinates, outputs=outputs, stage=stage, method=method)
    count = sum(len(own) for own in question.output.trained().values())
    _fits(question, count if question.method == "jacobian" else 1, memory)
    if question.method == "jacobian":
        values = _summed(list(_by_jacobian(question, memory).values()))
    else:
        K = _empty(question)
        for layers in captured(question):
            # Rows outside, layers inside: a stripe of K stays in the cache for all of them.
            for rows in _stripes(len(question.x)):
                for layer in layers:
                    _add(layer, {"weight": K, "bias": K}, rows)
        values = _finished(K, question.blocks)
    return Kernel(values, question.described, question.difference)


def _by_identity(question: Question) -> dict[tuple[str, str], Tensor]:
    parts: dict[tuple[str, str], Tensor] = {}
    for layers in captured(question):
        for layer in layers:
            own = [p for p in ("weight", "bias") if getattr(layer, p)]
            targets = {p: parts.setdefault((layer.name, p), _empty(question)) for p in own}
            for rows in _stripes(len(question.x)):
                _add(layer, targets, rows)
    return {key: _finished(K, question.blocks) for key, K in parts.items()}


def _by_jacobian(question: Question, memory: float | None) -> dict[tuple[str, str], Tensor]:
    """J_k J_kᵀ by parameter, the rows of J one by one."""
    count, width = len(question.x), len(question.outputs)
    size = sum(p.numel() for own in question.output.trained().values() for p in own.values())
    require(
        count * width * size * question.x.element_size() * 1.0,
        question.x.device,
        limit=memory,
        what=f"the Jacobian of {count} points × {width} outputs by {size} parameters; expected "
        "fewer points, or matrix-free products: ntk_operator(module, coordinates, ...)",
    )
    jacobian = Jacobian(question.output, question.x, outputs=question.outputs)
    rows: dict[tuple[str, str], Tensor] = {
        key: question.x.new_empty(count * width, p.numel())
        for key, p in jacobian.parameters.items()
    }
    for i, row in enumerate(jacobian.rows()):
        for key, values in row.items():
            rows[key][i] = values
    parts = {}
    for key in list(rows):
        J = rows.pop(key).reshape(count, width, -1)
        if question.blocks:
            flat = J.transpose(0, 1).reshape(width * count, -1)
            K = (flat @ flat.T).reshape(width, count, width, count).transpose(1, 2)
        else:
            K = J.reshape(count, -1) @ J.reshape(count, -1).T
        parts[key] = K.contiguous()
    return parts


def _stripes(count: int) -> Iterator[slice]:
    return (slice(a, min(a + ROWS, count)) for a in range(0, count, ROWS))


def _add(layer: CapturedLayer, targets: dict[str, Tensor], rows: slice) -> None:
    """Add a stripe of rows of K_k to (C, C, N, N) targets; on the diagonal blocks up to the
    diagonal, the blocks above them whole, the rest is for `_finished`."""
    outputs = layer.sensitivities.shape[1]
    for c in range(outputs):
        for d in range(c, outputs):
            columns = slice(0, rows.stop if c == d else None)
            at = (c, d, rows, columns)
            left, right = layer.sensitivities[rows, c], layer.sensitivities[columns, d]
            if layer.weight and layer.elementwise:
                scaled = (right * layer.inputs[columns]).T
                targets["weight"][at].addmm_(left * layer.inputs[rows], scaled)
            linear = layer.weight and not layer.elementwise
            if not linear and not layer.bias:
                continue
            gram = left @ right.T
            if linear:
                targets["weight"][at].addcmul_(gram, layer.inputs[rows] @ layer.inputs[columns].T)
            if layer.bias:
                targets["bias"][at].add_(gram)


def _empty(question: Question) -> Tensor:
    outputs = len(question.outputs) if question.blocks else 1
    return question.x.new_zeros(outputs, outputs, len(question.x), len(question.x))


def _finished(K: Tensor, blocks: bool) -> Tensor:
    """Mirror what was left out; without blocks (1, 1, N, N) becomes (N, N)."""
    for c in range(len(K)):
        for rows in _stripes(K.shape[2]):
            K[c, c, : rows.start, rows] = K[c, c, rows, : rows.start].T
            # A product of a matrix with its transpose is symmetric but for rounding.
            square = K[c, c, rows, rows]
            square.copy_(square.tril() + square.tril(-1).T)
        for d in range(c):
            K[c, d] = K[d, c].T
    return K if blocks else K[0, 0]


def _summed(kernels: list[Tensor]) -> Tensor:
    if not kernels:
        raise InputError("the outputs depend on no trained layer; expected one that they depend on")
    total = kernels[0].clone()
    for K in kernels[1:]:
        total += K
    return total


def _fits(question: Question, kernels: int, memory: float | None) -> None:
    """Refuse kernels that do not fit, with the matrix-free call in their place."""
    count = len(question.x)
    outputs = len(question.outputs) if question.blocks else 1
    require(
        float(kernels) * (outputs * count) ** 2 * question.x.element_size(),
        question.x.device,
        limit=memory,
        what=f"{kernels} explicit kernels of {outputs * count}² entries; expected fewer points, "
        "or matrix-free products: ntk_operator(module, coordinates, ...)",
    )
