"""An inlet's output with other singular values, written like the equation."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def with_spectrum(Z: Values, new: Values, compared: Sequence[Values]) -> Values:
    """1μᵀ + c U diag(s′) Vᵀ over the k directions that all compared spectra have above 1e-6 σ₁.

    c makes the norm the geometric mean of those of `compared`, over their first k values.

    Shapes: Z (N, D), new (D,), compared each (D,) -> (N, D).
    """
    mean = Z.mean(axis=0)
    U, s, Vt = np.linalg.svd(Z - mean, full_matrices=False)
    k = min(int((values > 1e-6 * values[0]).sum()) for values in (s, new, *compared))
    norm = np.exp(np.mean([np.log(np.linalg.norm(values[:k])) for values in compared]))
    kept = new[:k] * norm / np.linalg.norm(new[:k])
    return mean + U[:, :k] @ np.diag(kept) @ Vt[:k]
