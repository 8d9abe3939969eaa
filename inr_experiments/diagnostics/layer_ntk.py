"""The NTK layer by layer: spectra, shares of the trace, ranks with their bound."""

import numpy as np
from torch import Tensor

from ..checks import integer
from ..fit.snapshot import Snapshot
from ..ntk.bounds import layer_ranks
from ..ntk.explicit import LayerKernels, layer_kernels
from ..ntk.function import spread
from ..ntk.spectrum import centred, eigenvalues, kernel_family
from ..tasks.task import Task

Result = dict[str, np.ndarray | float]
#: Of the trace: eigenvalues of a centred kernel below it are what rounding left of a constant one.
NOISE = 1e-14


class LayerNtk:
    """Eigenvalues of K and of every layer's K_k at evenly spread fitted points, in float64.

    K is the trace over outputs. BatchNorm has the statistics of the whole fitted set, frozen: its
    scale and shift count to the stage that they stand in, and `total/frozen_statistics` is 1.

    Returns, for each stage and for `total`: `<what>/eigenvalues` (points,), largest first; the
    measures of `kernel_family`; both of the centred kernel HKH, H = I − 11ᵀ/N, under
    `<what>/centred_…`, as the constant direction holds most of the trace; `<stage>/share` of the
    trace and of it `<stage>.bias/share`, that of trained biases and shifts. On fewer points, of the
    first output: `<stage>/rank_inputs` of Z_{k−1}, `<stage>/rank_sensitivities` of Δ_k,
    `<stage>/rank_gradient` of G_k and `<stage>/rank_bound`.

    Args:
        points: at which K is taken; all fitted points if there are fewer.
        rank_points: for the ranks.
        stage: whose output is meant: null for Y, the last hidden stage for Z_L.

    Source: equations 1 and 5 and section 3 of arXiv 2602.01526; with Y as the output the kernel is
    that of equation 1, with Z_L it belongs to the gradient matrix of equation 5.
    """

    def __init__(self, *, points: int, rank_points: int, stage: str | None) -> None:
        self.points = integer("points", points)
        self.rank_points = integer("rank_points", rank_points)
        self.stage = stage

    def __call__(self, snapshot: Snapshot, task: Task) -> Result:
        exact = snapshot.float64()
        stages = exact.stage_by_module()
        x = exact.coordinates
        some = x[spread(len(x), self.points)]
        kernels = layer_kernels(exact.network, some, stage=self.stage)
        result = _spectrum("total", kernels.total())
        result["total/points"] = len(some)
        result["total/frozen_statistics"] = int("frozen" in kernels.method)
        for stage in dict.fromkeys(stages[name] for name in kernels.names):
            result |= _of_stage(stage, kernels, stages)
        few = x[spread(len(x), self.rank_points)]
        for layer, ranks in layer_ranks(exact.network, few, stage=self.stage).items():
            stage = stages[layer]
            result[f"{stage}/rank_inputs"] = ranks.inputs
            result[f"{stage}/rank_sensitivities"] = ranks.sensitivities
            result[f"{stage}/rank_gradient"] = ranks.gradient
            result[f"{stage}/rank_bound"] = ranks.bound
        return result


def _of_stage(stage: str, kernels: LayerKernels, stages: dict[str, str]) -> Result:
    own = {key: K for key, K in kernels.parts.items() if stages[key[0]] == stage}
    total = sum(_trace(K) for K in kernels.parts.values())
    bias = sum(_trace(K) for (_, part), K in own.items() if part == "bias")
    K = sum(own.values())
    assert isinstance(K, Tensor)
    return {
        **_spectrum(stage, K),
        f"{stage}/share": _trace(K) / total if total else 0.0,
        f"{stage}.bias/share": bias / total if total else 0.0,
    }


def _trace(K: Tensor) -> float:
    return K.trace().item()


def _spectrum(what: str, K: Tensor) -> Result:
    found: Result = {}
    for prefix, kernel in ((f"{what}/", K), (f"{what}/centred_", centred(K))):
        values = eigenvalues(kernel, noise=NOISE * _trace(K)).cpu().numpy()
        found[f"{prefix}eigenvalues"] = values
        found |= {f"{prefix}{name}": value for name, value in kernel_family(values).items()}
    return found
