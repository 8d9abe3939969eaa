"""Points with their labels, computed once and kept in the cache."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...seeding import numpy_generator
from . import cache
from .base import Solid, Triangles
from .points import cell_centres, near_surface, nodes, uniform
from .surface import sample

#: Raised where the labels of the same settings change: part of the cache's hash.
VERSION = 3
#: Where fitted points lie, by the share of them that is near the surface.
NEAR_SHARE = {"uniform": 0.0, "near_surface": 1.0}


class Labelled(NamedTuple):
    """Points (N, 3) float32 in the box and which of them are inside, (N,) bool."""

    points: npt.NDArray[np.float32]
    inside: npt.NDArray[np.bool_]


class Labeller:
    """Labels points of a solid, or finds them labelled.

    Args:
        solid: what is inside.
        settings: all that decides its labels besides its file.
        folder: of the cache; None keeps nothing.
        seed: of the points; each set is drawn from a stream of its own.
    """

    def __init__(
        self,
        solid: Solid,
        *,
        settings: Mapping[str, Any],
        folder: Path | None,
        seed: int,
    ) -> None:
        self._solid = solid
        self._solid_settings = {"sha256": solid.sha256, "version": VERSION, **settings}
        self._folder = folder
        self._seed = seed

    @cached_property
    def surface(self) -> Triangles:
        """The solid's surface."""
        return self._solid.surface()

    def grid(self, side: int) -> tuple[npt.NDArray[np.bool_], float]:
        """Labels at the centres of a dense grid, and the share of them in doubt.

        Shapes: -> (side, side, side).
        """

        def compute() -> cache.Arrays:
            labels = [self._solid.label(x) for x in cell_centres(side)]
            inside = np.concatenate([label.inside for label in labels])
            ambiguous = sum(label.ambiguous for label in labels)
            return {"inside": np.packbits(inside), "ambiguous": np.array(ambiguous)}

        found = self._kept("grid", {"side": side}, compute)
        inside = _unpacked(found["inside"], side**3).reshape(side, side, side)
        return inside, int(found["ambiguous"]) / side**3

    def near(self, count: int, *, sigma: float) -> Labelled:
        """Held-out points near the surface."""
        asked = {"count": count, "sigma": sigma, "seed": self._seed}

        def draw() -> npt.NDArray[np.float32]:
            return near_surface(self.surface, count, self._stream("near"), sigma=sigma)

        return self._labelled("near", asked, draw)

    def pool(self, where: str, count: int, *, near_share: float, sigma: float) -> Labelled:
        """Points to fit: `uniform`, `near_surface`, a `mix` with `near_share`, or a `grid`."""
        asked: dict[str, Any] = {"where": where, "count": count}
        if where == "grid":
            side = max(2, round(count ** (1 / 3)))
            return self._labelled("pool", asked, lambda: nodes(side))
        close = round(NEAR_SHARE.get(where, near_share) * count)
        asked |= {"seed": self._seed, "near": close, "sigma": sigma if close else None}

        def draw() -> npt.NDArray[np.float32]:
            rng = self._stream("pool")
            spread = uniform(count - close, rng)
            if not close:
                return spread
            return np.concatenate([spread, near_surface(self.surface, close, rng, sigma=sigma)])

        return self._labelled("pool", asked, draw)

    def on_surface(self, count: int) -> npt.NDArray[np.float32]:
        """Points on the surface, uniform by area, but for those on walls within the solid.

        Shapes: -> (at most count, 3).
        """
        asked = {"count": count, "seed": self._seed}

        def compute() -> cache.Arrays:
            drawn = sample(self.surface, count, self._stream("surface"))
            return {"points": drawn[self._solid.outer(drawn)].astype(np.float32)}

        return self._kept("surface", asked, compute)["points"]

    def _labelled(
        self, stem: str, asked: dict[str, Any], draw: Callable[[], npt.NDArray[np.float32]]
    ) -> Labelled:
        def compute() -> cache.Arrays:
            drawn = draw()
            return {"points": drawn, "inside": np.packbits(self._solid.label(drawn).inside)}

        found = self._kept(stem, asked, compute)
        return Labelled(found["points"], _unpacked(found["inside"], len(found["points"])))

    def _kept(
        self, stem: str, asked: dict[str, Any], compute: Callable[[], cache.Arrays]
    ) -> cache.Arrays:
        # Apart: both may have a key of the same name, such as `side`.
        settings = {"solid": self._solid_settings, "points": asked}
        return cache.arrays(self._folder, stem, settings, compute)

    def _stream(self, name: str) -> np.random.Generator:
        return numpy_generator(self._seed, name)


def _unpacked(bits: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.bool_]:
    return np.unpackbits(bits, count=count).astype(bool)
