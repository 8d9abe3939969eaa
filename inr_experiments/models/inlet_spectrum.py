"""The spectrum of the inlet's output, replaced by a fixed right factor behind the inlet.

With Z₀ − 1μᵀ = U S Vᵀ at the fitted points, Z₀ becomes 1μᵀ + U S′ Vᵀ: its mean row, its points'
directions U and its units' directions V stay, and nothing but the singular values moves.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..checks import ArgumentError, boolean, number
from ..domain import Domain
from ..ranks.singular import centred_svd

#: Fills a Linear layer, in place, for points of a domain.
Init = Callable[[nn.Linear, torch.Generator, Domain], None]
#: From an initialisation to the spectrum of an inlet that has it.
SpectrumOf = Callable[[Init], "Spectrum"]
#: Points that features are taken at at a time.
ROWS = 2**15
#: Directions whose singular value is below this share of the largest are left out.
LEAST_SHARE = 1e-6


class RightFactor(nn.Module):
    """Z ↦ 1μᵀ + (Z − 1μᵀ) M, for a fixed M.

    Both are kept in float64 and rounded to the precision of Z where they are used.

    Shapes: (N, D) -> (N, D).
    """

    mean: Tensor
    factor: Tensor

    def __init__(self, mean: Tensor, factor: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("factor", factor)

    def forward(self, z: Tensor) -> Tensor:
        mean, factor = self.mean.to(z.dtype), self.factor.to(z.dtype)
        return mean + (z - mean) @ factor


class Spectrum(NamedTuple):
    """The mean row μ (D,) of Z₀, and singular values (D,) and right vectors V (D, D) of HZ₀."""

    mean: Tensor
    values: Tensor
    vectors: Tensor

    @property
    def directions(self) -> int:
        """The number of directions that count."""
        return directions(self.values)


def directions(values: Tensor) -> int:
    """The number of singular values above 1e-6 of the largest."""
    return int((values > LEAST_SHARE * values[0]).sum())


@torch.no_grad()
def spectrum(inlet: nn.Module, points: Tensor | None) -> Spectrum:
    """The spectrum of what an inlet puts out, in float64; it is left as it was.

    Raises:
        ArgumentError: if the points are not known, or no more than the units.
    """
    if points is None:
        raise ArgumentError("domain: expected one that tells its points")
    exact = deepcopy(inlet).double()
    chunks = (exact(x.double()) for x in points.split(ROWS))
    found = Spectrum(*centred_svd(chunks))
    if len(points) <= len(found.mean):
        raise ArgumentError(
            f"width={len(found.mean)}: expected fewer units than the {len(points)} fitted points, "
            "where inlet_spectrum is given"
        )
    return found


class InletSpectrum(ABC):
    """Replaces the singular values of HZ₀, H = I − 11ᵀ/N, by others: M = V diag(s′/s) Vᵀ.

    M is made in float64 at the initialisation and stays, whatever is trained. The first k
    directions are kept, the others vanish.

    Args:
        common: initialisations of the inlets that are compared. k is then the number of directions
            above 1e-6 σ₁ that all of them have, and ‖HZ₀‖_F the geometric mean of theirs, so that
            neither size nor number moves with the spectrum. None: the inlet's own k and norm.
        rotate: Z₀ − 1μᵀ is turned by a random rotation as well: the same singular values in other
            coordinates, which Adam tells apart.

    Raises:
        ArgumentError: if the fitted points are not known, or no more than the units.
    """

    def __init__(self, *, common: Sequence[Init] | None = None, rotate: bool = False) -> None:
        self.common = list(common or ())
        self.rotate = boolean("rotate", rotate)

    @abstractmethod
    def replaced(self, own: Spectrum, spectrum_of: SpectrumOf) -> Tensor:
        """The new singular values, up to a common factor, largest first. Shapes: -> (D,)."""

    def __call__(
        self,
        init: Init,
        inlet_of: Callable[[Init], nn.Module],
        points: Tensor | None,
        generator: torch.Generator,
    ) -> RightFactor:
        """The factor behind the inlet.

        Args:
            init: the inlet's initialisation.
            inlet_of: makes an inlet, with what stands before it, from an initialisation.
            points: (N, P) those that spectra are taken on.
        """

        def spectrum_of(init: Init) -> Spectrum:
            return spectrum(inlet_of(init), points)

        own = spectrum_of(init)
        compared = [spectrum_of(other) for other in self.common] or [own]
        new = self.replaced(own, spectrum_of)
        k = min(own.directions, *(s.directions for s in compared), directions(new))
        size = torch.stack([s.values[:k].norm() for s in compared]).log().mean().exp()
        values, new, V = own.values[:k], new[:k], own.vectors[:, :k]
        new = new * (size / new.norm())
        factor = (V * (new / values)) @ V.T
        if self.rotate:
            gaussian = torch.randn(factor.shape, generator=generator, dtype=torch.float64)
            factor = factor @ torch.linalg.qr(gaussian).Q
        return RightFactor(own.mean, factor)


class Own(InletSpectrum):
    """The inlet's own spectrum: the identity, but for what `common` and `rotate` do."""

    def replaced(self, own: Spectrum, spectrum_of: SpectrumOf) -> Tensor:
        return own.values


class PowerLaw(InletSpectrum):
    """s′_i ∝ i^−α.

    Args:
        alpha: α ≥ 0; 0 is flat.
        common, rotate: see `InletSpectrum`.
    """

    def __init__(
        self, *, alpha: float, common: Sequence[Init] | None = None, rotate: bool = False
    ) -> None:
        super().__init__(common=common, rotate=rotate)
        self.alpha = number("alpha", alpha, least=0)

    def replaced(self, own: Spectrum, spectrum_of: SpectrumOf) -> Tensor:
        return torch.arange(1, len(own.values) + 1, dtype=torch.float64) ** -self.alpha


class Flat(InletSpectrum):
    """All singular values alike: Z₀ whitened, which sees the coordinates and no target."""

    def replaced(self, own: Spectrum, spectrum_of: SpectrumOf) -> Tensor:
        return torch.ones_like(own.values)


class OfInlet(InletSpectrum):
    """The singular values of another inlet of the same shape.

    Args:
        init: its initialisation.
        common, rotate: see `InletSpectrum`.
    """

    def __init__(
        self, *, init: Init, common: Sequence[Init] | None = None, rotate: bool = False
    ) -> None:
        super().__init__(common=common, rotate=rotate)
        self.init = init

    def replaced(self, own: Spectrum, spectrum_of: SpectrumOf) -> Tensor:
        return spectrum_of(self.init).values
