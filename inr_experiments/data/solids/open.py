"""Solids by their name or file, and how they are opened."""

from dataclasses import dataclass
from pathlib import Path

from ...checks import ArgumentError, InputError, nearest
from ...digest import file_sha256
from ...paths import data_dir, user_path
from . import meshes, volumes
from .base import Solid
from .shapes import SHAPES, Shape, shape_sha256

SUFFIXES = meshes.SUFFIXES + volumes.SUFFIXES
#: Where the camera stands unless a scan says otherwise, in degrees about the vertical y axis.
AZIMUTH = 30.0


@dataclass(frozen=True)
class Scan:
    """Files under the data folder, the first there counts, and the side to look at it from."""

    files: tuple[str, ...]
    azimuth: float = AZIMUTH


SCANS = {
    "armadillo": Scan(("meshes/armadillo.obj", "meshes/armadillo.ply"), azimuth=210.0),
    "bunny": Scan(("meshes/bunny100k.obj", "meshes/bunny.ply")),
    "happy_buddha": Scan(("meshes/happy_buddha.obj", "meshes/happy_buddha.ply")),
    "dragon": Scan(("meshes/dragon.ply",)),
    "lucy": Scan(("meshes/lucy.ply",)),
    "thai_statue": Scan(("volumes/thai_statue.npz", "meshes/thai_statue.ply")),
}


def locate(*, shape: str | None, path: str | None) -> Path | None:
    """The file that `shape` and `path` mean, without opening it; None for a bundled shape.

    Raises:
        InputError: if there is no such name, or the data folder lacks its file.
    """
    if path is not None:
        return user_path(path)
    if shape in SHAPES:
        return None
    if shape not in SCANS:
        names = [*SHAPES, *SCANS]
        raise ArgumentError(
            f"shape={shape!r}: expected one of {', '.join(names)}{nearest(shape, names)}; "
            "for a file of your own, path=FILE"
        )
    for file in SCANS[shape].files:
        if (data_dir() / file).is_file():
            return data_dir() / file
    raise ArgumentError(
        f"shape={shape!r}: {data_dir()} holds no {' or '.join(SCANS[shape].files)}; fetch it "
        f"with: inr-download scans, or take a bundled shape: {', '.join(SHAPES)}"
    )


def fingerprint(*, shape: str | None, path: str | None) -> str:
    """The hash of the data behind a solid, which is not opened.

    Raises:
        InputError: if there is no such name or file.
    """
    file = locate(shape=shape, path=path)
    if file is None:
        return shape_sha256(str(shape))
    return file_sha256(file, expected=f"a mesh or volume ({' '.join(SUFFIXES)})")


def azimuth(*, shape: str | None, path: str | None) -> float:
    """From where the solid is looked at, in degrees about the vertical."""
    return SCANS[shape].azimuth if path is None and shape in SCANS else AZIMUTH


def open_solid(
    *,
    shape: str | None,
    path: str | None,
    key: str | None,
    threshold: float | None,
    inside: str,
    side: int | None,
    scaling: str,
    fill: float,
) -> Solid:
    """The solid in the box.

    Args:
        key, threshold, inside, side: of a volume; see `volumes.load`.

    Raises:
        InputError: if it cannot be found, read or understood.
    """
    file = locate(shape=shape, path=path)
    name = "" if file is None else file.name.lower()
    if file is not None and name.endswith(volumes.SUFFIXES):
        volume = {"key": key, "threshold": threshold, "inside": inside, "side": side}
        return volumes.load(file, **volume, scaling=scaling, fill=fill)  # type: ignore[arg-type]
    given = {"key": key, "threshold": threshold, "inside": None if inside == "above" else inside}
    for option, value in given.items():
        if value is not None:  # `side` has a value at every scale, for volumes to take
            raise ArgumentError(
                f"{option}={value!r}: {file or shape} is no volume; expected the default, or a "
                f"volume ({' '.join(volumes.SUFFIXES)})"
            )
    if file is None:
        return Shape(str(shape), scaling=scaling, fill=fill)
    if name.endswith(meshes.SUFFIXES):
        return meshes.load(file, scaling=scaling, fill=fill)
    if file.is_dir():
        raise InputError(f"{file}: a folder; expected a file (with -m, every solid in the folder)")
    raise InputError(
        f"{file}: expected a mesh ({' '.join(meshes.SUFFIXES)}) or a volume "
        f"({' '.join(volumes.SUFFIXES)}); pictures are for task=image"
    )
