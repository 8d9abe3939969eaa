"""Singular values of what stages put out, and of their weights; as they are and centred."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from ..checks import ArgumentError, boolean, choice, integer
from ..domain import evenly_spaced
from ..fit.snapshot import Snapshot
from ..models.grid_network import GridNetwork
from ..models.network import KINDS
from ..ntk.feature_jacobian import feature_jacobian_ranks
from ..ranks.measures import rank_family
from ..ranks.singular import singular_values, with_centred
from ..tasks.task import Task

Result = dict[str, np.ndarray | float]
#: Of the feature Jacobians, evenly spread.
SAMPLES = 32


class Spectra:
    """Spectra of Z_i and of H·Z_i, H = I − 11ᵀ/N, of stages at the fitted points, in float64.

    Returns, for each stage: `<stage>/<measure>`, the rank family of Z; `<stage>/centred_<measure>`,
    that of HZ; `<stage>/negative_share`, of entries below −10⁻³ max |Z|; with `heldout` the
    measures of points that were not fitted, as `<stage>/heldout_<measure>`; and with `arrays`
    `<stage>/singular_values` and `<stage>/centred_singular_values` (K,), largest first. Of weight
    matrices, which are not centred, the same under `<stage>.weight`, or of several in a stage under
    `<module>.weight`; of the feature Jacobians ∂Z_i/∂Z_{i−1}, ranks over 32 samples under
    `<stage>.jacobian`.

    Args:
        stages: of `encoding`, `inlet`, `hidden`, `head`; a model may lack one.
        weights: also those of the stages' weight matrices.
        jacobians: also the feature Jacobians.
        points: so many of the rows, evenly spread; None takes all.
        arrays: keep the singular values, not only what is measured of them.
        heldout: also measure the features of points that were not fitted, where a task has some; a
            network of a grid has none of them apart.

    Raises:
        InputError: if a value cannot be used, or the model has none of the stages.

    Source: section 3, figure 2, Prop. 1 and 2 of arXiv 2602.01526.
    """

    def __init__(
        self,
        *,
        stages: Sequence[str],
        weights: bool,
        jacobians: bool,
        points: int | None,
        arrays: bool,
        heldout: bool = False,
    ) -> None:
        self.stages = [choice("stages", stage, KINDS) for stage in stages]
        self.weights = boolean("weights", weights)
        self.jacobians = boolean("jacobians", jacobians)
        self.points = None if points is None else integer("points", points)
        self.arrays = boolean("arrays", arrays)
        self.heldout = boolean("heldout", heldout)

    def __call__(self, snapshot: Snapshot, task: Task) -> Result:
        exact = snapshot.float64()
        result: Result = {}
        for name, features in exact.features(self._has).items():
            rows = evenly_spaced(len(features), self.points or len(features))
            Z = features[rows.to(features.device)]
            result |= _of_features(f"{name}/", Z, arrays=self.arrays)
            if not Z.is_complex():
                result[f"{name}/negative_share"] = negative_share(Z)
        if self.heldout and task.heldout is not None:
            if isinstance(exact.network, GridNetwork):
                raise ArgumentError(
                    "heldout=True: features of this network are those of all nodes; expected false"
                )
            for name, Z in exact.features(self._has, task.heldout).items():
                result |= _of_features(f"{name}/heldout_", Z, arrays=False)
        if not result:
            raise ArgumentError(f"stages={self.stages}: the model has none of them")
        stage_of = exact.stage_by_module()
        if self.weights:
            linear = {
                name: module.weight.detach()
                for name, module in exact.network.named_modules()
                if isinstance(module, nn.Linear) and self._has(stage_of[name])
            }
            for name, place in exact.places(linear).items():
                sigma = singular_values(linear[name])
                result |= _measured(f"{place}.weight/", sigma, linear[name], arrays=self.arrays)
        if self.jacobians:
            if exact.network.couples_samples:
                raise ArgumentError(
                    "jacobians=True: samples of this network interact; expected false"
                )
            ranks = feature_jacobian_ranks(exact.network, exact.coordinates, samples=SAMPLES)
            for name, place in exact.places(ranks).items():
                if self._has(stage_of[name]):
                    result |= {f"{place}.jacobian/{what}": n for what, n in ranks[name].items()}
        return result

    def _has(self, stage: str) -> bool:
        return stage.split(".")[0] in self.stages


def _of_features(prefix: str, Z: Tensor, *, arrays: bool) -> Result:
    """Measures of Z and of HZ, and with `arrays` their singular values."""
    plain, centred = with_centred(Z)
    return {
        **_measured(prefix, plain, Z, arrays=arrays),
        **_measured(f"{prefix}centred_", centred, Z, arrays=arrays),
    }


def _measured(prefix: str, sigma: Tensor, A: Tensor, *, arrays: bool) -> Result:
    values = sigma.cpu().numpy()
    family = rank_family(values, (A.shape[0], A.shape[1]))
    found: Result = {f"{prefix}{measure}": value for measure, value in family.items()}
    if arrays:
        found[f"{prefix}singular_values"] = values
    return found


def negative_share(Z: Tensor) -> float:
    """The share of entries that are negative beyond rounding: below −10⁻³ of the largest."""
    return (-1e-3 * Z.abs().max() > Z).double().mean().item()
