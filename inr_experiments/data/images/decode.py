"""Picture files of every kind to float arrays, or one sentence why not."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...checks import InputError
from .metadata import without_metadata
from .pixels import ORIENTATION, TURNED, TURNS, check_size, opaque, to_unit, upright
from .tiff import read_tiff

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

#: Pillow's modes that hold what the file holds; every other one is converted.
KEPT = ("1", "L", "LA", "RGB", "RGBA", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")
CONVERTED = {"P": "RGB", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB"}
#: Raw modes of 16-bit PNG colour -> those under which Pillow hands over its bytes.
BYTES = {
    "RGB;16B": ("RGB;16B", "RGB;16L"),
    "RGBA;16B": ("RGBA;16B", "RGBA;16L"),
    "LA;16B": ("RGBA",),
}


def decode(path: Path, *, pixel_limit: int) -> tuple[npt.NDArray[np.float32], list[str]]:
    """A file's first frame, upright, and what had to be done for it, one sentence each.

    Grey stays one channel; palettes and other colour spaces become RGB; transparency is composited
    on white; 8- and 16-bit integers are scaled to [0, 1], floats must lie there already. 16-bit
    colour keeps its 16 bits in PNG and TIFF; elsewhere the 8 that Pillow hands over.

    Shapes: -> (H, W, C) in [0, 1], C = 1 or 3.

    Raises:
        InputError: if the file is empty or no picture, holds fewer than 2 or, as its header
            announces before anything is decoded, more than `pixel_limit` pixels, or values that
            are not finite or outside [0, 1].
    """
    if path.stat().st_size == 0:
        raise InputError(f"{path}: an empty file; expected a picture")
    notes: list[str] = []
    try:
        with _silence():
            raw = read_tiff(path, pixel_limit, notes)
            if raw is None:
                raw = _read_pixels(path, pixel_limit, notes)
    except InputError:
        raise
    except Exception as error:
        from PIL import UnidentifiedImageError

        known = not isinstance(error, UnidentifiedImageError)
        why = f" ({' '.join(str(error).split())})" if known else ""
        raise InputError(
            f"{path}: cannot be read as a picture{why}; meshes and volumes are for task=occupancy"
        ) from error
    return opaque(to_unit(raw, path, notes), notes), notes


def _read_pixels(path: Path, pixel_limit: int, notes: list[str]) -> npt.NDArray:
    """`_read`, without the metadata where they are what Pillow cannot read; EXIF goes last."""
    said = list(notes)
    try:
        return _read(path, path, pixel_limit, notes)
    except InputError:
        raise
    except Exception as error:
        content = path.read_bytes()
        for exif, left_out in ((True, "metadata but EXIF"), (False, "metadata")):
            bare = without_metadata(content, exif=exif)
            if bare == content:
                continue
            notes[:] = [*said, f"{left_out} left out, as they cannot be read"]
            try:
                return _read(path, io.BytesIO(bare), pixel_limit, notes)
            except InputError:
                raise
            except Exception:
                continue
        raise error


def _read(path: Path, source: Path | io.BytesIO, pixel_limit: int, notes: list[str]) -> npt.NDArray:
    """The first frame as Pillow reads it, (H, W) or (H, W, C), upright."""
    from PIL import Image

    with _pillow_limit(None), Image.open(source) as image:
        check_size(path, image.size, pixel_limit)
        if _frames(image) > 1:
            notes.append("first frame of several")
        form = _raw_mode(image)
        turn = image.getexif().get(ORIENTATION, 1)
        # Inside an .ico lies a picture of its own, whose size no outer header tells.
        with _pillow_limit(pixel_limit):
            image.load()
            raw = _sixteen_bits(source, form) if image.format == "PNG" and form in BYTES else None
        check_size(path, image.size, pixel_limit)
        if raw is None:
            if ";16" in form and image.mode in ("LA", "RGB", "RGBA"):
                notes.append("16-bit colour read at 8 bits")
            raw = _array(image, notes)
        raw = _with_alpha(raw, image, form)
        # Pillow itself turns TIFFs, in load(), and PNG may tell at its end.
        later = image.getexif().get(ORIENTATION, 1)
        if turn in TURNS and later == 1:
            notes.append(TURNED)
        return upright(raw, later, notes)


@contextmanager
def _silence() -> Iterator[None]:
    """Without the decoders' remarks on odd metadata; what matters to a user is in the notes."""
    log = logging.getLogger("tifffile")
    before, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.disabled = before


@contextmanager
def _pillow_limit(pixels: int | None) -> Iterator[None]:
    """Pillow's own guard, which is global, at twice the given number of pixels, or off."""
    from PIL import Image

    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = pixels
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _frames(image: "ImageFile") -> int:
    """The number of frames; 1 where what follows the first cannot be read."""
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:
        image.seek(0)
        return 1


def _raw_mode(image: "ImageFile") -> str:
    """Pillow's words for how the file stores its pixels, or an empty string."""
    args = image.tile[0][3] if image.tile else ""
    if image.format == "PPM" and isinstance(args, tuple) and int(args[1]) > 255:
        return f"{args[0]};16"
    args = args[0] if isinstance(args, tuple) and args else args
    return args if isinstance(args, str) else ""


def _sixteen_bits(source: Path | io.BytesIO, form: str) -> npt.NDArray[np.uint16]:
    """16-bit PNG colour with all its bits.

    Pillow decodes it to 8 bits, the first byte of each two. Told that the bytes stand the other
    way round, it hands over the second. Grey with alpha, four bytes a pixel, it takes for RGBA.
    """
    from PIL import Image

    parts = []
    for pretended in BYTES[form]:
        with Image.open(source) as image:
            codec, extents, offset, _ = image.tile[0]
            image.tile = [(codec, extents, offset, pretended)]
            parts.append(np.asarray(image).astype(np.uint16))
    high, low = parts if len(parts) == 2 else (parts[0][:, :, ::2], parts[0][:, :, 1::2])
    return np.asarray(high << 8 | low, dtype=np.uint16)


def _array(image: "ImageFile", notes: list[str]) -> npt.NDArray:
    """A decoded Pillow picture as an array, converted where its mode is none of ours."""
    mode = image.mode
    if mode in KEPT:
        return np.asarray(image)
    if mode not in CONVERTED:
        notes.append(f"converted from {mode} to RGB")
    transparent = mode == "P" and "transparency" in image.info
    return np.asarray(image.convert("RGBA" if transparent else CONVERTED.get(mode, "RGB")))


def _with_alpha(raw: npt.NDArray, image: "ImageFile", form: str) -> npt.NDArray:
    """Make an alpha channel where the file names one value or colour as transparent."""
    key = image.info.get("transparency")
    if (
        image.format not in ("PNG", "GIF")
        or image.mode in ("P", "PA")
        or not isinstance(key, int | tuple)
    ):
        return raw
    raw = raw[:, :, None] if raw.ndim == 2 else raw
    # Pillow spreads the values of few bits over 0 to 255, and leaves the key as it is.
    spread = {"L;2": 85, "L;4": 17}.get(form, 1)
    seen = (raw != spread * np.asarray(key)).any(axis=2, keepdims=True)
    top = 1 if raw.dtype == bool else np.iinfo(raw.dtype).max
    return np.concatenate([raw, (seen * top).astype(raw.dtype)], axis=2)
