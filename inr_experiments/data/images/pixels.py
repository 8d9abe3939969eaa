"""Decoded pictures made ready: their size, their turn, their values."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...checks import InputError

#: 16-bit pictures whose values stay below an eighth of the range are often of 12 or 10 bits.
LOW = 2**13
#: The tag of EXIF and TIFF that says how a picture was held, and what it asks for: a turn of an
#: array (H, W, ...).
ORIENTATION = 0x0112
TURNED = "turned upright as its orientation tag says"
TURNS: dict[int, Callable[[npt.NDArray], npt.NDArray]] = {
    2: np.fliplr,
    3: lambda raw: np.rot90(raw, 2),
    4: np.flipud,
    5: lambda raw: raw.swapaxes(0, 1),
    6: lambda raw: np.rot90(raw, -1),
    7: lambda raw: np.rot90(raw, 2).swapaxes(0, 1),
    8: np.rot90,
}


def check_size(path: Path, size: tuple[int, int], pixel_limit: int) -> None:
    """Refuse the width and height that a header announces, before memory is taken for them."""
    width, height = size
    if width * height > pixel_limit:
        raise InputError(
            f"{path}: {width}×{height} pixels; expected at most pixel_limit={pixel_limit}"
        )
    if width * height < 2:
        raise InputError(f"{path}: {width}×{height} pixels; expected at least 2")


def upright(raw: npt.NDArray, orientation: int, notes: list[str]) -> npt.NDArray:
    """(H, W, ...) turned as `orientation`, 1 to 8, asks; any other value asks for nothing."""
    turn = TURNS.get(orientation)
    if turn is None:
        return raw
    notes.append(TURNED)
    return turn(raw)


def to_unit(raw: npt.NDArray, path: Path, notes: list[str]) -> npt.NDArray[np.float32]:
    """Stored values (H, W) or (H, W, C) to (H, W, C) float32 in [0, 1].

    16-bit values are not stretched; that they end far below what they may be is noted.
    """
    raw = raw[:, :, None] if raw.ndim == 2 else raw
    if raw.ndim != 3 or not 1 <= raw.shape[2] <= 4:
        raise InputError(f"{path}: expected a picture with 1 to 4 channels, got shape {raw.shape}")
    if raw.dtype == bool:
        return raw.astype(np.float32)
    if raw.dtype == np.int32 and raw.min() >= 0 and raw.max() <= 65535:
        raw = raw.astype(np.uint16)  # Pillow's mode for some 16-bit grey files
    if raw.dtype.kind == "u" and raw.dtype.itemsize <= 2:
        colour = raw[:, :, : raw.shape[2] - (raw.shape[2] + 1) % 2]  # without alpha
        if raw.dtype.itemsize == 2 and colour.max() < LOW:
            notes.append(
                f"16-bit values end at {colour.max()} of 65535 and are taken as they are: a dark "
                "picture; expected one that is scaled, where that is not meant"
            )
        return np.divide(raw, np.iinfo(raw.dtype).max, dtype=np.float32)
    if raw.dtype.kind != "f":
        raise InputError(f"{path}: expected 8- or 16-bit or float pixels, got {raw.dtype}")
    bad = raw.size - int(np.isfinite(raw).sum())
    if bad:
        raise InputError(f"{path}: {bad} of {raw.size} values are NaN or infinite; expected none")
    if raw.min() < 0 or raw.max() > 1:
        raise InputError(
            f"{path}: float values from {raw.min():g} to {raw.max():g}; expected all in [0, 1]"
        )
    return raw.astype(np.float32)


def opaque(pixels: npt.NDArray[np.float32], notes: list[str]) -> npt.NDArray[np.float32]:
    """Composite a last channel that is alpha on white."""
    if pixels.shape[2] in (1, 3):
        return pixels
    colour, alpha = pixels[:, :, :-1], pixels[:, :, -1:]
    if (alpha < 1).any():
        notes.append("transparency composited on white")
    return colour * alpha + (1 - alpha)
