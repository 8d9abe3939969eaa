"""Telling crops of photographs apart: from which picture and quadrant each is cut."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from ..checks import ArgumentError, integer
from ..data.images import load as images
from ..digest import file_sha256, sha256_of
from ..domain import Domain
from ..seeding import generator
from .image import locate
from .task import Metric, Predict, Task

#: Raised where the same settings give other crops: part of the hash.
VERSION = 1


class Quadrants(Task):
    """Tell from which photograph and quadrant a square crop is cut; cross-entropy.

    Each quadrant is cut into tiles, so that no two crops share a pixel. Half of them, drawn at
    random, are fitted and the others held out. A point is a crop's pixels in [-1, 1], row by row.

    Shapes: coordinates (N, crop · crop · 3), targets (N, 4 · pictures), of which one is 1.

    Args:
        images: names, looked up in `source`.
        source: `bundled`, `div2k` or `tuning`.
        side: pixels along the longer side of a photograph after resizing; None keeps the file's.
        crop: pixels along a side of a crop.
        draw: seed of the choice of crops; an item of its own.

    Raises:
        InputError: if a value or a file cannot be used, or a quadrant holds fewer than two crops.
    """

    METRICS: ClassVar[Mapping[str, Metric]] = {
        "accuracy": Metric(keep_best=True),
        "accuracy_heldout": Metric(),
    }
    NOUN = "draw"
    KEY_EXCLUDES = ("images", "source", "draw")
    COST_EXCLUDES = ("images", "source", "draw")

    heldout: Tensor

    def __init__(
        self,
        *,
        images: Sequence[str],
        source: str = "bundled",
        side: int | None = None,
        crop: int = 32,
        draw: int = 0,
    ) -> None:
        named: dict[str, Any] = {"images": images, "source": source, "draw": draw}
        self.item, self.sha256 = self.item_name(**named), self.fingerprint(**named)
        integer("crop", crop)
        if side is not None:
            integer("side", side, least=2)
        fitted: list[Tensor] = []
        heldout: list[Tensor] = []
        for name in images:
            for tiles in quadrants_of(pixels(name, source, side), crop):
                if len(tiles) < 2:
                    raise ArgumentError(
                        f"crop={crop}: a quadrant of {name} holds {len(tiles)}; expected two"
                    )
                stream = generator(draw, "crops", len(fitted))
                order = torch.randperm(len(tiles), generator=stream)
                half = len(tiles) // 2
                fitted.append(tiles[order[:half]])
                heldout.append(tiles[order[half:]])
        self.out_features = len(fitted)
        self.coordinates, self.targets = self._joined(fitted)
        self.heldout, self.heldout_targets = self._joined(heldout)
        cube = Domain.cube(self.coordinates.shape[1], density=1)
        self.domain = replace(cube, points=self.coordinates)
        self.facts: dict[str, Any] = {
            "classes": self.out_features,
            "fitted": len(self.coordinates),
            "heldout": len(self.heldout),
            "redistributable": source == "bundled",
            "notes": [],
        }

    def _joined(self, classes: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """All crops, and of which class each is."""
        labels = torch.cat([torch.full((len(own),), i) for i, own in enumerate(classes)])
        return torch.cat(list(classes)), one_hot(labels, len(classes)).float()

    @classmethod
    def item_name(cls, *, draw: int = 0, **_: Any) -> str:
        """The number of the draw."""
        return f"draw {draw}"

    @classmethod
    def fingerprint(
        cls, *, images: Sequence[str] = (), source: str = "bundled", draw: int = 0, **_: Any
    ) -> str:
        """The hash of the files and the draw."""
        integer("draw", draw, least=0)
        if isinstance(images, str) or not images:
            raise ArgumentError(f"images={images!r}: expected a list of names")
        files = [locate(image=name, path=None, source=source) for name in images]
        hashes = [file_sha256(file, expected="a photograph") for file in files]
        return sha256_of(f"quadrants {VERSION} draw={draw} {' '.join(hashes)}")

    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The cross-entropy, summed over crops."""
        return cross_entropy(prediction, target, reduction="sum")

    def evaluate(self, predict: Predict) -> dict[str, float]:
        """`accuracy` of fitted crops and `accuracy_heldout`, shares of those told right."""
        return {
            "accuracy": accuracy(predict(self.coordinates), self.targets),
            "accuracy_heldout": accuracy(predict(self.heldout), self.heldout_targets),
        }


def accuracy(prediction: Tensor, targets: Tensor) -> float:
    """The share of rows whose largest entry is that of the target. Shapes: (N, C) twice."""
    return (prediction.argmax(dim=1) == targets.argmax(dim=1)).double().mean().item()


def pixels(name: str, source: str, side: int | None) -> Tensor:
    """A photograph in colour, (H, W, 3) in [-1, 1]."""
    found = images.load(locate(image=name, path=None, source=source), side=side).pixels
    return 2 * torch.from_numpy(found).expand(-1, -1, 3) - 1


def quadrants_of(picture: Tensor, crop: int) -> list[Tensor]:
    """The tiles of each quadrant, as many as fit. Shapes: (H, W, C) -> 4 × (n, crop · crop · C)."""
    channels = picture.shape[2]
    height, width = (length // 2 for length in picture.shape[:2])
    down, across = height // crop, width // crop
    found = []
    for top in (0, height):
        for left in (0, width):
            own = picture[top : top + down * crop, left : left + across * crop]
            tiles = own.reshape(down, crop, across, crop, channels).transpose(1, 2)
            found.append(tiles.reshape(down * across, crop * crop * channels))
    return found
