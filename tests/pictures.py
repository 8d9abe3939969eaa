"""Picture files for tests, written by hand where libraries would mend them."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile

from inr_experiments.checks import InputError
from inr_experiments.data.images import load as images

RAMP = np.linspace(0, 1, 60).reshape(4, 5, 3)
EIGHT = np.round(RAMP * 255).astype(np.uint8)
SIXTEEN = np.round(RAMP * 65535).astype(np.uint16)
#: PNG's colour types by the number of channels.
COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}


def block(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def write_png(path: Path, pixels: np.ndarray, *, size=None, key: bytes = b"") -> Path:
    """A PNG of 8 or 16 bits that may lie about its `size`; written by hand, as Pillow writes 8."""
    height, width, channels = pixels.shape
    bits = 8 * pixels.dtype.itemsize
    rows = b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in pixels)
    header = struct.pack(
        ">IIBBBBB", *(size or (width, height)), bits, COLOUR_TYPE[channels], 0, 0, 0
    )
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + block(b"IHDR", header)
        + (block(b"tRNS", key) if key else b"")
        + block(b"IDAT", zlib.compress(rows))
        + block(b"IEND", b"")
    )
    return path


def refusal(path: Path, **options) -> str:
    """The one sentence with which a file is refused; it names the file."""
    with pytest.raises(InputError) as refused:
        images.load(path, **options)
    text = str(refused.value)
    assert str(path) in text and "\n" not in text
    return text


def write_tiff(path: Path, values: np.ndarray, **options) -> Path:
    """A TIFF, grey unless it has three channels."""
    grey = values.shape[-1] != 3
    tifffile.imwrite(path, values, **{"photometric": "minisblack" if grey else "rgb", **options})
    return path
