"""Occupancy volumes from files: read, cropped to their tight box, downsampled by majority."""

import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import find_objects

from ...checks import ArgumentError, InputError, choice, integer, number
from ...digest import file_sha256
from .base import Labels, Points, Solid, Triangles, scale_to_box
from .matlab import stored_arrays
from .surface import extract

SUFFIXES = (".npz", ".npy", ".mat")
#: Keys that need not be named: ours, and that of WIRE's files.
KEYS = ("occupancy", "hypercube")
SIDES = ("above", "below")
#: A volume may hold this many voxels, 1024³, and this many bytes: one of zeros packs into few.
VOXELS, BYTES = 2**30, 2**32
Occupied = npt.NDArray[np.bool_]


class Volume(Solid):
    """Voxels as a solid in the box: a point is inside where its voxel is, nothing is interpolated.

    Array axes are x, y, z. Voxels are cubes; the middle of the array lies at the origin.
    """

    def __init__(self, occupied: Occupied, *, pitch: float, sha256: str, facts: dict) -> None:
        self.sha256 = sha256
        self.facts = facts
        self._occupied = occupied
        self._pitch = pitch

    def label(self, points: Points) -> Labels:
        """Mark points whose voxel is inside. Shapes: (N, 3) -> (N,)."""
        shape = np.array(self._occupied.shape)
        index = np.floor(points / self._pitch + shape / 2).astype(np.int64)
        held = ((index >= 0) & (index < shape)).all(axis=1)
        inside = np.zeros(len(points), dtype=bool)
        inside[held] = self._occupied[tuple(index[held].T)]
        return Labels(inside, 0)

    def surface(self) -> Triangles:
        """Marching cubes halfway between inside and outside voxels."""
        found = extract(self._occupied.astype(np.float32), level=0.5)
        assert found is not None  # `load` refuses a volume without inside
        # `extract` spans [-1, 1] along the longest axis.
        return Triangles(found.vertices * self._pitch * max(self._occupied.shape) / 2, found.faces)


def load(
    path: Path,
    *,
    key: str | None = None,
    threshold: float | None = None,
    inside: str = "above",
    side: int | None = None,
    scaling: str = "box",
    fill: float = 1.0,
) -> Volume:
    """Read a volume, crop it to its tight box, downsample it to `side`, and scale it to the box.

    `facts`: `shape`, `file_shape`, `half_extents`, `radius`, `notes`.

    Args:
        key: the array in a .npz or .mat; None takes `occupancy`, `hypercube` or the only one.
        threshold: where the surface lies; needed where there are more than two values.
        inside: `above` the threshold, or `below` it, as of signed distances; of two values the
            larger or the smaller.
        side: most voxels along the longest axis; None keeps the file's.

    Raises:
        InputError: if the file cannot be read or holds no solid.
    """
    if side is not None:
        integer("side", side)
    if threshold is not None:
        number("threshold", threshold, above=-math.inf)
    sha256 = file_sha256(path, expected=f"a volume ({' '.join(SUFFIXES)})")
    values, notes = read(path, key)
    occupied, said = binary(path, values, threshold, choice("inside", inside, SIDES))
    said += border_note(occupied, inside)
    cropped = crop(occupied)
    small = majority(cropped, side)
    if small.shape != cropped.shape:
        notes.append(f"downsampled from {cropped.shape} to {small.shape} by majority vote")
    if not small.any():
        raise InputError(f"{path}: nothing is inside at side={side}; expected a larger side")
    small = crop(small)

    half = np.array(small.shape) / max(small.shape)
    radius = _radius(small)
    factor = scale_to_box(half, radius, scaling=scaling, fill=fill)
    facts: dict[str, Any] = {
        "kind": "volume",
        "shape": list(small.shape),
        "file_shape": list(values.shape),
        "half_extents": (half * factor).tolist(),
        "radius": radius * factor,
        "notes": [*notes, *said],
    }
    return Volume(small, pitch=2 * factor / max(small.shape), sha256=sha256, facts=facts)


def read(path: Path, key: str | None) -> tuple[npt.NDArray, list[str]]:
    """The three-dimensional array of numbers in a file, and how it was chosen."""
    kind = path.suffix.lower()
    notes: list[str] = []
    try:
        if kind == ".npy":
            _no_key(path, key)
            _check_size(path, *_npy_header(path))
            values = np.load(path, allow_pickle=False)
        elif kind == ".npz":
            values, notes = _from_npz(path, key)
        else:
            values, notes = _from_mat(path, key)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: cannot be read as a volume ({error})") from error
    if values.ndim != 3 or values.size == 0:
        raise InputError(f"{path}: expected an array (X, Y, Z), got shape {values.shape}")
    if values.dtype != bool and not np.issubdtype(values.dtype, np.number):
        raise InputError(f"{path}: expected numbers, got {values.dtype}")
    real = values.dtype.kind in "bui" or (values.dtype.kind == "f" and np.isfinite(values).all())
    if not real:
        raise InputError(f"{path}: some values are complex, NaN or infinite; expected real numbers")
    return values, notes


def _from_npz(path: Path, key: str | None) -> tuple[npt.NDArray, list[str]]:
    with zipfile.ZipFile(path) as archive:
        names = [n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")]
        chosen, notes = _choose(path, names, key)
        with archive.open(f"{chosen}.npy") as handle:
            _check_size(path, *_array_header(handle), archive.getinfo(f"{chosen}.npy").file_size)
    with np.load(path, allow_pickle=False) as arrays:
        return arrays[chosen], notes


def _from_mat(path: Path, key: str | None) -> tuple[npt.NDArray, list[str]]:
    found = stored_arrays(path)
    chosen, notes = _choose(path, list(found), key)
    array = found[chosen]
    _check_size(path, array.shape, array.dtype.itemsize)
    return array.read(), notes


def _choose(path: Path, names: list[str], key: str | None) -> tuple[str, list[str]]:
    """The array to take, and a note where that was not asked for."""
    if key is not None and key in names:
        return key, []
    if key is None:
        for known in KEYS:
            if known in names:
                return known, []
        if len(names) == 1:
            return names[0], [f"array {names[0]!r} taken, the only one"]
    if not names:
        raise InputError(f"{path}: holds no array; expected an array (X, Y, Z)")
    asked = "no key is given" if key is None else f"no array {key!r}"
    raise InputError(f"{path}: {asked}; expected key=NAME, one of {', '.join(names)}")


def _no_key(path: Path, key: str | None) -> None:
    if key is not None:
        raise ArgumentError(f"key={key!r}: {path} is one array without a key; expected null")


def _npy_header(path: Path) -> tuple[tuple[int, ...], int, int]:
    with open(path, "rb") as handle:
        return (*_array_header(handle), path.stat().st_size)


def _array_header(handle: Any) -> tuple[tuple[int, ...], int]:
    """Shape and bytes a value that a .npy announces."""
    version = np.lib.format.read_magic(handle)
    reader = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        reader = np.lib.format.read_array_header_2_0
    shape, _, dtype = reader(handle)
    if dtype.hasobject:  # of unknown size
        raise ValueError("it holds objects; expected numbers")
    return shape, dtype.itemsize


def _check_size(path: Path, shape: tuple[int, ...], width: int, held: int | None = None) -> None:
    """Refuse before anything is allocated."""
    voxels = math.prod(shape)
    if min(shape, default=0) < 0:
        raise InputError(f"{path}: announces shape {shape}; expected an array (X, Y, Z)")
    if voxels > VOXELS:
        raise InputError(f"{path}: shape {shape} has {voxels} voxels; expected at most {VOXELS}")
    if voxels * width > BYTES:
        raise InputError(
            f"{path}: shape {shape} takes {voxels * width} bytes; expected at most {BYTES}, as one "
            "byte a voxel does"
        )
    if held is not None and voxels * width > held:
        raise InputError(
            f"{path}: announces shape {shape}, {voxels * width} bytes, but holds {held}; "
            "expected a complete file"
        )


def binary(
    path: Path, values: npt.NDArray, threshold: float | None, inside: str
) -> tuple[Occupied, list[str]]:
    """Inside or outside for every voxel, and what was decided for it.

    Above or below the threshold where one is given; else the larger or smaller one of two values.
    """
    low, high = values.min(), values.max()
    if low == high:
        raise InputError(f"{path}: every voxel is {low}; expected an inside and an outside")
    notes: list[str] = []
    if threshold is None:
        if values.dtype == bool:
            return values if inside == "above" else ~values, notes
        if not ((values == low) | (values == high)).all():
            raise InputError(
                f"{path}: not binary, values from {low} to {high}; expected threshold=NUMBER"
            )
        if (low, high) != (0, 1) or inside == "below":
            which = "larger" if inside == "above" else "smaller"
            notes.append(f"two values, {low} and {high}; the {which} is inside")
        return values == (high if inside == "above" else low), notes
    if not (low <= threshold < high if inside == "above" else low < threshold <= high):
        ends = f"from {low} to below {high}" if inside == "above" else f"above {low} to {high}"
        raise ArgumentError(
            f"threshold={threshold!r}: expected a number {ends}, the values of {path}"
        )
    notes.append(f"inside is {inside} {threshold:g} of values from {low} to {high}")
    return values > threshold if inside == "above" else values < threshold, notes


def border_note(occupied: Occupied, inside: str) -> list[str]:
    """A sentence where most of the array's border is inside, and less of the rest."""
    if min(occupied.shape) < 3:
        return []
    within = occupied[1:-1, 1:-1, 1:-1]
    border = (occupied.sum() - within.sum()) / (occupied.size - within.size)
    if border <= 0.5 or border <= within.mean():
        return []
    other = "below" if inside == "above" else "above"
    return [f"{border:.0%} of the border of the volume is inside: is task.inside={other} meant?"]


def crop(occupied: Occupied) -> Occupied:
    """The smallest block that holds all that is inside."""
    return occupied[find_objects(occupied.view(np.uint8))[0]]


def majority(occupied: Occupied, side: int | None) -> Occupied:
    """Blocks of k³ voxels become one, inside where more than half of the block is.

    k is the least integer that brings the longest axis to `side` or below; a ragged end is filled
    up with outside, equally at both ends.

    Shapes: (X, Y, Z) -> (⌈X/k⌉, ⌈Y/k⌉, ⌈Z/k⌉).
    """
    k = 1 if side is None else -(-max(occupied.shape) // side)
    if k == 1:
        return occupied
    missing = [-n % k for n in occupied.shape]
    padded = np.pad(occupied, [(m // 2, m - m // 2) for m in missing])
    votes: npt.NDArray = padded.astype(np.uint8)
    for axis in range(3):  # one axis at a time: the counts stay small
        shape = (*votes.shape[:axis], votes.shape[axis] // k, k, *votes.shape[axis + 1 :])
        votes = votes.reshape(shape).sum(axis=axis + 1, dtype=np.int32)
    return votes > k**3 / 2


def _radius(occupied: Occupied) -> float:
    """From the middle to the farthest corner of an inside voxel, in half the longest side."""
    x, y, z = ((np.abs(np.arange(n) + 0.5 - n / 2) + 0.5) ** 2 for n in occupied.shape)
    # A layer at a time: coordinates of all voxels of a ball take forty times its memory.
    layers = (far + (y[:, None] + z)[layer].max() for far, layer in zip(x, occupied, strict=True)
              if layer.any())  # fmt: skip
    return math.sqrt(max(layers)) / (max(occupied.shape) / 2)
