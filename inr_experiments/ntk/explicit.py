"""The NTK as matrices: K_k = (Δ_k Δ_kᵀ) ∘ (Z_{k-1} Z_{k-1}ᵀ), and J Jᵀ for the rest."""

from collections.abc import Iterator
from itertools import chain

from torch import Tensor

from ..memory import require
from .matchers import Form
from .request import KernelRequest
from .rows import Rows, Tile

#: Rows and columns of a tile of a kernel: so few that three tiles stay in the cache.
SIDE = 256


def layer_kernels(request: KernelRequest, memory: float | None) -> dict[str, Tensor]:
    """K_k by layer. Shapes: (N, N) each, or (C, C, N, N) for `blocks`."""
    names = {*request.layers, *(layer for layer, _ in request.rest)}
    _require_kernels(request, len(names), memory)
    kernels = {name: _empty(request) for name in request.layers}
    for i, forms in enumerate(request.captured()):
        for name, K in kernels.items():
            _add([form for form in forms if form.layer == name], K, fresh=i == 0)
    found = {name: K if request.blocks else K[0, 0] for name, K in kernels.items()}
    return found | _by_jacobian(request, memory)


def total_kernel(request: KernelRequest, memory: float | None) -> Tensor:
    """K = Σ_k K_k, of which one is held, and one more where something goes by Jacobian."""
    _require_kernels(request, 1 + bool(request.layers and request.rest), memory)
    kernels = list(_by_jacobian(request, memory, together=True).values())
    if request.layers:
        K = _empty(request)
        for i, forms in enumerate(request.captured()):
            _add(forms, K, fresh=i == 0)
        kernels.insert(0, K if request.blocks else K[0, 0])
    for other in kernels[1:]:
        kernels[0] += other
    return kernels[0]


def _add(forms: list[Form], K: Tensor, *, fresh: bool) -> None:
    """Add the kernels of some layers to K, or put them there where K is fresh."""
    terms, more = [], []
    for form in forms:
        if isinstance(form, Rows) or form.by_pairs:
            terms.append(form)
        else:
            pieces = form.pieces()
            terms.append(next(pieces))
            more.append(pieces)
    _add_terms(terms, K, fresh=fresh)
    for piece in chain.from_iterable(more):
        _add_terms([piece], K, fresh=False)


def _add_terms(terms: list[Form], K: Tensor, *, fresh: bool) -> None:
    """Tiles outside, layers inside: a tile of K stays in the cache for all of them."""
    buffers = [K.new_empty(SIDE * SIDE) for _ in range(3)]
    for tile in _tiles(len(K), K.shape[2]):
        target = K[tile.output, tile.other, tile.rows, tile.columns]
        work, *scratch = (b[: target.numel()].view(target.shape) for b in buffers)
        if fresh:
            work.zero_()
        else:
            work.copy_(target)
        for term in terms:
            term.add_kernel(tile, work, (scratch[0], scratch[1]))
        if tile.output == tile.other and tile.rows == tile.columns:
            # A product of a matrix with its transpose is symmetric but for rounding.
            work = work.tril() + work.tril(-1).T
        target.copy_(work)
        K[tile.other, tile.output, tile.columns, tile.rows] = work.T


def _tiles(outputs: int, points: int) -> Iterator[Tile]:
    """The tiles of a symmetric kernel on the diagonal and on one side of it."""
    parts = [slice(a, min(a + SIDE, points)) for a in range(0, points, SIDE)]
    for c in range(outputs):
        for d in range(c, outputs):
            for i, rows in enumerate(parts):
                for columns in parts[: i + 1] if c == d else parts:
                    yield Tile(c, d, rows, columns)


def _by_jacobian(
    request: KernelRequest, memory: float | None, *, together: bool = False
) -> dict[str, Tensor]:
    """J_k J_kᵀ by layer, or of all together under "", the rows of J one by one."""
    jacobian = request.jacobian()
    if jacobian is None:
        return {}
    count, width = jacobian.y.shape
    sizes: dict[str, int] = {}
    for (layer, _), size in jacobian.sizes.items():
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


def _empty(request: KernelRequest) -> Tensor:
    outputs = len(request.outputs) if request.blocks else 1
    return request.x.new_empty(outputs, outputs, len(request.x), len(request.x))


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
