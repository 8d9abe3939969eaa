"""Weights as trained combinations of fixed cosines."""

import math

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ...checks import integer, number
from ...domain import Domain

#: A cosine that is zero at all points has a norm below this, of rounding; its λ is zero.
VANISHING = 1e-9


class Combination(nn.Module):
    """W = Λ B for fixed bases B (M, D_in); what is trained is Λ (D_out, M).

    Shapes: Λ (D_out, M) -> (D_out, D_in).
    """

    bases: Tensor

    def __init__(self, bases: Tensor) -> None:
        super().__init__()
        self.register_buffer("bases", bases)

    def forward(self, coefficients: Tensor) -> Tensor:
        return coefficients @ self.bases


class FourierBases:
    """W = Λ B with λ_ij ~ U(±√(6/M)/‖b_j‖) and b = 0; Λ is trained in the place of W.

    b_j(z) = α cos(ω z + φ) at D_in points z evenly over a period of the slowest one, [−πF, πF], for
    ω in {1/F, 2/F, …, 1} and {1, 2, …, F} and φ in {0, 2π/p, …}: M = 2 F p rows. α leaves W at the
    initialisation as it is and scales its steps.

    Args:
        frequencies: F; None for a Λ as large as W, of D_in rows, evenly spread where p does not
            divide them.
        phases: p; of a frequency they span two directions.
        alpha: α.

    Source: Shi, Zhou and Gu 2024 (FR-INR), section 3.
    """

    def __init__(self, *, frequencies: int | None, phases: int, alpha: float) -> None:
        self.frequencies = None if frequencies is None else integer("frequencies", frequencies)
        self.phases = integer("phases", phases)
        self.alpha = number("alpha", alpha)

    def __call__(
        self, linear: nn.Linear, generator: torch.Generator, domain: Domain | None = None
    ) -> None:
        D = linear.in_features
        F = self.frequencies or math.ceil(D / (2 * self.phases))
        B = self.alpha * bases(D, frequencies=F, phases=self.phases)
        if self.frequencies is None:
            B = B[torch.arange(D) * len(B) // D]
        norms = B.norm(dim=1)
        bound = torch.where(norms > VANISHING, math.sqrt(6 / len(B)) / norms, 0)
        linear.weight = nn.Parameter(linear.weight.new_empty(linear.out_features, len(B)))
        with torch.no_grad():
            nn.init.uniform_(linear.weight, -1, 1, generator=generator)
            linear.weight.mul_(bound.to(linear.weight))
            nn.init.zeros_(linear.bias)
        combination = Combination(B.to(linear.weight))
        # Not the shape of what it takes the place of: that is what unsafe allows.
        parametrize.register_parametrization(linear, "weight", combination, unsafe=True)


def bases(inputs: int, *, frequencies: int, phases: int) -> Tensor:
    """cos(ω z + φ), a row for each ω and φ. Shapes: -> (2 F p, D_in) float64."""
    counted = torch.arange(1, frequencies + 1, dtype=torch.float64)
    omega = torch.cat([counted / frequencies, counted])
    phi = 2 * math.pi * torch.arange(phases, dtype=torch.float64) / phases
    z = math.pi * frequencies * torch.linspace(-1, 1, inputs, dtype=torch.float64)
    return torch.cos(omega[:, None, None] * z + phi[:, None]).flatten(0, 1)
