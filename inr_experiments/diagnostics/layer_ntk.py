"""The NTK layer by layer: spectra, shares of the trace, ranks with their bound."""

from functools import reduce

import numpy as np
import torch
from torch import Tensor

from ..checks import ArgumentError, integer
from ..domain import evenly_spaced
from ..fit.snapshot import Snapshot
from ..models.grid_network import GridNetwork
from ..models.network import Network
from ..ntk.bounds import layer_ranks
from ..ntk.empirical import EmpiricalNtk
from ..ntk.spectrum import (
    ROUNDING_OF_TRACE,
    centred,
    centred_alignment,
    eigenvalues,
    kernel_family,
)
from ..tasks.task import Task

Result = dict[str, np.ndarray | float]


def require_all(network: Network, points: int, count: int) -> None:
    """Refuse fewer points than all of a network in which they interact: another function's.

    One of a grid makes the same picture whatever points are asked for.
    """
    interact = network.couples_samples and not isinstance(network, GridNetwork)
    if interact and points < count:
        raise ArgumentError(f"points={points}: samples interact here; expected at least {count}")


class LayerNtk:
    """Eigenvalues of K and of every layer's K_k at evenly spread fitted points, in float64.

    K is the trace over outputs. BatchNorm has the statistics of the whole fitted set, frozen: its
    scale and shift count to the stage that they stand in, and `total/frozen_statistics` is 1, but 0
    of a network of a grid.

    Returns, for each stage and for `total`: `<what>/eigenvalues` (points,), largest first; the
    measures of `kernel_family`; both of the centred kernel HKH, H = I − 11ᵀ/N, under
    `<what>/centred_…`, as the constant direction holds most of the trace; `<stage>/share` of the
    trace and of it `<stage>.bias/share`, that of trained biases and shifts. On fewer points, of the
    first output: `<stage>/rank_inputs` of Z_{k−1}, `<stage>/rank_sensitivities` of Δ_k,
    `<stage>/rank_gradient` of G_k and `<stage>/rank_bound`, for Linear layers where samples do not
    interact. A parameter in no stage counts to the stage `other`. At step t, where the object has
    been given step 0 before, `total/alignment_with_first`: ⟨HK_0H, HK_tH⟩ / (‖HK_0H‖ ‖HK_tH‖).

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
        self._first: Tensor | None = None

    def __call__(self, snapshot: Snapshot, task: Task) -> Result:
        exact = snapshot.float64()
        stages = exact.stage_by_module()
        x = exact.coordinates
        require_all(exact.network, self.points, len(x))
        some = x[evenly_spaced(len(x), self.points)]
        ntk = EmpiricalNtk(exact.network, some, stage=self.stage)
        kernels = ntk.layers()
        K = reduce(torch.add, kernels.values())
        result = _spectrum("total", K)
        result["total/points"] = len(some)
        result["total/frozen_statistics"] = int(ntk.frozen_statistics)
        if snapshot.step == 0:
            self._first = K
        if self._first is not None:
            result["total/alignment_with_first"] = centred_alignment(self._first, K)
        for stage in dict.fromkeys(stages[name] for name in kernels):
            own = {name: kernel for name, kernel in kernels.items() if stages[name] == stage}
            result |= _of_stage(stage, own, ntk, K.trace().item())
        return result | self._ranks(exact) if ntk.difference is not None else result

    def _ranks(self, exact: Snapshot) -> Result:
        result: Result = {}
        few = exact.coordinates[evenly_spaced(len(exact.coordinates), self.rank_points)]
        ranks = layer_ranks(exact.network, few, stage=self.stage)
        for name, place in exact.places(ranks).items():
            result[f"{place}/rank_inputs"] = ranks[name].inputs
            result[f"{place}/rank_sensitivities"] = ranks[name].sensitivities
            result[f"{place}/rank_gradient"] = ranks[name].gradient
            result[f"{place}/rank_bound"] = ranks[name].bound
        return result


def _of_stage(stage: str, own: dict[str, Tensor], ntk: EmpiricalNtk, total: float) -> Result:
    K = reduce(torch.add, own.values())
    bias = sum(
        float(ntk.trace(name, "bias", probes=None))
        for name in own
        if (name, "bias") in ntk.parameters
    )
    return {
        **_spectrum(stage, K),
        f"{stage}/share": K.trace().item() / total if total else 0.0,
        f"{stage}.bias/share": bias / total if total else 0.0,
    }


def _spectrum(what: str, K: Tensor) -> Result:
    trace = K.trace().item()
    return {
        **spectrum_of(f"{what}/", K, trace=trace),
        **spectrum_of(f"{what}/centred_", centred(K), trace=trace),
    }


def spectrum_of(prefix: str, kernel: Tensor, *, trace: float) -> Result:
    """Eigenvalues and measures of a kernel; `trace` is that of K before it was centred."""
    values = eigenvalues(kernel, noise=ROUNDING_OF_TRACE * trace).cpu().numpy()
    family = {f"{prefix}{name}": value for name, value in kernel_family(values).items()}
    return {f"{prefix}eigenvalues": values, **family}
