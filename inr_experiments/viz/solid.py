"""The files that a person looks at after the fit of a solid."""

import json
from collections.abc import Mapping
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import numpy.typing as npt

from ..data.solids.base import Triangles
from ..data.solids.surface import as_trimesh
from . import render


def save_surfaces(
    folder: Path, *, target: Triangles, prediction: Triangles | None, azimuth: float
) -> None:
    """Write meshes, pictures from one camera, and a page in which both surfaces can be turned.

    mesh.ply, mesh.glb and target.ply; prediction.png and target.png; page.html; surface.json with
    the faces extracted. Without a surface there is no mesh, and picture and surface.json say so.
    """
    found = prediction
    said = {"faces": len(found.faces)} if found else {"faces": 0, "note": "no surface"}
    (folder / "surface.json").write_text(json.dumps(said) + "\n", encoding="utf-8")
    as_trimesh(target).export(folder / "target.ply")
    if found is not None:
        as_trimesh(found).export(folder / "mesh.ply")
        as_trimesh(found).export(folder / "mesh.glb")
    shown = {"target": target, "prediction": found}
    save_page(folder / "page.html", {k: v for k, v in shown.items() if v is not None})
    for name, triangles in shown.items():
        iio.imwrite(folder / f"{name}.png", render.picture(triangles, azimuth=azimuth))


def save_slices(
    folder: Path, *, target: npt.NDArray[np.bool_], prediction: npt.NDArray[np.floating]
) -> None:
    """Write the middle slices of grids, (R, R, R), as slices.png and slices.npz.

    The latter holds prediction_x … (R, R) float16 and target_x … (R, R) bool.
    """
    middle = len(target) // 2
    found, wanted = (
        {name: np.take(values, middle, axis=axis) for axis, name in enumerate("xyz")}
        for values in (prediction, target)
    )
    iio.imwrite(folder / "slices.png", render.slices(found, wanted))
    stored = {f"prediction_{name}": v.astype(np.float16) for name, v in found.items()}
    stored |= {f"target_{name}": v for name, v in wanted.items()}
    np.savez_compressed(folder / "slices.npz", **stored)


def save_page(path: Path, objects: Mapping[str, Triangles]) -> None:
    """Write one HTML file, self-contained, in which the objects can be turned, side by side."""
    import trimesh
    from trimesh.viewer.notebook import scene_to_html

    scene = trimesh.Scene()
    for place, (name, triangles) in enumerate(objects.items()):
        shift = trimesh.transformations.translation_matrix([2.2 * place, 0, 0])
        scene.add_geometry(as_trimesh(triangles), geom_name=name, transform=shift)
    path.write_text(scene_to_html(scene), encoding="utf-8")
