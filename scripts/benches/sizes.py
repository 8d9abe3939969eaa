"""Large inputs: a picture of 100 megapixels, a mesh of five million faces, 2000 pictures.

Seconds, and the memory that each adds at its peak. The runs of a large outputs folder are in the
bench `startup`.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from inr_experiments.data.images.load import load as load_picture
from inr_experiments.data.solids.meshes import load as load_mesh

from .launching import timed
from .timing import Row, peak

#: Pixels along a side, subdivisions of an icosahedron, pictures in a folder.
SIDE, SUBDIVISIONS, PICTURES = 10_000, 9, 2000
FITTED = 512


def rows(*, quick: bool) -> Iterator[Row]:
    """A row an input."""
    side, subdivisions, pictures = (64, 2, 3) if quick else (SIDE, SUBDIVISIONS, PICTURES)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        picture = written(folder / "large.jpg", side)
        yield once("picture", prepared, "picture", picture, pixels=side**2)
        mesh = bumpy_sphere(folder / "large.ply", subdivisions)
        yield once("mesh", prepared, "mesh", mesh, faces=20 * 4**subdivisions)
        many = folder / "pictures"
        many.mkdir()
        for i in range(pictures):
            written(many / f"{i:04d}.png", 8, seed=i)
        wall, processor = timed("scale=smoke", f"task.path={many}", cwd=folder, command="plan")
        yield Row("sizes/folder", wall, None, {"processor_s": processor, "pictures": pictures})


def written(path: Path, side: int, seed: int = 0) -> Path:
    """A square picture, of noise that differs from seed to seed."""
    from PIL import Image

    tile = np.random.default_rng(seed).integers(0, 256, (min(side, 500),) * 2, dtype=np.uint8)
    times = -(-side // len(tile))
    Image.fromarray(np.tile(tile, (times, times))[:side, :side]).convert("RGB").save(path)
    return path


def bumpy_sphere(path: Path, subdivisions: int, *, holes: float = 0.0) -> Path:
    """A mesh of 20 · 4^subdivisions faces, closed, or a share of them taken out."""
    import trimesh

    mesh = trimesh.creation.icosphere(subdivisions=subdivisions)
    mesh.vertices *= 1 + 0.1 * np.sin(9 * mesh.vertices).prod(axis=1, keepdims=True)
    mesh.update_faces(np.random.default_rng(0).random(len(mesh.faces)) >= holes)
    mesh.export(path)
    return path


def prepared(kind: str, path: Path) -> Callable[[], object]:
    """The reading of a file, all of its memory still to be taken."""
    return (
        partial(load_picture, path, side=FITTED) if kind == "picture" else partial(load_mesh, path)
    )


def once(name: str, prepare: Callable[..., Callable[[], object]], *of: object, **more: int) -> Row:
    """Seconds of a reading, and its peak in a process of its own."""
    started = time.perf_counter()
    prepare(*of)()
    seconds = time.perf_counter() - started
    return Row(f"sizes/{name}", seconds, None, {**more, "peak_gib": peak(prepare, *of)})
