"""Singular values of tall matrices."""

from collections.abc import Iterable

import torch
from torch import Tensor

#: Rows that a processor takes at a time; so few that a chunk of some hundred columns stays in the
#: cache. A GPU takes all at once.
ROWS = 2048


def rows_of(z: Tensor) -> Tensor:
    """Features as a matrix: (N, D) as it is, (B, T, D) by token, (B, D, H, W) by position."""
    if z.ndim == 3:
        return z.flatten(0, 1)
    return z if z.ndim < 3 else z.movedim(1, -1).flatten(0, -2)


def singular_values(matrix: Tensor) -> Tensor:
    """Singular values of a tall matrix in bounded memory, largest first.

    A = QR has the singular values of R. R is folded over row chunks,
    R ← R-factor of [R; chunk], so that memory is O((chunk + D)·D) whatever N, and no Gram matrix
    squares the condition number.

    Shapes: (N, D) -> (min(N, D),), float64 whatever the input's precision.

    Raises:
        ValueError: if `matrix` is not two-dimensional or holds a non-finite number.
    """
    return singular_values_of_rows(_checked(matrix).split(at_once(matrix)), width=matrix.shape[1])


def with_centred(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Singular values of A and of HA, H = I − 11ᵀ/N the centring, from one QR.

    With [1, A] = QR, the first column of Q is 1/√N: R without its first row and column is a factor
    of HA, and R without its first column one of A.

    Shapes: (N, D) -> (min(N, D),) twice, float64, largest first.

    Raises:
        ValueError: if `matrix` is not two-dimensional or holds a non-finite number.
    """
    R = _folded(_checked(matrix).split(at_once(matrix)), ones=True)
    count = min(matrix.shape)
    if R is None:
        return (matrix.new_empty(0, dtype=torch.float64),) * 2
    R = R.cpu()  # a matrix so small has its values sooner there
    plain, centred = torch.linalg.svdvals(R[:, 1:]), torch.linalg.svdvals(R[1:, 1:])
    # Of constant columns, what is left without their means is rounding.
    noise = max(matrix.shape) * torch.finfo(torch.float64).eps * plain[:1]
    centred = torch.where(centred <= noise, torch.zeros_like(centred), centred)
    # Of no more rows than columns, R has one row less than HA has singular values: the last is 0.
    missing = centred.new_zeros(max(0, count - len(centred)))
    return plain[:count], torch.cat([centred, missing])[:count]


def centred_svd(chunks: Iterable[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Mean row, singular values and right singular vectors of HA, from one QR as above.

    HA = A − 1μᵀ = U S Vᵀ. Matrices come in chunks of rows and need never exist.

    Shapes: chunks (n_i, D), N = Σ n_i > D -> (D,), (D,), V (D, D), float64, largest first.

    Raises:
        ValueError: if a chunk holds a non-finite number.
    """
    R = _folded(chunks, ones=True)
    assert R is not None
    _, S, Vh = torch.linalg.svd(R[1:, 1:])
    return R[0, 1:] / R[0, 0], S, Vh.T


def singular_values_of_rows(chunks: Iterable[Tensor], *, width: int) -> Tensor:
    """`singular_values` of a matrix that comes in chunks of rows and need never exist.

    Shapes: chunks (n_i, width) -> (min(Σ n_i, width),) float64.

    Raises:
        ValueError: if a chunk holds a non-finite number.
    """
    R = _folded(chunks)
    return torch.linalg.svdvals(torch.empty(0, width, dtype=torch.float64) if R is None else R)


def at_once(matrix: Tensor) -> int:
    """The number of rows to take at a time where `matrix` lies."""
    return max(1, len(matrix)) if matrix.is_cuda else ROWS


def _checked(matrix: Tensor) -> Tensor:
    if matrix.ndim != 2:
        raise ValueError(f"expected a matrix, got shape {tuple(matrix.shape)}")
    return matrix


def _folded(chunks: Iterable[Tensor], *, ones: bool = False) -> Tensor | None:
    """The R-factor of all chunks, behind a column of ones where asked; None where there is none."""
    R: Tensor | None = None
    for chunk in chunks:
        rows = torch.cat([torch.ones_like(chunk[:, :1]), chunk], dim=1) if ones else chunk
        rows = rows.to(torch.complex128 if rows.is_complex() else torch.float64)
        if not rows.isfinite().all():
            raise ValueError("the matrix holds a non-finite number")
        R = torch.linalg.qr(rows if R is None else torch.cat([R, rows]), mode="r").R
    return R
