"""Singular values of tall matrices."""

from collections.abc import Iterable

import torch
from torch import Tensor


def singular_values(matrix: Tensor, *, centre: bool = False, rows: int = 2048) -> Tensor:
    """Singular values of a tall matrix in bounded memory, largest first.

    A = QR has the singular values of R. R is folded over row chunks,
    R ← R-factor of [R; chunk], so that memory is O((rows + D)·D) whatever N, and no Gram matrix
    squares the condition number.

    Shapes: (N, D) -> (min(N, D),), float64 whatever the input's precision.

    Args:
        centre: subtract the column means first.
        rows: rows taken at a time; so few that a chunk of some hundred columns stays in the cache.

    Raises:
        ValueError: if `matrix` is not two-dimensional or holds a non-finite number.
    """
    if matrix.ndim != 2:
        raise ValueError(f"expected a matrix, got shape {tuple(matrix.shape)}")
    if not centre:
        return singular_values_of_rows(matrix.split(rows), width=matrix.shape[1])
    mean = matrix.mean(dim=0, dtype=torch.float64)
    centred = (chunk.to(torch.float64) - mean for chunk in matrix.split(rows))
    return singular_values_of_rows(centred, width=matrix.shape[1])


def singular_values_of_rows(chunks: Iterable[Tensor], *, width: int) -> Tensor:
    """`singular_values` of a matrix that comes in chunks of rows and need never exist.

    Shapes: chunks (n_i, width) -> (min(Σ n_i, width),) float64.

    Raises:
        ValueError: if a chunk holds a non-finite number.
    """
    R: Tensor | None = None
    for part in chunks:
        chunk = part.to(torch.float64)
        if not chunk.isfinite().all():
            raise ValueError("the matrix holds a non-finite number")
        stacked = chunk if R is None else torch.cat([R, chunk])
        R = torch.linalg.qr(stacked, mode="r").R
    return torch.linalg.svdvals(torch.empty(0, width, dtype=torch.float64) if R is None else R)
