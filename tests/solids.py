"""Meshes and files of them that tests make for themselves, and a small task on them."""

from functools import partial
from pathlib import Path

import numpy as np
import trimesh

from inr_experiments.tasks.occupancy import Occupancy

SMALL = {
    "pool": 4096,
    "eval_resolution": 24,
    "near_points": 2000,
    "mesh_resolution": 16,
    "spectrum_points": 256,
}
small = partial(Occupancy, **SMALL)


def sphere(subdivisions: int = 4) -> trimesh.Trimesh:
    """A fine sphere of radius 1."""
    return trimesh.creation.icosphere(subdivisions=subdivisions)


def with_holes(mesh: trimesh.Trimesh, share: float, seed: int = 0) -> trimesh.Trimesh:
    """The mesh with that share of its faces taken out at random."""
    holed = mesh.copy()
    holed.update_faces(np.random.default_rng(seed).random(len(mesh.faces)) >= share)
    return holed


def write(path: Path, mesh: trimesh.Trimesh) -> Path:
    """Export a mesh in the format that the suffix names."""
    mesh.export(path)
    return path


def box_points(count: int = 20_000, seed: int = 0) -> np.ndarray:
    """Points uniform in [-1, 1]³."""
    return np.random.default_rng(seed).uniform(-1, 1, (count, 3))
