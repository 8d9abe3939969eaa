"""The spectral density of a symmetric operator by stochastic Lanczos quadrature."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..checks import integer
from .lanczos import Apply, Lanczos, random_vector


@dataclass(frozen=True)
class Density:
    """A spectrum as weighted points: about Σ_{a ≤ θ < b} w eigenvalues lie in [a, b).

    Attributes:
        nodes: θ, (M,), largest first.
        weights: w, (M,), their sum is the size of the operator.
        standard_error: of the trace Σ w θ over the probes; NaN for a single one.
    """

    nodes: Tensor
    weights: Tensor
    standard_error: float

    def trace(self) -> float:
        """Σ w θ, an estimate of the trace."""
        return float((self.nodes * self.weights).sum())


def spectral_density(
    apply: Apply,
    size: int,
    *,
    probes: int,
    steps: int,
    generator: torch.Generator,
    device: torch.device | None = None,
) -> Density:
    """Nodes and weights with Σ w f(θ) ≈ tr f(A) for every smooth f.

    For each random direction z: `steps` of Lanczos from z/‖z‖; the Ritz values are the nodes, N
    times the squared first entries of the Ritz vectors the weights, averaged over `probes`.

    Shapes: apply maps (size,) to (size,); probes·steps products, O(steps · size) memory.

    Source: Ubaru, Chen and Saad, SIAM J. Matrix Anal. Appl. 38 (2017), algorithm 1.
    """
    steps = min(integer("steps", steps), integer("size", size))
    nodes, weights, traces = [], [], []
    for _ in range(integer("probes", probes)):
        krylov = Lanczos(apply, random_vector(size, generator).to(device), generator)
        for _ in range(steps):
            krylov.step()
            if krylov.beta[-1] == 0:
                break  # exact: the rest of the space does not see this probe
        theta, S = krylov.ritz()
        nodes.append(theta)
        weights.append(size * S[0].square())
        traces.append((theta * weights[-1]).sum())
    order = torch.argsort(torch.cat(nodes), descending=True)
    error = torch.stack(traces).std() / len(traces) ** 0.5 if len(traces) > 1 else torch.nan
    return Density(torch.cat(nodes)[order], torch.cat(weights)[order] / len(nodes), float(error))
