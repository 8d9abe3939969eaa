"""Spectra of kernels and what they say of training: dispersion, alignment, mode factors."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..checks import InputError
from ..ranks.measures import effective_rank, participation_ratio, relative_rank

Array = npt.NDArray[np.float64]
#: Negative eigenvalues of this part of the largest are rounding.
ROUNDING = 1e-3
#: Of the trace: eigenvalues of a centred kernel below it are what rounding left of a constant one.
ROUNDING_OF_TRACE = 1e-14


def matrix(K: Tensor) -> Tensor:
    """A kernel as one symmetric matrix: (C, C, N, N) becomes (C·N, C·N), output by output."""
    if K.ndim == 4:
        outputs, _, points, _ = K.shape
        K = K.transpose(1, 2).reshape(outputs * points, outputs * points)
    if K.ndim != 2 or K.shape[0] != K.shape[1]:
        raise InputError(f"kernel of shape {tuple(K.shape)}: expected (N, N) or (C, C, N, N)")
    return K


def centred(K: Tensor) -> Tensor:
    """HKH with H = I − 11ᵀ/N: the kernel without its constant direction, for every output pair.

    Shapes: (N, N) -> (N, N), or (C, C, N, N) -> the same.
    """
    rows = K - K.mean(dim=-2, keepdim=True)
    return rows - rows.mean(dim=-1, keepdim=True)


def eigenvalues(K: Tensor, *, noise: float = 0.0) -> Tensor:
    """Eigenvalues of a kernel, largest first, in its precision; rounding below zero becomes zero.

    Shapes: (N, N) -> (N,), or (C, C, N, N) -> (C·N,).

    Args:
        noise: what is no larger than this is rounding, too.
    """
    values = torch.linalg.eigvalsh(matrix(K)).flip(0)
    return _clipped(torch.where(values.abs() <= noise, torch.zeros_like(values), values))


def eigenpairs(K: Tensor) -> tuple[Tensor, Tensor]:
    """`eigenvalues` and the eigenvectors, in columns of the same order."""
    values, vectors = torch.linalg.eigh(matrix(K))
    return _clipped(values.flip(0)), vectors.flip(1)


def _clipped(values: Tensor) -> Tensor:
    if values[-1] < -ROUNDING * values[0].abs():
        raise InputError(
            f"an eigenvalue of {values[-1]:.3g} beside {values[0]:.3g}: expected a positive "
            "semidefinite kernel"
        )
    return values.clamp_min(0)


def kernel_family(values: npt.ArrayLike) -> dict[str, float]:
    """Measures of a kernel's eigenvalues by name: trace, largest, dispersion and ranks.

    The ranks are those of `ranks/measures.py` with the eigenvalues, the singular values of K, as σ.
    `dispersion` is v = tr(K²)/N − (tr K/N)², the variance of the eigenvalues, and
    `relative_dispersion` v/(tr K/N)², free of scale.

    Source: arXiv 2512.15169 for the dispersion.
    """
    lam = np.asarray(values, dtype=np.float64)
    mean, dispersion = float(lam.mean()), float(np.var(lam))
    return {
        "trace": float(lam.sum()),
        "largest": float(lam.max()),
        "dispersion": dispersion,
        "relative_dispersion": dispersion / mean**2 if mean else 0.0,
        "effective_rank": effective_rank(lam),
        "participation_ratio": participation_ratio(lam),
        "rank_1e-4": relative_rank(lam, 1e-4),
    }


def alignment(K: Tensor, target: Tensor) -> float:
    """Kernel–target alignment, ⟨K, Y Yᵀ⟩ / (‖K‖_F ‖Y Yᵀ‖_F), in [0, 1].

    A kernel of blocks takes the channels of Y one after the other, as one vector.

    Shapes: K (N, N) or (C, C, N, N), target (N, C). 0 where K or the target is zero.

    Source: Cristianini et al., NIPS 2001.
    """
    Y = target.to(K) if K.ndim == 2 else target.to(K).T.reshape(-1, 1)
    K = matrix(K)
    if len(Y) != len(K):
        raise InputError(f"target of {len(Y)} rows for a kernel of {len(K)}; expected as many")
    scale = (K.norm() * (Y.T @ Y).norm()).item()
    return float((Y * (K @ Y)).sum().item() / scale) if scale else 0.0


def centred_alignment(K: Tensor, other: Tensor) -> float:
    """Alignment of two centred kernels, ⟨HKH, HK'H⟩_F / (‖HKH‖_F ‖HK'H‖_F), in [0, 1].

    For linear kernels K = XXᵀ it is the linear CKA of the features X. 0 where a kernel is constant
    but for rounding.

    Shapes: (N, N) twice, or (C, C, N, N) twice.

    Source: definition 4 of Cortes, Mohri and Rostamizadeh, JMLR 13 (2012); Kornblith et al., ICML
    2019, for CKA.
    """
    if K.shape != other.shape:
        raise InputError(f"kernel of shape {tuple(other.shape)}: expected {tuple(K.shape)}")
    pairs = [(centred(kernel), kernel) for kernel in (K, other)]
    if any(h.norm() <= 8 * torch.finfo(k.dtype).eps * k.norm() for h, k in pairs):
        return 0.0
    left, right = (h for h, _ in pairs)
    return float((left * right).sum().item() / (left.norm() * right.norm()).item())


def mode_factors(values: npt.ArrayLike, *, lr: float, steps: int, entries: int) -> Array:
    """The part of the error left along each eigenvector after full-batch gradient descent.

    (1 − 2ηλ/(N·C))^t for the mean squared error over N·C entries and a constant kernel. **Not
    valid for Adam**, nor for another loss; a rate above N·C/λ₁ diverges.

    Shapes: (M,) eigenvalues -> (M,).

    Args:
        lr: η. steps: t. entries: N·C.
    """
    base = 1 - 2 * lr * np.asarray(values, dtype=np.float64) / entries
    return base**steps


def fastest_rate(values: npt.ArrayLike, *, entries: int) -> float:
    """N·C/(2λ₁), the rate at which gradient descent clears the first direction in one step."""
    largest = float(np.max(np.asarray(values, dtype=np.float64)))
    return entries / (2 * largest) if largest > 0 else 0.0


def predicted_error(
    values: npt.ArrayLike, energy: npt.ArrayLike, *, lr: float, steps: npt.ArrayLike, entries: int
) -> Array:
    """The part of the squared error left at each step, Σ_i e_i (1 − 2ηλ_i/(N·C))^{2t} / Σ_i e_i.

    Validity as for `mode_factors`.

    Shapes: values and energy (M,), steps (T,) -> (T,).
    """
    share = np.asarray(energy, dtype=np.float64)
    kept = share != 0  # of nothing nothing is left, also where its direction diverges
    share, values = share[kept] / (share.sum() or 1), np.asarray(values)[kept]
    return np.array(
        [
            float(share @ mode_factors(values, lr=lr, steps=int(t), entries=entries) ** 2)
            for t in np.atleast_1d(np.asarray(steps))
        ]
    )
