"""Singular values of tall matrices."""

import torch
from torch import Tensor


def singular_values(matrix: Tensor, *, centre: bool = False, rows: int = 8192) -> Tensor:
    """Singular values of a tall matrix in bounded memory, largest first.

    A = QR has the singular values of R. R is folded over row chunks,
    R ← R-factor of [R; chunk], so that memory is O((rows + D)·D) whatever N, and no Gram matrix
    squares the condition number.

    Shapes: (N, D) -> (min(N, D),), float64 whatever the input's precision.

    Args:
        centre: subtract the column means first.
        rows: rows taken at a time.

    Raises:
        ValueError: if `matrix` is not two-dimensional or holds a non-finite number.
    """
    if matrix.ndim != 2:
        raise ValueError(f"expected a matrix, got shape {tuple(matrix.shape)}")
    mean = matrix.mean(dim=0, dtype=torch.float64) if centre else 0.0
    R = torch.empty(0, matrix.shape[1], dtype=torch.float64, device=matrix.device)
    for chunk in matrix.split(rows):
        chunk = chunk.to(torch.float64) - mean
        if not chunk.isfinite().all():
            raise ValueError("the matrix holds a non-finite number")
        R = torch.linalg.qr(torch.cat([R, chunk]), mode="r").R
    return torch.linalg.svdvals(R)
