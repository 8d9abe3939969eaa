"""Fitting one picture."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..checks import ArgumentError, choice, integer
from ..data.images import load as images
from ..digest import file_sha256
from ..domain import Domain
from ..memory import require
from ..metrics.image import ssim
from ..paths import data_dir, stem_of, user_path
from .grid_signal import GridSignal
from .task import Metric

#: Bytes that a fit takes a pixel at its peak; 268 to 313 were measured at 1500² and 3000².
BYTES_A_PIXEL = 300


class Image(GridSignal):
    """Fit the pixels of one picture; P = 2, C = 1 or 3, mean squared error.

    Metrics: those of `GridSignal`, and `ssim` on the whole picture at the last step.

    Args:
        image: a name, looked up in `source`; not used where `path` is given.
        path: a file of one's own.
        source: where `image` is looked up: `bundled`, `div2k` or `tuning`.
        side: pixels along the longer side after resizing; None keeps the file's own.
        pixel_limit: a file whose header announces more pixels is refused before decoding.
        fitted, mask_seed, noise, coordinates, aspect: see `GridSignal`.

    Raises:
        InputError: if a value or the file cannot be used.
    """

    METRICS: ClassVar[Mapping[str, Metric]] = {**GridSignal.METRICS, "ssim": Metric()}
    NOUN = "image"
    KEY_EXCLUDES = ("image", "path", "source", "pixel_limit")
    COST_EXCLUDES = (*GridSignal.COST_EXCLUDES, "image", "pixel_limit")

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
        file = locate(image=image, path=path, source=source)
        picture = images.load(file, side=side, pixel_limit=pixel_limit)
        height, width, _ = picture.pixels.shape
        require(
            BYTES_A_PIXEL * height * width,
            what=f"{file}: a fit of {width}×{height} pixels; expected a smaller task.side",
        )
        super().__init__(
            picture.pixels,
            fitted=fitted,
            mask_seed=mask_seed,
            noise=noise,
            coordinates=coordinates,
            aspect=aspect,
        )
        self.item = self.item_name(image=image, path=path)
        self.sha256 = picture.sha256
        # DIV2K may not be passed on, nor what shows its pictures.
        free = source != "div2k" and not file.resolve().is_relative_to(data_dir().resolve())
        notes = list(picture.notes)
        self.facts |= {"height": height, "width": width, "redistributable": free, "notes": notes}

    @classmethod
    def suffixes(cls) -> tuple[str, ...]:
        """Endings of pictures."""
        return images.suffixes()

    @classmethod
    def item_name(cls, *, image: str | None = None, path: str | None = None, **_: Any) -> str:
        """The file's name, or the photograph's."""
        return str(image) if path is None else stem_of(path)

    @classmethod
    def fingerprint(
        cls, *, image: str | None = None, path: str | None = None, source: str = "bundled", **_: Any
    ) -> str:
        """The hash of the file's bytes."""
        file = locate(image=image, path=path, source=source)
        return file_sha256(file, expected=images.EXPECTED)

    @classmethod
    def usual_shape(cls, **settings: Any) -> tuple[Domain, int]:
        """A square picture of the given side, in colour."""
        own = {name: settings[name] for name in ("fitted", "coordinates") if name in settings}
        return cls.domain_of_side(settings.get("side"), 2, **own), 3

    def compare_whole(self, prediction: npt.NDArray[np.floating]) -> dict[str, float]:
        """`ssim`. Shapes: (H, W, C)."""
        return {"ssim": ssim(prediction=prediction, target=self.values)}


def locate(*, image: str | None, path: str | None, source: str) -> Path:
    """The file that a task's `image`, `path` and `source` mean, without opening it."""
    if path is not None:
        return user_path(path)
    if image is None:
        raise ArgumentError("image=null: expected a name, or path=FILE")
    find = {"bundled": images.bundled, "div2k": images.div2k, "tuning": images.tuning}
    return find[choice("source", source, find)](str(image))
