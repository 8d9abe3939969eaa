"""Pictures from files to float arrays."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...checks import ArgumentError, InputError, nearest
from ...digest import file_sha256
from ...paths import data_dir
from .decode import decode

#: Photographs that ship with scikit-image (public domain or CC0), by their file there.
BUNDLED = {
    "astronaut": "astronaut.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
}
#: Pictures for tuning, in no table: the package that ships each and its file there, or a file of
#: the data folder (Kodak's, for unrestricted use).
TUNING = {
    "kodim01": (None, "images/kodim01.png"),
    "motorcycle_left": ("skimage", "data/motorcycle_left.png"),
    "grace_hopper": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    "retina": ("skimage", "data/retina.jpg"),
    "ihc": ("skimage", "data/ihc.png"),
    "hubble_deep_field": ("skimage", "data/hubble_deep_field.jpg"),
    "kodim02": (None, "images/kodim02.png"),
    "kodim03": (None, "images/kodim03.png"),
}
#: The test crops of Tancik et al. 2020, by DIV2K validation id.
DIV2K = (
    *("0826", "0831", "0823", "0815", "0854", "0875", "0805", "0806"),
    *("0872", "0887", "0863", "0877", "0821", "0834", "0809", "0890"),
)

#: What stands for a picture, where a file is missing.
EXPECTED = "a picture (with -m, also a folder of them)"
#: Pixels that a picture may have unless a config says otherwise: 1.5 GB as RGB floats.
PIXEL_LIMIT = 128_000_000


@dataclass(frozen=True)
class LoadedImage:
    """A decoded picture.

    Attributes:
        pixels: (H, W, C) float32 in [0, 1], C = 1 or 3.
        sha256: hash of the file's bytes.
        notes: what was done to the file on the way, one sentence each.
    """

    pixels: npt.NDArray[np.float32]
    sha256: str
    notes: tuple[str, ...]


def suffixes() -> tuple[str, ...]:
    """Endings of the files that Pillow reads."""
    from PIL import Image

    extensions = Image.registered_extensions().items()
    return tuple(suffix for suffix, form in extensions if form in Image.OPEN)


def bundled(name: str) -> Path:
    """The file of a bundled photograph, or an `InputError` that lists them."""
    if name not in BUNDLED:
        raise ArgumentError(
            f"image={name!r}: expected one of the bundled photographs "
            f"{', '.join(BUNDLED)}{nearest(name, BUNDLED)}; for a file of your own, path=FILE"
        )
    return _in_package("skimage", f"data/{BUNDLED[name]}")


def tuning(name: str) -> Path:
    """The file of a picture that is for tuning alone, or an `InputError` that lists them."""
    if name not in TUNING:
        raise ArgumentError(
            f"image={name!r}: expected one of the pictures for tuning "
            f"{', '.join(TUNING)}{nearest(name, TUNING)}"
        )
    package, file = TUNING[name]
    if package is not None:
        return _in_package(package, file)
    path = data_dir() / file
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; expected Kodak's {path.name} there (set INR_DATA to the folder "
            "that holds images/), or data=bundled, which tunes without it"
        )
    return path


def _in_package(package: str, file: str) -> Path:
    """A file that an installed package ships."""
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / file


def div2k(name: str) -> Path:
    """The file of a DIV2K test crop in the data folder, or an `InputError` with the command."""
    name = str(name).zfill(4)
    if name not in DIV2K:
        raise ArgumentError(
            f"image={name!r}: expected one of the 16 DIV2K ids {', '.join(sorted(DIV2K))}"
        )
    path = data_dir() / "div2k" / "test512" / f"{name}.png"
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; get the 16 crops with: inr-download div2k "
            "(or set INR_DATA to the folder that holds div2k/test512)"
        )
    return path


def load(path: Path, *, side: int | None = None, pixel_limit: int = PIXEL_LIMIT) -> LoadedImage:
    """Read a picture and, where `side` is given, resize its longer side to it (bicubic).

    Whatever was changed on the way, by `decode` or here, is said in `notes`.

    Raises:
        InputError: if the file is missing, unreadable or no picture that `decode` accepts, or if
            it, before or after resizing, has more than `pixel_limit` pixels.
    """
    sha256 = file_sha256(path, expected=EXPECTED)
    pixels, notes = decode(path, pixel_limit=pixel_limit)
    if side is not None and side != max(pixels.shape[:2]):
        pixels = _resize(pixels, side, pixel_limit)
        notes.append(f"resized to {pixels.shape[1]}×{pixels.shape[0]} (bicubic)")
    return LoadedImage(np.ascontiguousarray(pixels, dtype=np.float32), sha256, tuple(notes))


def _resize(pixels: npt.NDArray, side: int, pixel_limit: int) -> npt.NDArray[np.float32]:
    """Bicubic with antialiasing, the longer side to `side`, clipped to [0, 1]."""
    from PIL import Image

    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size[0] * size[1] > pixel_limit:
        raise ArgumentError(
            f"side={side}: {size[0]}×{size[1]} pixels; expected at most pixel_limit={pixel_limit}"
        )
    channels = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(pixels[:, :, c], dtype=np.float32)).resize(
                size, Image.Resampling.BICUBIC
            )
        )
        for c in range(pixels.shape[2])
    ]
    return np.clip(np.stack(channels, axis=2), 0.0, 1.0)


def save(path: Path, pixels: npt.NDArray[np.floating]) -> None:
    """Write (H, W, C) values, clipped to [0, 1], as an 8-bit PNG."""
    import imageio.v3 as iio

    eight = np.round(np.clip(pixels, 0.0, 1.0) * 255).astype(np.uint8)
    iio.imwrite(path, eight[:, :, 0] if eight.shape[2] == 1 else eight)
