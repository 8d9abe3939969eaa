"""Extreme eigenvalues of a symmetric operator by Lanczos."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..checks import integer

#: v (N,) to A v (N,), A symmetric.
Apply = Callable[[Tensor], Tensor]
#: A residual below this part of |A q| is rounding: the Krylov space is exhausted.
EXHAUSTED = 1e-10
#: A Ritz value whose residual is below this part of the largest has converged.
TOLERANCE = 1e-6


class Lanczos:
    """A Q = Q T + β q eᵀ with T tridiagonal, grown a step at a time, in float64.

    Every new vector is orthogonalised against all earlier ones, twice. Where the Krylov space is
    exhausted (β ≈ 0) a random direction orthogonal to it goes on, so that eigenvalues of a
    multiplicity above one are found.

    Shapes: Q (steps, N).

    Source: Golub and Van Loan, Matrix Computations, section 10.3.
    """

    def __init__(self, apply: Apply, start: Tensor, generator: torch.Generator) -> None:
        self.apply = apply
        self.generator = generator
        self.alpha: list[float] = []
        self.beta: list[float] = []
        self.Q = start.new_empty(0, len(start), dtype=torch.float64)
        self._next = start.to(torch.float64) / start.norm().to(torch.float64)

    def step(self) -> None:
        """One more vector and one more row of T."""
        self.Q = torch.cat([self.Q, self._next[None]])
        image = self.apply(self._next).to(torch.float64)
        self.alpha.append(torch.dot(self._next, image).item())
        w = self._orthogonal(image)
        beta = w.norm().item()
        if beta <= EXHAUSTED * max(image.norm().item(), *map(abs, self.alpha)):
            beta = 0.0
            if len(self.Q) < self.Q.shape[1]:
                w = self._orthogonal(random_vector(len(image), self.generator).to(self.Q.device))
        self.beta.append(beta)
        self._next = w / w.norm().clamp_min(torch.finfo(w.dtype).tiny)

    def _orthogonal(self, w: Tensor) -> Tensor:
        for _ in range(2):
            w = w - self.Q.T @ (self.Q @ w)
        return w

    def ritz(self) -> tuple[Tensor, Tensor]:
        """Eigenvalues of T, smallest first, and its eigenvectors in columns."""
        T = torch.diag(torch.tensor(self.alpha, dtype=torch.float64))
        off = torch.tensor(self.beta[:-1], dtype=torch.float64)
        return torch.linalg.eigh(T + torch.diag(off, 1) + torch.diag(off, -1))


@dataclass(frozen=True)
class Eigenvalues:
    """The largest eigenvalues of an operator.

    Attributes:
        values: (k,), largest first.
        vectors: (N, k), orthonormal.
        residuals: ‖A x − λ x‖, (k,): each value lies this near to an eigenvalue.
        steps: products with A that the search took; the residuals took k more.
    """

    values: Tensor
    vectors: Tensor
    residuals: Tensor
    steps: int


def largest_eigenvalues(
    apply: Apply,
    size: int,
    *,
    count: int,
    generator: torch.Generator,
    steps: int | None = None,
    device: torch.device | None = None,
) -> Eigenvalues:
    """The `count` largest eigenvalues of a symmetric operator, or all, with their residuals.

    Of a multiple eigenvalue the search sees one, and others by rounding or where it has begun anew.

    Stops where β |s_m| ≤ 10⁻⁶ λ₁ for all of them, s_m the last entry of a Ritz vector in the
    basis, or after `steps`. The reported residuals are measured, not estimated.

    Shapes: apply maps (size,) to (size,); memory O(steps · size).

    Args:
        generator: of the start vector.
        steps: most products; by default 10 for each eigenvalue, at least 100.
    """
    count = min(integer("count", count), integer("size", size))
    most = min(size, steps if steps is not None else max(100, 10 * count))
    most = max(most, count)
    krylov = Lanczos(apply, random_vector(size, generator).to(device), generator)
    while True:
        krylov.step()
        done = len(krylov.alpha)
        if done < count or (done < most and done % 5):
            continue
        values, S = krylov.ritz()
        estimates = krylov.beta[-1] * S[-1, -count:].abs()
        if done >= most or bool((estimates <= TOLERANCE * values[-1].abs()).all()):
            break
    values, S = values[-count:].flip(0), S[:, -count:].flip(1)
    vectors = krylov.Q.T @ S.to(krylov.Q.device)
    residuals = torch.stack(
        [(apply(x).to(x) - value * x).norm() for value, x in zip(values, vectors.T, strict=True)]
    )
    return Eigenvalues(values, vectors, residuals.cpu(), done)


def random_vector(size: int, generator: torch.Generator) -> Tensor:
    """A standard normal vector in float64 on the CPU. Shapes: -> (size,)."""
    return torch.randn(size, generator=generator, dtype=torch.float64)
