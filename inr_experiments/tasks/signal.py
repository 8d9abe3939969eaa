"""Fitting a synthetic signal of a known band."""

from typing import Any

import numpy as np

from ..checks import ArgumentError, integer
from ..digest import sha256_of
from ..domain import Domain
from ..seeding import numpy_generator
from .grid_signal import GridSignal

#: Raised where the same settings give another signal: part of the hash.
VERSION = 1


class Signal(GridSignal):
    """Fit a random signal of band K in P dimensions; C = 1.

    y(x) = Re Σ_k c_k exp(iπk·x) over the integer vectors with |k|_∞ ≤ K, both parts of each c_k
    standard normal; shifted and scaled to fill [0, 1] on the grid over [-1, 1]^P. Such y are the
    sums of cos(πk·x) and sin(πk·x): a space of (2K + 1)^P dimensions, `needed_rank`
    unless the fitted nodes tell fewer apart.

    Args:
        dimensions: P, 1 to 3.
        band: K.
        side: nodes along an axis; 2K + 2 at the least, so that they tell its frequencies apart.
        signal_seed: seed of the c_k.
        fitted, mask_seed, noise: see `GridSignal`.
    """

    NOUN = "signal"
    KEY_EXCLUDES = ("dimensions", "band", "signal_seed")
    COST_EXCLUDES = (*GridSignal.COST_EXCLUDES, "band", "signal_seed")

    def __init__(
        self,
        *,
        dimensions: int = 2,
        band: int = 4,
        side: int = 64,
        signal_seed: int = 0,
        fitted: str | float = "all",
        mask_seed: int = 0,
        noise: float = 0.0,
    ) -> None:
        P, K = integer("dimensions", dimensions, most=3), integer("band", band)
        if integer("side", side) < 2 * K + 2:
            raise ArgumentError(f"side={side}: expected at least {2 * K + 2} for band={K}")
        named = {"dimensions": P, "band": K, "signal_seed": signal_seed}
        self.item, self.sha256 = self.item_name(**named), self.fingerprint(**named)
        rng = numpy_generator(integer("signal_seed", signal_seed, least=0), "signal", P, K)
        y = rng.standard_normal((2, *(2 * K + 1,) * P)).T @ [1, 1j]
        waves = np.exp(1j * np.pi * np.outer(np.linspace(-1, 1, side), np.arange(-K, K + 1)))
        for _ in range(P):  # an axis of k becomes one of x, which goes to the end
            y = np.tensordot(y, waves, axes=(0, 1))
        values = (y.real - y.real.min()) / np.ptp(y.real)
        values = values.astype(np.float32)[..., None]
        super().__init__(values, fitted=fitted, mask_seed=mask_seed, noise=noise)
        # Both ends of an axis are one node of the period; of other masks the count is a bound.
        step = {"all": 1, "every_second": 2}.get(str(fitted))
        along = len({i % (side - 1) for i in range(0, side, step)}) if step else side - 1
        needed = min(min(2 * K + 1, along) ** P, self.facts["fitted"])
        self.facts |= {"dimensions": P, "band": K, "needed_rank": needed}

    @classmethod
    def usual_shape(cls, **settings: Any) -> tuple[Domain, int]:
        """A signal of the given dimensions and side, of one channel."""
        fitted = settings.get("fitted", "all")
        dimensions = settings.get("dimensions", 2)
        return cls.domain_of_side(settings.get("side", 64), dimensions, fitted=fitted), 1

    @classmethod
    def item_name(
        cls, *, dimensions: int = 2, band: int = 4, signal_seed: int = 0, **_: Any
    ) -> str:
        """P and K, and the seed where it is not 0."""
        return f"P{dimensions} K{band}" + (f" seed {signal_seed}" if signal_seed else "")

    @classmethod
    def fingerprint(
        cls, *, dimensions: int = 2, band: int = 4, signal_seed: int = 0, **_: Any
    ) -> str:
        """The hash of what is drawn, by its settings."""
        return sha256_of(f"signal {VERSION} P={dimensions} K={band} seed={signal_seed}")
