"""Recipes for downloaded files: a crop, a mesh, a volume is made of each."""

import zlib
from pathlib import Path

import numpy as np

from ...checks import InputError
from ..solids.matlab import stored_arrays

CROP, KEPT = 1024, 512


def crop(source: Path, target: Path) -> None:
    """The central 1024² of a photograph, bicubic to 512², as an 8-bit RGB PNG.

    From row (H − 1024) // 2 and column (W − 1024) // 2 on; antialiased, as Pillow's bicubic is.

    Source: the test crops of Tancik et al. 2020.
    """
    from PIL import Image

    try:
        with Image.open(source) as image:
            photograph = image.convert("RGB")
    except OSError as error:
        raise InputError(f"{source}: cannot be read as a picture ({error})") from error
    width, height = photograph.size
    if min(width, height) < CROP:
        raise InputError(f"{source}: {width}×{height} pixels; expected at least {CROP} each way")
    left, top = (width - CROP) // 2, (height - CROP) // 2
    middle = photograph.crop((left, top, left + CROP, top + CROP))
    middle.resize((KEPT, KEPT), Image.Resampling.BICUBIC).save(target, format="PNG")


def occupancy(source: Path, target: Path) -> None:
    """WIRE's .mat volume as an .npz with the key `occupancy`.

    Inside is where `hypercube` exceeds half its maximum, as WIRE scales it.

    Shapes: (X, Y, Z) uint8, 0 outside -> (X, Y, Z) bool.
    """
    try:
        values = stored_arrays(source)["hypercube"].read()
    except (KeyError, ValueError, zlib.error) as error:
        raise InputError(f"{source}: expected a .mat file with the key hypercube") from error
    if values.ndim != 3 or not values.max() > 0:
        raise InputError(f"{source}: expected a volume that is not empty, got shape {values.shape}")
    with target.open("wb") as out:
        np.savez_compressed(out, occupancy=values > values.max() / 2)
