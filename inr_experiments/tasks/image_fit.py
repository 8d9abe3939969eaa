"""Fitting one picture."""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..checks import ArgumentError, choice, integer, number
from ..data.images import load as images
from ..data.solids import open as solids
from ..domain import Domain
from ..metrics.image import psnr, ssim
from ..paths import data_dir, user_path
from ..seeding import generator
from .task import Predict

FITTED = ("all", "every_second", "jittered", "clustered")
#: Ranges of coordinates, by the length of an axis.
LENGTH = {"symmetric": 2.0, "unit": 1.0}
ASPECTS = ("per_axis", "keep")


def grid(height: int, width: int, *, coordinates: str, aspect: str) -> Tensor:
    """Coordinates of every pixel, row by row.

    `symmetric`: n pixels along an axis lie at −1 + 2i/(n − 1), the ends included; `unit`: at i/n
    in [0, 1). With aspect `per_axis` each axis spans the whole range; with `keep` the longer one
    does and the shorter has the same pixel pitch, centred for `symmetric`.

    Shapes: -> (H·W, 2) float32, each row (down, right).
    """

    def axis(n: int) -> Tensor:
        span = max(height, width) if aspect == "keep" else n
        index = torch.arange(n, dtype=torch.float64)
        if coordinates == "unit":
            return index / span
        return (2 * index - (n - 1)) / max(span - 1, 1)

    down, right = torch.meshgrid(axis(height), axis(width), indexing="ij")
    return torch.stack([down.flatten(), right.flatten()], dim=1).to(torch.float32)


class ImageFit:
    """Fit the pixels of one picture; P = 2, C = 1 or 3, mean squared error.

    Metrics: `psnr` on the fitted pixels, `psnr_heldout` on the rest (absent where all are
    fitted), `ssim` on the whole picture; all against the picture without noise.

    Args:
        image: name of a bundled photograph or DIV2K id; not used where `path` is given.
        path: a file of one's own.
        source: where `image` is looked up, `bundled` or `div2k`.
        side: pixels along the longer side after resizing; None keeps the file's own.
        fitted: which pixels, see `fitted_mask`.
        mask_seed: seed of their draw and of the noise.
        noise: σ of the Gaussian noise on the fitted targets, which are not clipped afterwards.
        coordinates: `symmetric` for [-1, 1], `unit` for [0, 1).
        aspect: `per_axis` or `keep`; see `grid`.
        pixel_limit: a file whose header announces more pixels is refused before decoding.

    Raises:
        InputError: if a value or the file cannot be used.
    """

    def __init__(
        self,
        *,
        image: str | None = None,
        path: str | None = None,
        source: str = "bundled",
        side: int | None = None,
        fitted: str | float = "all",
        mask_seed: int = 0,
        noise: float = 0.0,
        coordinates: str = "symmetric",
        aspect: str = "per_axis",
        pixel_limit: int = images.PIXEL_LIMIT,
    ) -> None:
        if side is not None:
            integer("side", side, least=2)
        integer("pixel_limit", pixel_limit)
        choice("coordinates", coordinates, LENGTH)
        choice("aspect", aspect, ASPECTS)
        file = locate(image=image, path=path, source=source)
        picture = images.load(file, side=side, pixel_limit=pixel_limit)
        height, width, channels = picture.pixels.shape
        mask = fitted_mask(height, width, fitted, mask_seed)

        self.item = solids.item_name(shape=image, path=path)
        self.sha256 = picture.sha256
        self.picture = picture.pixels
        self.mask = mask
        self.out_features = channels
        self.all_coordinates = grid(height, width, coordinates=coordinates, aspect=aspect)
        fitted_along = max(1, round(max(height, width) * math.sqrt(mask.mean())))
        self.domain = Domain(
            half_extents=self.all_coordinates.abs().amax(dim=0).tolist(),
            radius=self.all_coordinates.norm(dim=1).max().item(),
            density=fitted_along / LENGTH[coordinates],
        )
        chosen = torch.from_numpy(mask.flatten())
        self.coordinates = self.all_coordinates[chosen]
        clean = torch.from_numpy(picture.pixels).reshape(-1, channels)[chosen]
        sigma = number("noise", noise, above=-1e-12)
        self.targets = clean + sigma * torch.randn(
            clean.shape, generator=generator(mask_seed, "noise")
        )
        self.facts = {
            "height": height,
            "width": width,
            "channels": channels,
            "fitted": int(mask.sum()),
            "heldout": int((~mask).sum()),
            # DIV2K may not be passed on, nor what shows its pictures.
            "redistributable": source != "div2k" and not file.is_relative_to(data_dir()),
            "notes": list(picture.notes),
        }

    def batch(self, size: str | int, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """All fitted pixels for `full`, else `size` of them drawn with replacement."""
        if size == "full":
            return self.coordinates, self.targets
        chosen = torch.randint(len(self.coordinates), (int(size),), generator=draw)
        return self.coordinates[chosen], self.targets[chosen]

    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Σ over points of the squared error averaged over channels."""
        return (prediction - target).square().mean(dim=1).sum()

    def evaluate(self, predict: Predict) -> dict[str, float]:
        """`psnr` (dB, fitted pixels), `psnr_heldout` (dB), `ssim`; all of the clamped picture."""
        prediction = self._picture(predict)
        fitted, held_out = self.mask, ~self.mask
        metrics = {"psnr": psnr(prediction=prediction[fitted], target=self.picture[fitted])}
        if held_out.any():
            metrics["psnr_heldout"] = psnr(
                prediction=prediction[held_out], target=self.picture[held_out]
            )
        metrics["ssim"] = ssim(prediction=prediction, target=self.picture)
        return metrics

    def draw(self, predict: Predict, folder: Path) -> None:
        """Write reconstruction.png and target.png."""
        images.save(folder / "reconstruction.png", self._picture(predict))
        images.save(folder / "target.png", self.picture)

    def _picture(self, predict: Predict) -> np.ndarray:
        return predict(self.all_coordinates).numpy().reshape(self.picture.shape)


def locate(*, image: str | None, path: str | None, source: str) -> Path:
    """The file that a task's `image`, `path` and `source` mean, without opening it."""
    if path is not None:
        return user_path(path)
    if image is None:
        raise ArgumentError("image=null: expected a name, or path=FILE")
    find = {"bundled": images.bundled, "div2k": images.div2k}
    return find[choice("source", source, find)](str(image))


def fitted_mask(height: int, width: int, fitted: str | float, seed: int) -> np.ndarray:
    """Mark the pixels that are fitted.

    `all`; `every_second` along both axes; `jittered`, one at random of every 2×2 block;
    `clustered`, a quarter of all, drawn with a density of five Gaussian blobs; or the fraction
    between 0 and 1 that is drawn evenly.

    Shapes: -> (H, W) bool, at least one of them true.
    """
    if fitted == "all":
        return np.ones((height, width), dtype=bool)
    draw = generator(seed, "fitted pixels")
    mask = np.zeros((height, width), dtype=bool)
    if fitted == "every_second":
        mask[::2, ::2] = True
    elif fitted == "jittered":
        top, left = np.mgrid[:height:2, :width:2]
        down, right = torch.randint(2, (2, *top.shape), generator=draw).numpy()
        # A block that the edge cuts has a single row or column.
        mask[np.minimum(top + down, height - 1), np.minimum(left + right, width - 1)] = True
    elif fitted == "clustered":
        arrival = torch.empty(height * width, dtype=torch.float64).exponential_(generator=draw)
        # First arrivals at these rates are a draw without replacement in proportion to them.
        order = torch.argsort(arrival / blobs(height, width, draw).flatten())
        mask.flat[order[: max(1, mask.size // 4)].numpy()] = True
    elif isinstance(fitted, int | float) and not isinstance(fitted, bool) and 0 < fitted < 1:
        count = max(1, round(fitted * mask.size))
        order = torch.randperm(mask.size, generator=draw)
        mask.flat[order[:count].numpy()] = True
    else:
        raise ArgumentError(
            f"fitted={fitted!r}: expected {', '.join(FITTED)} or a fraction between 0 and 1"
        )
    return mask


def blobs(height: int, width: int, draw: torch.Generator) -> Tensor:
    """Five Gaussians of width 0.25 about random points of [-1, 1]², and 0.02 everywhere.

    Shapes: -> (H, W) float64.
    """
    x = grid(height, width, coordinates="symmetric", aspect="per_axis").double()
    centres = 2 * torch.rand(5, 2, generator=draw, dtype=torch.float64) - 1
    squared = torch.cdist(x, centres).square()
    return (0.02 + (-squared / (2 * 0.25**2)).exp().sum(dim=1)).reshape(height, width)
