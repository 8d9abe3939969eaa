"""A page in which surfaces can be turned."""

from collections.abc import Mapping
from pathlib import Path

from ..data.solids.base import Triangles
from ..data.solids.surface import as_trimesh


def save_page(path: Path, objects: Mapping[str, Triangles]) -> None:
    """Write one HTML file, self-contained, in which the objects can be turned, side by side."""
    import trimesh
    from trimesh.viewer.notebook import scene_to_html

    scene = trimesh.Scene()
    for place, (name, triangles) in enumerate(objects.items()):
        shift = trimesh.transformations.translation_matrix([2.2 * place, 0, 0])
        scene.add_geometry(as_trimesh(triangles), geom_name=name, transform=shift)
    path.write_text(scene_to_html(scene), encoding="utf-8")
