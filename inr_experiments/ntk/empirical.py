"""The empirical neural tangent kernel of a module, split by layer.

The closed forms of Linear, convolution, Embedding and normalisation layers are also in nngeometry
(Thomas George, MIT licence; `LayerCollection`, `LinearJacobianFactory` and its neighbours, since
2021). Here every layer is held against autograd first, what no form covers goes by Jacobian, and
there are kernels and products of single layers, frozen statistics, ranks and their bounds.
"""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ..checks import InputError, choice
from . import explicit
from .lanczos import Eigenvalues, largest_eigenvalues
from .matrix_free import MatrixFree, ProbeEstimate
from .quadrature import Density, spectral_density
from .request import KernelRequest, dotted

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

#: Random probes of a diagonal or a trace where only products with a Jacobian are to be had.
PROBES = 64


class EmpiricalNtk:
    """K = J Jᵀ = Σ_k K_k, J the derivative of a module's outputs by its trained parameters.

    Layers of known kinds have factors, so that no Jacobian is formed; a Linear layer has
    K_k = (Δ_k Δ_kᵀ) ∘ (Z_{k-1} Z_{k-1}ᵀ + 1). Whatever else is trained goes by Jacobian. The
    module is taken in its mode and precision, and must not change while the object is in use.

    Shapes: x (N, P); K is (N, N), or (C, C, N, N) for `blocks`; a vector v is (N,), or (C·N,)
    output by output.

    Args:
        outputs: index of one output, `trace` (the sum over outputs) or `blocks` (all pairs).
        stage: submodule whose output is meant in the place of the module's, as `hidden.2`.
        method: `identity`, which refuses what it does not cover; `jacobian`, exact for everything
            that autograd differentiates; or `auto`, each where it serves.
        memory: bytes that may be used; by default what is free.

    Attributes:
        size: length of v.
        names: layers in module order; "" is the module itself, where it holds a parameter.
        parameters: layer and name of each trained parameter that the outputs depend on.
        method: how the kernel is computed, as a phrase.
        by_jacobian: full names of the parameters that go by Jacobian.
        difference: measured by the check against autograd; None where all goes by Jacobian.
        frozen_statistics: True where a BatchNorm has constants for statistics.

    Raises:
        InputError: for what cannot be used, here or where it is first needed.

    Source: Jacot et al. 2018 for the kernel; the identity is the row-wise Khatri–Rao product of
    section 3 of arXiv 2602.01526.
    """

    def __init__(
        self,
        module: nn.Module,
        x: Tensor,
        *,
        outputs: int | str = "trace",
        stage: str | None = None,
        method: str = "auto",
        memory: float | None = None,
    ) -> None:
        request = KernelRequest.resolve(module, x, outputs=outputs, stage=stage, method=method)
        self._request, self._memory = request, memory
        self.size = len(request.x) * (len(request.outputs) if request.blocks else 1)
        keys = {
            (layer, name): layer in request.layers or (layer, name) in request.rest
            for layer, own in request.function.trained().items()
            for name in own
        }
        self.parameters = tuple(key for key, kept in keys.items() if kept)
        self.names = tuple(dict.fromkeys(layer for layer, _ in self.parameters))
        self.method, self.difference = request.method, request.difference
        self.by_jacobian = tuple(map(dotted, request.rest))
        self.frozen_statistics = request.function.frozen_statistics()

    def layers(self) -> dict[str, Tensor]:
        """K_k by layer, weights and biases together; as many kernels in memory."""
        found = explicit.layer_kernels(self._request, self._memory)
        return {name: _finite(found[name]) for name in self.names}

    def total(self) -> Tensor:
        """K; one kernel in memory where nothing goes by Jacobian."""
        return _finite(explicit.total_kernel(self._request, self._memory))

    @cached_property
    def _free(self) -> MatrixFree:
        return MatrixFree(self._request, self._memory)

    def __matmul__(self, v: Tensor) -> Tensor:
        """K v without K, in v's precision. Shapes: (size,) -> (size,)."""
        return self.product(v)

    def product(
        self, v: Tensor, *, layer: str | None = None, parameter: str | None = None
    ) -> Tensor:
        """K v, K_k v of one layer, or that of one parameter, as `parameter="weight"`.

        Shapes: (size,) -> (size,), in v's precision.

        Raises:
            InputError: if v has another shape or is not of finite floats, or there is no such layer
                or parameter.
        """
        if v.shape != (self.size,) or not v.is_floating_point():
            raise InputError(f"v of {v.dtype}, {tuple(v.shape)}: expected ({self.size},) of floats")
        if not v.isfinite().all():
            raise InputError("v holds NaN or infinity; expected finite numbers")
        self._check_part(layer, parameter)
        columns = v.reshape(-1, len(self._request.x)).T.to(self._request.x)
        return _finite(self._free.product(columns, layer, parameter).T.reshape(-1)).to(v)

    def diagonal(
        self, *, probes: int | None = PROBES, generator: torch.Generator | None = None
    ) -> ProbeEstimate:
        """The diagonal of K without K, (size,), exact but for what goes by Jacobian.

        Args:
            probes: random products with the Jacobian; None takes its rows one by one, exactly.
            generator: of the probes; by default one with the seed 0.
        """
        found = self._free.diagonal(probes, _seeded(generator))
        return ProbeEstimate(*(_finite(part).T.reshape(-1) for part in found))

    def trace(
        self,
        layer: str | None = None,
        parameter: str | None = None,
        *,
        probes: int | None = PROBES,
        generator: torch.Generator | None = None,
    ) -> ProbeEstimate:
        """tr K, of one layer or parameter where they are named; arguments as for `diagonal`."""
        self._check_part(layer, parameter)
        found = self._free.trace(layer, parameter, probes, _seeded(generator))
        return ProbeEstimate(*map(_finite, found))

    def shares(self) -> dict[str, float]:
        """tr K_k / tr K by layer, the sum over outputs for blocks; all 0 where K is.

        Of layers that go by Jacobian the trace is that of `PROBES` random probes.
        """
        traces = {name: float(self.trace(name)) for name in self.names}
        total = sum(traces.values())
        return {name: trace / total if total else 0.0 for name, trace in traces.items()}

    def to_scipy(self) -> "LinearOperator":
        """K as a symmetric operator of scipy, on the CPU."""
        from scipy.sparse.linalg import LinearOperator  # half a second, and few ask for it

        def apply(v: np.ndarray) -> np.ndarray:
            return (self @ torch.as_tensor(v.reshape(-1)).to(self._request.x)).cpu().numpy()

        kind = torch.empty(0, dtype=self._request.x.dtype).numpy().dtype
        return LinearOperator((self.size, self.size), matvec=apply, rmatvec=apply, dtype=kind)

    def eigenvalues(self, count: int) -> Eigenvalues:
        """The `count` largest eigenvalues by Lanczos, with vectors and residuals."""
        return largest_eigenvalues(
            self.__matmul__,
            self.size,
            count=count,
            generator=_seeded(None),
            device=self._request.x.device,
        )

    def density(self, *, probes: int, steps: int) -> Density:
        """The spectral density by stochastic Lanczos quadrature."""
        return spectral_density(
            self.__matmul__,
            self.size,
            probes=probes,
            steps=steps,
            generator=_seeded(None),
            device=self._request.x.device,
        )

    def _check_part(self, layer: str | None, parameter: str | None) -> None:
        if layer is not None and layer not in self.names:
            raise InputError(f"layer={layer!r}: expected one of {', '.join(self.names)}")
        if parameter is not None:
            own = dict.fromkeys(name for key, name in self.parameters if layer in (None, key))
            choice("parameter", parameter, own)


def _finite(values: Tensor) -> Tensor:
    """A kernel or a product with it, none of whose numbers is NaN or infinite."""
    if not values.isfinite().all():
        raise InputError(
            "the kernel is not finite: at one of the points the module's output or its derivative "
            "is NaN or infinite"
        )
    return values


def _seeded(generator: torch.Generator | None) -> torch.Generator:
    return torch.Generator().manual_seed(0) if generator is None else generator
