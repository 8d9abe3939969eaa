"""The family of rank measures, each a function of the singular values σ₁ ≥ σ₂ ≥ … ≥ 0.

The exact rank is the wrong yardstick for a spectrum that decays: report the family.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Spectrum = npt.ArrayLike
TOLERANCES = (1e-3, 1e-2)


def _checked(values: Spectrum) -> npt.NDArray[np.float64]:
    """`values` as float64, largest first.

    Raises:
        ValueError: if they are not a vector of finite, non-negative numbers.
    """
    sigma = np.sort(np.asarray(values, dtype=np.float64))[::-1]
    if sigma.ndim != 1 or not np.isfinite(sigma).all() or (sigma < 0).any():
        raise ValueError("singular values must be a vector of finite, non-negative numbers")
    return sigma


def numerical_rank(values: Spectrum, shape: tuple[int, int]) -> int:
    """#{i : σ_i > σ₁ · max(N, D) · eps}, eps of float64, for a matrix of `shape` (N, D).

    Source: the default tolerance of numpy.linalg.matrix_rank.
    """
    return relative_rank(values, max(shape) * np.finfo(np.float64).eps)


def relative_rank(values: Spectrum, tolerance: float) -> int:
    """#{i : σ_i > τ σ₁} at the relative tolerance τ; 0 for a zero matrix."""
    sigma = _checked(values)
    return int((sigma > tolerance * sigma[0]).sum()) if sigma.size else 0


def stable_rank(values: Spectrum) -> float:
    """‖A‖_F² / ‖A‖₂² = Σ σ_i² / σ₁²; 0 for a zero matrix.

    Source: Rudelson and Vershynin 2007.
    """
    sigma = _scaled(values)
    return float((sigma**2).sum())


def effective_rank(values: Spectrum) -> float:
    """exp(−Σ p_i ln p_i) with p_i = σ_i / Σ σ; 0 for a zero matrix.

    Source: Roy and Vetterli, EUSIPCO 2007.
    """
    sigma = _scaled(values)
    if not sigma.size:
        return 0.0
    p = sigma / sigma.sum()
    p = p[p > 0]
    return float(np.exp(-(p * np.log(p)).sum()))


def participation_ratio(values: Spectrum) -> float:
    """(Σ σ_i²)² / Σ σ_i⁴; 0 for a zero matrix."""
    sigma = _scaled(values)
    return float((sigma**2).sum() ** 2 / (sigma**4).sum()) if sigma.size else 0.0


def _scaled(values: Spectrum) -> npt.NDArray[np.float64]:
    """σ / σ₁, so that no power over- or underflows; empty for a zero matrix."""
    sigma = _checked(values)
    return sigma / sigma[0] if sigma.size and sigma[0] > 0 else sigma[:0]


def rank_family(
    values: Spectrum, shape: tuple[int, int], tolerances: Sequence[float] = TOLERANCES
) -> dict[str, float]:
    """Every measure of this file for a matrix of `shape` (N, D), by name."""
    return {
        "numerical_rank": numerical_rank(values, shape),
        **{f"rank_{tau:g}": relative_rank(values, tau) for tau in tolerances},
        "stable_rank": stable_rank(values),
        "effective_rank": effective_rank(values),
        "participation_ratio": participation_ratio(values),
    }
