"""Pictures from files to float arrays."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..checks import InputError, nearest
from ..paths import data_dir

#: Photographs that ship with scikit-image (public domain or CC0), by their file there.
BUNDLED = {
    "astronaut": "astronaut.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
}
#: The test crops of Tancik et al. 2020, by DIV2K validation id.
DIV2K = [
    "0826",
    "0831",
    "0823",
    "0815",
    "0854",
    "0875",
    "0805",
    "0806",
    "0872",
    "0887",
    "0863",
    "0877",
    "0821",
    "0834",
    "0809",
    "0890",
]


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: (H, W, C) float32 in [0, 1], C = 1 or 3.
        sha256: hash of the file's bytes.
        notes: what was done to the file on the way, one sentence each.
    """

    pixels: npt.NDArray[np.float32]
    sha256: str
    notes: tuple[str, ...]


def bundled(name: str) -> Path:
    """The file of a bundled photograph, or an `InputError` that lists them."""
    if name not in BUNDLED:
        raise InputError(
            f"task.image={name!r}: expected one of the bundled photographs "
            f"{', '.join(BUNDLED)}{nearest(name, BUNDLED)}; for a file of your own, task.path=FILE"
        )
    spec = find_spec("skimage")
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data" / BUNDLED[name]


def div2k(name: str) -> Path:
    """The file of a DIV2K test crop under the data folder, or an `InputError` that says what to do."""
    name = str(name).zfill(4)
    if name not in DIV2K:
        raise InputError(
            f"task.image={name!r}: expected one of the 16 DIV2K ids {', '.join(sorted(DIV2K))}"
        )
    path = data_dir() / "div2k" / "test512" / f"{name}.png"
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; set INR_DATA to a folder that holds div2k/test512/{name}.png "
            "(central 1024² of the DIV2K validation image, bicubic to 512²)"
        )
    return path


@lru_cache(maxsize=256)
def _sha256(path: Path, modified_ns: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes, read once as long as the file does not change."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a picture")
    status = path.stat()
    return _sha256(path, status.st_mtime_ns, status.st_size)


def load(path: Path, *, side: int | None = None) -> Picture:
    """Decode a picture and, where `side` is given, resize its longer side to it (bicubic).

    Grey stays one channel; colour becomes RGB; transparency is composited on white; 8- and 16-bit
    integers are scaled to [0, 1]. Whatever was changed is said in `notes`.

    Raises:
        InputError: if the file is missing, unreadable or no picture.
    """
    sha256 = file_sha256(path)
    raw, notes = _decode(path)
    pixels = _to_unit(raw, path)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.shape[2] in (2, 4):
        colour, alpha = pixels[:, :, :-1], pixels[:, :, -1:]
        if (alpha < 1).any():
            notes.append("transparency composited on white")
        pixels = colour * alpha + (1 - alpha)
    if side is not None and side != max(pixels.shape[:2]):
        pixels = _resize(pixels, side)
        notes.append(f"resized to {pixels.shape[1]}×{pixels.shape[0]} (bicubic)")
    return Picture(np.ascontiguousarray(pixels, dtype=np.float32), sha256, tuple(notes))


def _decode(path: Path) -> tuple[npt.NDArray, list[str]]:
    """The first frame as stored, upright, and what had to be done for it."""
    import imageio.v3 as iio

    notes = []
    try:
        meta = iio.immeta(path, plugin="pillow", index=0)
        mode = meta.get("mode", "")
        convert = "RGB" if mode in ("CMYK", "YCbCr", "LAB", "HSV") else None
        if convert:
            notes.append(f"converted from {mode} to RGB")
        raw = iio.imread(path, plugin="pillow", index=0, mode=convert, rotate=True)
        if iio.improps(path, plugin="pillow", index=...).shape[0] > 1:
            notes.append("first frame of several")
    except Exception as error:
        raise InputError(f"{path}: cannot be read as a picture ({error})") from error
    return raw, notes


def _to_unit(raw: npt.NDArray, path: Path) -> npt.NDArray[np.float32]:
    """Stored values to float32 in [0, 1]."""
    if raw.size == 0 or raw.ndim not in (2, 3) or (raw.ndim == 3 and raw.shape[2] > 4):
        raise InputError(f"{path}: expected a picture with 1 to 4 channels, got shape {raw.shape}")
    if raw.dtype == bool:
        return raw.astype(np.float32)
    if raw.dtype == np.int32:  # how the decoder hands over some 16-bit grey files
        raw = raw.astype(np.uint16)
    if raw.dtype in (np.uint8, np.uint16):
        return (raw / np.iinfo(raw.dtype).max).astype(np.float32)
    raise InputError(f"{path}: expected 8- or 16-bit pixels, got {raw.dtype}")


def _resize(pixels: npt.NDArray, side: int) -> npt.NDArray[np.float32]:
    """Bicubic with antialiasing, the longer side to `side`, clipped to [0, 1]."""
    from PIL import Image

    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
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
