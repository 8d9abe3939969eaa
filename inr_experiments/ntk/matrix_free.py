"""Products with the NTK at O(N·D²) time and O(N·D) memory."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from .capture import CapturedLayer

#: Rows taken at a time: the working set of a chunk stays in the cache.
ROWS = 4096
PARTS = ("weight", "bias")


def traced(layer: CapturedLayer) -> CapturedLayer:
    """The layer with its outputs laid side by side as one.

    Σ_c (Δ_c Δ_cᵀ) = [Δ_1 … Δ_C][Δ_1 … Δ_C]ᵀ: the trace over outputs is the kernel of one output
    with C·D_out pre-activations.
    """
    points, outputs, _ = layer.sensitivities.shape
    return replace(
        layer,
        sensitivities=layer.sensitivities.reshape(points, 1, -1),
        inputs=layer.inputs.repeat(1, outputs) if layer.elementwise else layer.inputs,
    )


def product(layer: CapturedLayer, v: Tensor, *, part: str | None = None) -> Tensor:
    """K_k v of one layer, of its weights or biases alone, or of both.

    With E = Σ_c diag(v_c) Δ_c, the part of the weights is (K v)_c = rowsum(Δ_c ∘ (Z (Zᵀ E))) and
    that of the biases (K v)_c = Δ_c (Eᵀ 1). A scale has Δ ∘ Z in the place of Δ and is then a bias.

    Shapes: v (N, C) -> (N, C).
    """
    result = torch.zeros_like(v)
    chunks = [slice(a, a + ROWS) for a in range(0, len(v), ROWS)]
    if layer.weight and part in (None, "weight"):
        if layer.elementwise:
            _add_sum(result, chunks, v, lambda r: _scaled(layer, r))
        else:
            M = layer.inputs.new_zeros(layer.inputs.shape[1], layer.sensitivities.shape[2])
            for r in chunks:
                M.addmm_(layer.inputs[r].T, _weighted(v[r], layer.sensitivities[r]))
            for r in chunks:
                result[r] += _contracted(layer.sensitivities[r], layer.inputs[r] @ M)
    if layer.bias and part in (None, "bias"):
        _add_sum(result, chunks, v, lambda r: layer.sensitivities[r])
    return result


def _scaled(layer: CapturedLayer, rows: slice) -> Tensor:
    """Δ ∘ Z of a scale. Shapes: -> (n, C, D)."""
    return layer.sensitivities[rows] * layer.inputs[rows, None]


def _weighted(v: Tensor, delta: Tensor) -> Tensor:
    """Σ_c diag(v_c) Δ_c. Shapes: (n, C), (n, C, D) -> (n, D)."""
    return delta[:, 0] * v if v.shape[1] == 1 else torch.einsum("nc,ncd->nd", v, delta)


def _contracted(delta: Tensor, m: Tensor) -> Tensor:
    """rowsum(Δ_c ∘ m) for every c. Shapes: (n, C, D), (n, D) or (D,) -> (n, C)."""
    if m.ndim == 1:
        return delta @ m
    if delta.shape[1] == 1:
        return (delta[:, 0] * m).sum(dim=1, keepdim=True)
    return torch.einsum("ncd,nd->nc", delta, m)


def _add_sum(
    result: Tensor, chunks: list[slice], v: Tensor, factor: Callable[[slice], Tensor]
) -> None:
    """Add Δ_c (Σ_n,c v_c(n) δ_c(n)) to the result, Δ given row by row."""
    total = sum(_weighted(v[r], factor(r)).sum(dim=0) for r in chunks)
    for r in chunks:
        result[r] += _contracted(factor(r), total)  # type: ignore[arg-type]


def diagonal(layer: CapturedLayer) -> Tensor:
    """The diagonal of K_k, output by output: ‖δ_c(n)‖² (‖z(n)‖² + 1) for a trained Linear layer.

    Shapes: -> (N, C).
    """
    delta = layer.sensitivities
    square = delta.square().sum(dim=2)
    result = square if layer.bias else torch.zeros_like(square)
    if layer.weight and layer.elementwise:
        return result + (delta * layer.inputs[:, None]).square().sum(dim=2)
    if layer.weight:
        return result + square * layer.inputs.square().sum(dim=1, keepdim=True)
    return result
