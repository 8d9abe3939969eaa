"""TIFF files of more than 8 bits, or whose first page is no more than a thumbnail."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...checks import InputError
from .pixels import ORIENTATION, check_size, to_unit, upright

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

#: First bytes of a TIFF or BigTIFF of either byte order.
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
#: Channels of the colour spaces read here.
COLOURS = {"MINISWHITE": 1, "MINISBLACK": 1, "RGB": 3}
PREMULTIPLIED, STRAIGHT = 1, 2


def read_tiff(path: Path, pixel_limit: int, notes: list[str]) -> npt.NDArray | None:
    """The picture of a TIFF: its first page, unless another one is larger, as behind a thumbnail.

    None for any other file, and for a first page of 8 bits, or one that tifffile lacks the
    decompressor for: Pillow reads those.

    Shapes: -> (H, W, C) as stored, float32 where alpha had been multiplied in.

    Raises:
        InputError: for other depths, too many pixels, or colours that are neither grey nor RGB.
    """
    with path.open("rb") as file:
        if file.read(4) not in MAGIC:
            return None
    from tifffile import TiffFile

    with TiffFile(path) as tiff:
        first, count = tiff.pages.first, len(tiff.pages)
        page = largest(tiff)
        if page is not first:
            notes.append(
                f"a smaller picture comes first ({first.imagewidth}×{first.imagelength}); the "
                "largest is taken"
            )
        elif page.dtype is None or page.dtype in (np.uint8, bool):
            return None
        elif count > 1:
            notes.append("first frame of several")
        check_size(path, (page.imagewidth, page.imagelength), pixel_limit)
        base = _colours(path, page)
        try:
            raw = page.asarray()
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            if page is first:
                return None
            raise InputError(
                f"{path}: its largest picture is packed as {name_of(page.compression)}, which is "
                "not read; expected a picture, not a camera's raw file"
            ) from error
        raw = np.moveaxis(raw, 0, 2) if page.axes == "SYX" else np.atleast_3d(raw)
        raw = raw.astype(raw.dtype.newbyteorder("="))
        if name_of(page.photometric) == "MINISWHITE":
            white = 1 if raw.dtype.kind == "f" else np.iinfo(raw.dtype).max
            raw[:, :, 0] = white - raw[:, :, 0]
        raw = _with_alpha(path, raw, base, tuple(page.extrasamples), notes)
        turn = page.tags.get(ORIENTATION) or first.tags.get(ORIENTATION)
        return upright(raw, 1 if turn is None else turn.value, notes)


def largest(tiff: "TiffFile") -> "TiffPage":
    """The page of most pixels, the first of several, pages within pages among them."""
    found = tiff.pages.first
    for either in (page for own in tiff.pages for page in (own, *(own.pages or ()))):
        page = either.aspage()
        if page.imagewidth * page.imagelength > found.imagewidth * found.imagelength:
            found = page
    return found


def name_of(code: object) -> str:
    """tifffile's name of a code, or the number that it has no name for."""
    return str(getattr(code, "name", code))


def _colours(path: Path, page: "TiffPage") -> int:
    """Count the channels of colour, or raise an `InputError` for what is neither grey nor RGB."""
    kind, bits = page.dtype, page.bitspersample
    whole = kind in (np.uint8, np.uint16) and bits == 8 * kind.itemsize
    if not whole and not (kind is not None and kind.kind == "f"):
        raise InputError(f"{path}: expected 8- or 16-bit or float pixels, got {bits}-bit {kind}")
    name = name_of(page.photometric)
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
        raw = to_unit(raw, path, notes)
        alpha = raw[:, :, -1:]
        colour = np.divide(raw[:, :, :-1], alpha, out=np.ones_like(raw[:, :, :-1]), where=alpha > 0)
        raw = np.concatenate([np.minimum(colour, 1), alpha], axis=2)
    return raw
