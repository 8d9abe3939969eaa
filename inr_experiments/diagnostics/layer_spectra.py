"""Spectra of representations beside those of weights, stage by stage."""

import numpy as np
from torch import Tensor, nn

from ..checks import integer
from ..fit.snapshot import Snapshot
from ..spectra.feature_jacobian import feature_jacobian_ranks
from ..spectra.ranks import rank_family
from ..spectra.singular import singular_values
from ..tasks.task import Task

Result = dict[str, np.ndarray | float]


class LayerSpectra:
    """Singular values of Z_i and of W_i of every stage at the fitted points, in float64.

    Returns, for each stage, `<stage>/singular_values` (K,), largest first, and the rank family of
    its output; the same of the weights under `<stage>.weight`; and under `<stage>.jacobian` the
    ranks of ∂Z_i/∂Z_{i−1} over some samples.

    Args:
        jacobian_points: samples of the feature Jacobians, evenly spread over the fitted points.

    Source: figure 2, Prop. 1 and 2 of arXiv 2602.01526.
    """

    def __init__(self, *, jacobian_points: int) -> None:
        self.jacobian_points = integer("diagnostic.layer_spectra.jacobian_points", jacobian_points)

    def __call__(self, snapshot: Snapshot, task: Task) -> Result:
        exact = snapshot.float64()
        result: Result = {}
        for name, Z in exact.features():
            result |= _measured(name, Z)
        stages = exact.stage_by_module()
        for name, module in exact.field.named_modules():
            if isinstance(module, nn.Linear):
                result |= _measured(f"{stages[name]}.weight", module.weight.detach())
        ranks = feature_jacobian_ranks(exact.field, exact.coordinates, samples=self.jacobian_points)
        for layer, measures in ranks.items():
            for measure, value in measures.items():
                result[f"{stages[layer]}.jacobian/{measure}"] = value
        return result


def _measured(what: str, A: Tensor) -> Result:
    sigma = singular_values(A).cpu().numpy()
    family = rank_family(sigma, (A.shape[0], A.shape[1]))
    return {
        f"{what}/singular_values": sigma,
        **{f"{what}/{measure}": value for measure, value in family.items()},
    }
