"""Singular values and ranks of the inlet."""

import numpy as np

from ..fit.snapshot import Snapshot
from ..spectra.ranks import rank_family
from ..spectra.singular import singular_values
from ..tasks.task import Task


class InletSpectrum:
    """Singular values of Z₀, and of an encoding before it, at the fitted points, in float64.

    Returns, for each of these stages: `<stage>/singular_values` (K,), largest first; the rank
    family of `rank_family`; `<stage>/dead_units`, the columns that are zero at every point.

    Source: section 3 of arXiv 2602.01526.
    """

    def __call__(self, snapshot: Snapshot, task: Task) -> dict[str, np.ndarray | float]:
        result: dict[str, np.ndarray | float] = {}
        for name, Z in snapshot.float64().features():
            if name not in ("encoding", "inlet"):
                break
            sigma = singular_values(Z).cpu().numpy()
            result[f"{name}/singular_values"] = sigma
            result[f"{name}/dead_units"] = int((Z == 0).all(dim=0).sum())
            for measure, value in rank_family(sigma, (Z.shape[0], Z.shape[1])).items():
                result[f"{name}/{measure}"] = value
        return result
