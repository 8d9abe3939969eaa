"""The NTK as matrices: K_k = (Δ_k Δ_kᵀ) ∘ (Z_{k-1} Z_{k-1}ᵀ), and J Jᵀ for the rest."""

from collections.abc import Iterator

from torch import Tensor

from .matchers import Form
from .memory import require
from .request import KernelRequest

#: Rows of a kernel computed at a time.
ROWS = 512


def layer_kernels(request: KernelRequest, memory: float | None) -> dict[str, Tensor]:
    """K_k by layer. Shapes: (N, N) each, or (C, C, N, N) for `blocks`."""
    names = {*request.layers, *(layer for layer, _ in request.rest)}
    _require_kernels(request, len(names), memory)
    kernels = {name: _zeros(request) for name in request.layers}
    for forms in request.captured():
        for form in forms:
            _add([form], kernels[form.layer])
    found = {name: _mirrored(K, request.blocks) for name, K in kernels.items()}
    return found | _by_jacobian(request, memory)


def total_kernel(request: KernelRequest, memory: float | None) -> Tensor:
    """K = Σ_k K_k, of which one is held, and one more where something goes by Jacobian."""
    _require_kernels(request, 1 + bool(request.layers and request.rest), memory)
    K = _zeros(request)
    for forms in request.captured():
        _add(forms, K)
    K = _mirrored(K, request.blocks)
    for own in _by_jacobian(request, memory, together=True).values():
        K += own
    return K


def _add(forms: list[Form], K: Tensor) -> None:
    """Add the kernels of some layers up to the diagonal, the rest is for `_mirrored`."""
    # Rows outside, layers inside: a stripe of K stays in the cache for all of them.
    for rows in _stripes(K.shape[2]):
        for form in forms:
            if form.few_positions:
                form.add_kernel(K, rows)
    for form in forms:
        if not form.few_positions:
            for piece in form.pieces():  # type: ignore[union-attr]
                for rows in _stripes(K.shape[2]):
                    piece.add_kernel(K, rows)


def _by_jacobian(
    request: KernelRequest, memory: float | None, *, together: bool = False
) -> dict[str, Tensor]:
    """J_k J_kᵀ by layer, or of all together under "", the rows of J one by one."""
    jacobian = request.jacobian()
    if jacobian is None:
        return {}
    count, width = jacobian.y.shape
    sizes: dict[str, int] = {}
    for (layer, _), size in jacobian.sizes().items():
        sizes["" if together else layer] = sizes.get("" if together else layer, 0) + size
    require(
        float(count * width * sum(sizes.values()) * request.x.element_size()),
        request.x.device,
        limit=memory,
        what=f"the Jacobian of {count} points × {width} outputs by {sum(sizes.values())} "
        "parameters; expected fewer points, or matrix-free products: EmpiricalNtk(...) @ v",
    )
    rows = {layer: request.x.new_empty(count * width, size) for layer, size in sizes.items()}
    for i, row in enumerate(jacobian.rows()):
        ends = dict.fromkeys(rows, 0)
        for (layer, _), values in row.items():
            own = "" if together else layer
            rows[own][i, ends[own] : ends[own] + len(values)] = values
            ends[own] += len(values)
    return {name: _gram(rows.pop(name), request, width) for name in list(rows)}


def _gram(J: Tensor, request: KernelRequest, outputs: int) -> Tensor:
    """J Jᵀ as a kernel. Shapes: (N·C, size) -> (N, N) or (C, C, N, N)."""
    count = len(request.x)
    if not request.blocks:
        flat = J.reshape(count, -1)
        return flat @ flat.T
    flat = J.reshape(count, outputs, -1).transpose(0, 1).reshape(outputs * count, -1)
    return (flat @ flat.T).reshape(outputs, count, outputs, count).transpose(1, 2).contiguous()


def _stripes(count: int) -> Iterator[slice]:
    return (slice(a, min(a + ROWS, count)) for a in range(0, count, ROWS))


def _zeros(request: KernelRequest) -> Tensor:
    outputs = len(request.outputs) if request.blocks else 1
    return request.x.new_zeros(outputs, outputs, len(request.x), len(request.x))


def _mirrored(K: Tensor, blocks: bool) -> Tensor:
    """Fill in what was left out; without blocks (1, 1, N, N) becomes (N, N)."""
    for c in range(len(K)):
        for rows in _stripes(K.shape[2]):
            K[c, c, : rows.start, rows] = K[c, c, rows, : rows.start].T
            # A product of a matrix with its transpose is symmetric but for rounding.
            square = K[c, c, rows, rows]
            square.copy_(square.tril() + square.tril(-1).T)
        for d in range(c):
            K[c, d] = K[d, c].T
    return K if blocks else K[0, 0]


def _require_kernels(request: KernelRequest, kernels: int, memory: float | None) -> None:
    """Refuse kernels that do not fit, with the matrix-free call in their place."""
    count = len(request.x) * (len(request.outputs) if request.blocks else 1)
    require(
        float(kernels) * count**2 * request.x.element_size(),
        request.x.device,
        limit=memory,
        what=f"{kernels} explicit kernels of {count}² entries; expected fewer points, or "
        "matrix-free products: EmpiricalNtk(...) @ v",
    )
