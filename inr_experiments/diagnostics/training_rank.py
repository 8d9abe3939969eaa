"""The rank family of every stage, to be followed through training."""

import numpy as np

from ..fit.snapshot import Snapshot
from ..spectra.ranks import rank_family
from ..spectra.singular import singular_values
from ..tasks.task import Task


class TrainingRank:
    """Rank measures of every stage's output at the fitted points, in float64; numbers only.

    Returns `<stage>/<measure>` for the measures of `rank_family`. A diagnostic runs at every
    milestone, so that the record holds their course.
    """

    def __call__(self, snapshot: Snapshot, task: Task) -> dict[str, np.ndarray | float]:
        result: dict[str, np.ndarray | float] = {}
        for name, Z in snapshot.float64().features():
            sigma = singular_values(Z).cpu().numpy()
            for measure, value in rank_family(sigma, (Z.shape[0], Z.shape[1])).items():
                result[f"{name}/{measure}"] = value
        return result
