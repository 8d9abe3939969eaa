"""TIFF files of more than 8 bits, which Pillow cuts to 8 or does not open."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...checks import InputError
from .pixels import ORIENTATION, check_size, to_unit, upright

if TYPE_CHECKING:
    from tifffile import TiffPage

#: First bytes of a TIFF or BigTIFF of either byte order.
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
#: Channels of the colour spaces read here.
COLOURS = {"MINISWHITE": 1, "MINISBLACK": 1, "RGB": 3}
PREMULTIPLIED, STRAIGHT = 1, 2


def read_deep_tiff(path: Path, pixel_limit: int, notes: list[str]) -> npt.NDArray | None:
    """The first page of a 16-bit or float TIFF, or None for any other file.

    None too where tifffile lacks the decompressor; Pillow has more of them.

    Shapes: -> (H, W, C) as stored, float32 where alpha had been multiplied in.

    Raises:
        InputError: for other depths, too many pixels, or colours that are neither grey nor RGB.
    """
    with path.open("rb") as file:
        if file.read(4) not in MAGIC:
            return None
    from tifffile import TiffFile

    with TiffFile(path) as tiff:
        page = tiff.pages.first
        if page.dtype is None or page.dtype in (np.uint8, bool):
            return None
        check_size(path, (page.imagewidth, page.imagelength), pixel_limit)
        base = _colours(path, page)
        try:
            raw = page.asarray()
        except ValueError as error:
            if "imagecodecs" in str(error):
                return None
            raise
        if len(tiff.pages) > 1:
            notes.append("first frame of several")
        raw = np.moveaxis(raw, 0, 2) if page.axes == "SYX" else np.atleast_3d(raw)
        raw = raw.astype(raw.dtype.newbyteorder("="))
        if page.photometric.name == "MINISWHITE":
            white = 1 if raw.dtype.kind == "f" else np.iinfo(raw.dtype).max
            raw[:, :, 0] = white - raw[:, :, 0]
        raw = _with_alpha(path, raw, base, tuple(page.extrasamples), notes)
        turn = page.tags.get(ORIENTATION)
        return upright(raw, 1 if turn is None else turn.value, notes)


def _colours(path: Path, page: "TiffPage") -> int:
    """Count the channels of colour, or raise an `InputError` for what is neither grey nor RGB."""
    kind, bits = page.dtype, page.bitspersample
    if not (kind == np.uint16 and bits == 16) and not (kind is not None and kind.kind == "f"):
        raise InputError(f"{path}: expected 8- or 16-bit or float pixels, got {bits}-bit {kind}")
    name = getattr(page.photometric, "name", str(page.photometric))
    if name not in COLOURS or page.axes not in ("YX", "YXS", "SYX"):
        raise InputError(
            f"{path}: expected one grey or RGB picture, got {name} with axes {page.axes}"
        )
    return COLOURS[name]


def _with_alpha(
    path: Path, raw: npt.NDArray, base: int, extra: tuple[int, ...], notes: list[str]
) -> npt.NDArray:
    """Colour channels, and the first extra one where it is alpha; others are dropped."""
    kind = extra[0] if extra else None
    kept = base + (kind in (PREMULTIPLIED, STRAIGHT))
    if kept < raw.shape[2]:
        notes.append(f"{raw.shape[2] - kept} extra channels dropped")
        raw = raw[:, :, :kept]
    if kind == PREMULTIPLIED:
        raw = to_unit(raw, path)
        alpha = raw[:, :, -1:]
        colour = np.divide(raw[:, :, :-1], alpha, out=np.ones_like(raw[:, :, :-1]), where=alpha > 0)
        raw = np.concatenate([np.minimum(colour, 1), alpha], axis=2)
    return raw
