"""Fitting values on a grid of P axes, some of which are held out."""

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..checks import ArgumentError, choice, integer, number
from ..data.images.load import save
from ..domain import Domain
from ..metrics.image import decibels, psnr
from ..seeding import generator
from .interpolation import between_every_second, between_scattered, smoothed
from .task import Metric, Predict, Task

FITTED = ("all", "every_second", "jittered", "clustered", "hole")
#: Ranges of coordinates, by the length of an axis.
LENGTH = {"symmetric": 2.0, "unit": 1.0}
ASPECTS = ("per_axis", "keep")
#: Rows of the strip that a signal of one axis is drawn as.
STRIP = 16


class GridSignal(Task):
    """Fit values in [0, 1] on a grid of P axes with C channels, by mean squared error.

    Metrics: `psnr` on the fitted values, `psnr_heldout` on the rest (absent where all are
    fitted); both of the clamped prediction, against the values without noise. With noise also
    `psnr_noisy`, of the prediction as it is against the noisy targets as they are, neither
    clamped: −10 log₁₀ of the fitted loss. `psnr_heldout_noisy` is what it would be on the rest
    with as much noise, −10 log₁₀(mean squared error + σ²): where it stays behind, the fit is of
    these points and not of the picture.

    Without a network the fitted targets are interpolated, see `interpolation.py`. Where all are
    fitted with noise, they stand as they are, and smoothed by a Gaussian of one node.

    Args:
        values: (n₁, …, n_P, C) float32.
        fitted: which of them, see `fitted_mask`.
        mask_seed: seed of their draw and of the noise.
        noise: σ of the Gaussian noise on the fitted targets, which are not clipped afterwards.
        coordinates: `symmetric` for [-1, 1], `unit` for [0, 1).
        aspect: `per_axis` or `keep`; see `grid_axes`.

    Raises:
        InputError: if a value cannot be used.
    """

    METRICS: ClassVar[Mapping[str, Metric]] = {
        "psnr": Metric("dB", keep_best=True),
        "psnr_heldout": Metric("dB"),
        "psnr_noisy": Metric("dB"),
        "psnr_heldout_noisy": Metric("dB"),
    }
    COST_EXCLUDES: ClassVar[Collection[str]] = ("path", "noise", "mask_seed")

    def __init__(
        self,
        values: npt.NDArray[np.float32],
        *,
        fitted: str | float = "all",
        mask_seed: int = 0,
        noise: float = 0.0,
        coordinates: str = "symmetric",
        aspect: str = "per_axis",
    ) -> None:
        integer("mask_seed", mask_seed, least=0)
        if not isinstance(values, np.ndarray) or values.dtype != np.float32 or values.ndim < 2:
            raise ArgumentError("values: expected a float32 array (n₁, …, n_P, C)")
        if not (values.size and values.min() >= 0 and values.max() <= 1):
            raise ArgumentError("values: expected one or more, all of them from 0 to 1")
        *shape, channels = values.shape
        self.values = values
        self.mask = fitted_mask(shape, fitted, mask_seed)
        self._every_second = fitted == "every_second"
        self.out_features = channels
        axes = grid_axes(shape, coordinates=coordinates, aspect=aspect)
        self.all_coordinates = grid(shape, coordinates=coordinates, aspect=aspect)
        chosen = torch.from_numpy(self.mask.flatten())
        self.coordinates = self.all_coordinates[chosen]
        self.heldout = None if chosen.all() else self.all_coordinates[~chosen]
        clean = torch.from_numpy(values).reshape(-1, channels)[chosen]
        self._noise = number("noise", noise, least=0)
        self.targets = clean + self._noise * torch.randn(
            clean.shape, generator=generator(mask_seed, "noise")
        )
        along = max(1, round(max(shape) * self.mask.mean() ** (1 / len(shape))))
        self.domain = Domain(
            half_extents=self.all_coordinates.abs().amax(dim=0).tolist(),
            radius=self.all_coordinates.norm(dim=1).max().item(),
            density=along / LENGTH[coordinates],
            axes=tuple(axis.tolist() for axis in axes),
            points=self.coordinates,
        )
        self.facts: dict[str, Any] = {
            "channels": channels,
            "fitted": int(self.mask.sum()),
            "heldout": int((~self.mask).sum()),
            "redistributable": True,
            "notes": [],
        }

    @classmethod
    def domain_of_side(
        cls,
        side: int | None,
        dimensions: int,
        *,
        fitted: str | float = "all",
        coordinates: str = "symmetric",
    ) -> Domain:
        """The domain, without points, of a cube of nodes.

        Raises:
            ArgumentError: if `side` is None.
        """
        if side is None:
            raise ArgumentError("side=None: expected a number where model.match is given")
        if isinstance(fitted, str):
            quarter = 0.5**dimensions  # in the plane
            share = {"all": 1.0, "hole": 1 - quarter}.get(fitted, quarter)
        else:
            share = float(fitted)
        along = max(1, round(side * share ** (1 / dimensions)))
        choice("coordinates", coordinates, LENGTH)
        return Domain.cube(dimensions, density=along / LENGTH[coordinates])

    def evaluate(self, predict: Predict) -> dict[str, float]:
        """`psnr` (dB, fitted values), `psnr_heldout` and with noise both `_noisy` ones (dB)."""
        return self.compare(self.on_grid(predict))

    def evaluate_last(self, predict: Predict) -> dict[str, float]:
        """The metrics of `compare_whole`."""
        return self.compare_whole(self.on_grid(predict))

    def compare(self, prediction: npt.NDArray[np.floating]) -> dict[str, float]:
        """The metrics of a prediction on the whole grid. Shapes: (n₁, …, n_P, C)."""
        parts = {"psnr": self.mask, "psnr_heldout": ~self.mask}
        metrics = {
            name: psnr(prediction=prediction[part], target=self.values[part])
            for name, part in parts.items()
            if part.any()
        }
        if self._noise:
            metrics["psnr_noisy"] = decibels(prediction[self.mask] - self.targets.numpy())
            if self.heldout is not None:
                error = prediction[~self.mask] - self.values[~self.mask]
                metrics["psnr_heldout_noisy"] = decibels(error, variance=self._noise**2)
        return metrics

    def compare_whole(self, prediction: npt.NDArray[np.floating]) -> dict[str, float]:
        """The metrics that take long. Shapes: (n₁, …, n_P, C)."""
        return {}

    @cached_property
    def without_network(self) -> Mapping[str, Mapping[str, float]]:
        """Metrics of what is made of the fitted targets alone, those that are finite."""
        found = {}
        for label, values in self._filled_in().items():
            metrics = {**self.compare(values), **self.compare_whole(values)}
            found[label] = {name: v for name, v in metrics.items() if math.isfinite(v)}
        return found

    def _filled_in(self) -> Mapping[str, npt.NDArray[np.float64]]:
        """Values on the whole grid, made of the fitted targets; nothing where they are known."""
        shape, fitted = self.values.shape[:-1], self.targets.double().numpy()
        if self.mask.all():
            return smoothed(fitted.reshape(self.values.shape)) if self._noise else {}
        if self._every_second:
            halves = [(n + 1) // 2 for n in shape]
            rows = between_every_second(fitted.reshape(*halves, -1), shape)
        else:
            rows = between_scattered(fitted, self.mask)
        for values in rows.values():
            values[self.mask] = fitted  # which a spline meets but for rounding
        return rows

    def on_grid(self, predict: Predict) -> npt.NDArray[np.float32]:
        """The field on the whole grid, a chunk at a time. Shapes: -> (n₁, …, n_P, C)."""
        return predict(self.all_coordinates).numpy().reshape(self.values.shape)

    def draw(self, predict: Predict, folder: Path) -> None:
        """Write reconstruction.png and target.png, where a picture has such channels."""
        if self.out_features in (1, 3):
            save(folder / "reconstruction.png", as_picture(self.on_grid(predict)))
            save(folder / "target.png", as_picture(self.values))


def as_picture(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Values on a grid as (H, W, C): one axis as a strip, of more than two the middle slice."""
    if values.ndim == 2:
        return np.repeat(values[None], STRIP, axis=0)
    while values.ndim > 3:
        values = values[len(values) // 2]
    return values


def grid_axes(shape: Sequence[int], *, coordinates: str, aspect: str) -> list[Tensor]:
    """Coordinates along each axis.

    `symmetric`: n nodes lie at −1 + 2i/(n − 1), the ends included; `unit`: at i/n in [0, 1). With
    aspect `per_axis` each axis spans the whole range; with `keep` the longest one does and the
    others have the same pitch, centred for `symmetric`.

    Shapes: -> P of (nᵢ,) float64.
    """
    choice("coordinates", coordinates, LENGTH)
    choice("aspect", aspect, ASPECTS)

    def axis(n: int) -> Tensor:
        span = max(shape) if aspect == "keep" else n
        index = torch.arange(n, dtype=torch.float64)
        if coordinates == "unit":
            return index / span
        return (2 * index - (n - 1)) / max(span - 1, 1)

    return [axis(n) for n in shape]


def grid(shape: Sequence[int], *, coordinates: str, aspect: str) -> Tensor:
    """Coordinates of every node, the last axis fastest; see `grid_axes`.

    Shapes: -> (Π nᵢ, P) float32; of a picture each row is (down, right).
    """
    axes = torch.meshgrid(*grid_axes(shape, coordinates=coordinates, aspect=aspect), indexing="ij")
    return torch.stack([values.flatten() for values in axes], dim=1).to(torch.float32)


def fitted_mask(shape: Sequence[int], fitted: str | float, seed: int) -> npt.NDArray[np.bool_]:
    """Mark the nodes that are fitted.

    `all`; `every_second` along all axes; `jittered`, one at random of every block of 2^P;
    `clustered`, a share of 2^-P, drawn with a density of five Gaussian blobs; `hole`, all but the
    middle half along every axis; or the fraction between 0 and 1 that is drawn evenly.

    Shapes: -> (n₁, …, n_P) bool, at least one of them true.
    """
    if fitted == "all":
        return np.ones(shape, dtype=bool)
    draw = generator(seed, "fitted pixels")
    mask = np.zeros(shape, dtype=bool)
    if fitted == "every_second":
        mask[(slice(None, None, 2),) * mask.ndim] = True
    elif fitted == "jittered":
        corners = np.mgrid[tuple(slice(0, n, 2) for n in shape)]
        steps = torch.randint(2, corners.shape, generator=draw).numpy()
        # A block that the edge cuts has a single layer.
        nodes = (corners + steps).reshape(mask.ndim, -1)
        mask[tuple(np.minimum(nodes, np.array(shape)[:, None] - 1))] = True
    elif fitted == "clustered":
        arrival = torch.empty(mask.size, dtype=torch.float64).exponential_(generator=draw)
        # First arrivals at these rates are a draw without replacement in proportion to them.
        order = torch.argsort(arrival / blobs(shape, draw))
        mask.flat[order[: max(1, mask.size >> mask.ndim)].numpy()] = True
    elif fitted == "hole":
        mask[:] = True
        mask[tuple(slice(n // 4, n // 4 + n // 2) for n in shape)] = False
    elif isinstance(fitted, int | float) and not isinstance(fitted, bool) and 0 < fitted < 1:
        order = torch.randperm(mask.size, generator=draw)
        mask.flat[order[: max(1, round(fitted * mask.size))].numpy()] = True
    else:
        raise ArgumentError(
            f"fitted={fitted!r}: expected {', '.join(FITTED)} or a fraction between 0 and 1"
        )
    return mask


def blobs(shape: Sequence[int], draw: torch.Generator) -> Tensor:
    """Five Gaussians of width 0.25 about random points of [-1, 1]^P, and 0.02 everywhere.

    Shapes: -> (Π nᵢ,) float64.
    """
    x = grid(shape, coordinates="symmetric", aspect="per_axis").double()
    centres = 2 * torch.rand(5, len(shape), generator=draw, dtype=torch.float64) - 1
    squared = torch.cdist(x, centres).square()
    return 0.02 + (-squared / (2 * 0.25**2)).exp().sum(dim=1)
