"""Pictures of surfaces and of slices, by matplotlib alone: no display, no GL."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..data.solids.base import Triangles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Picture = npt.NDArray[np.uint8]

#: How far the camera is raised, in degrees.
ELEVATION = 20.0
#: From where the light comes, in the camera's axes: right, up, towards it.
LIGHT = (-0.4, 0.6, 0.7)
AMBIENT = 0.25
COLOUR = (0.72, 0.76, 0.84)
#: Colours of errors in a slice, safe for the colour-blind.
RIGHT, MISSING, TOO_MUCH = (0.8, 0.8, 0.8), (0.0, 0.45, 0.7), (0.9, 0.5, 0.0)
#: What is seen along both axes: the box [-1, 1]³ from any side fits.
WINDOW = (-1.5, 1.5)


def camera(azimuth: float, elevation: float) -> npt.NDArray[np.float64]:
    """Rows right, up, towards the camera; y is up, and azimuth 0 looks along −z.

    Shapes: -> (3, 3).
    """
    a, e = np.radians([azimuth, elevation])
    towards = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
    right = np.array([np.cos(a), 0.0, -np.sin(a)])
    return np.stack([right, np.cross(towards, right), towards])


def shade(triangles: Triangles, view: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Lambert's law per face, with the mean of its corners' normals, lit from both sides.

    Shapes: -> (F, 3) colours in [0, 1].
    """
    a, b, c = (triangles.vertices[triangles.faces[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    at_vertex = np.stack(
        [
            np.bincount(
                triangles.faces.reshape(-1),
                weights=np.repeat(normal[:, axis], 3),
                minlength=len(triangles.vertices),
            )
            for axis in range(3)
        ],
        axis=1,
    )
    smooth = at_vertex[triangles.faces].sum(axis=1)
    smooth /= np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), 1e-300)
    light = np.array(LIGHT) / np.linalg.norm(LIGHT)
    seen = smooth @ view.T
    # A surface with holes shows its back: turn those normals towards the camera.
    seen[seen[:, 2] < 0] *= -1
    brightness = AMBIENT + (1 - AMBIENT) * np.clip(seen @ light, 0, 1)
    return brightness[:, None] * np.array(COLOUR)


def picture(
    triangles: Triangles | None,
    *,
    pixels: int = 512,
    azimuth: float = 30.0,
) -> Picture:
    """A surface seen in parallel projection, far faces drawn first; white with a word for None.

    Shapes: -> (pixels, pixels, 3) uint8.
    """
    from matplotlib.collections import TriMesh
    from matplotlib.figure import Figure
    from matplotlib.tri import Triangulation

    figure = Figure(figsize=(pixels / 100, pixels / 100), dpi=100)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=WINDOW, ylim=WINDOW)
    axes.axis("off")
    if triangles is None:
        axes.text(0.5, 0.5, "no surface", ha="center", va="center", transform=axes.transAxes)
    else:
        view = camera(azimuth, ELEVATION)
        corners = (triangles.vertices @ view.T)[triangles.faces]
        order = np.argsort(corners[:, :, 2].mean(axis=1))
        flat = corners[order, :, :2].reshape(-1, 2)
        mesh = TriMesh(Triangulation(flat[:, 0], flat[:, 1], np.arange(len(flat)).reshape(-1, 3)))
        mesh.set(facecolor=np.repeat(shade(triangles, view)[order], 3, axis=0))
        axes.add_collection(mesh, autolim=False)
    return pixels_of(figure)


def slices(prediction: Mapping[str, npt.NDArray], target: Mapping[str, npt.NDArray]) -> Picture:
    """The planes through the middle, one column each: prediction above, where it errs below.

    In the lower row, grey is inside both, blue missing, orange too much.

    Shapes: by the name of the plane's normal, prediction (R, R) in [0, 1] and target (R, R) bool,
    axes in the order that remains; -> (600, 300 · columns, 3).
    """
    from matplotlib.figure import Figure

    columns = len(prediction)
    figure = Figure(figsize=(3 * columns, 6), dpi=100, layout="tight")
    for column, (name, values) in enumerate(prediction.items()):
        down, right = (axis for axis in "xyz" if axis != name)
        for row, image in enumerate((values, errors(values, target[name]))):
            axes = figure.add_subplot(2, columns, 1 + column + row * columns)
            axes.imshow(
                upright(image, name),
                origin="lower",
                extent=(-1, 1, -1, 1),
                cmap="gray_r",
                vmin=0,
                vmax=1,
                interpolation="nearest",
            )
            axes.set(xticks=[], yticks=[])
            first, second = (right, down) if down == "y" else (down, right)
            axes.set_xlabel(first, labelpad=1)
            axes.set_ylabel(second, labelpad=1)
            title = "blue missing, orange too much" if row else f"{name} ≈ 0: prediction"
            axes.set_title(title, fontsize=9)
    return pixels_of(figure)


def errors(prediction: npt.NDArray, target: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """A plane in which what is missing and what is too much have colours of their own.

    Shapes: prediction (R, R) in [0, 1], target (R, R) bool -> (R, R, 3) in [0, 1].
    """
    inside = prediction > 0.5
    colours = np.ones((*inside.shape, 3))
    colours[inside & target] = RIGHT
    colours[target & ~inside] = MISSING
    colours[inside & ~target] = TOO_MUCH
    return colours


def upright(plane: npt.NDArray, normal: str) -> npt.NDArray:
    """The plane as rows from below: y is up, as in the pictures; in y's own plane, z.

    Shapes: the two axes other than `normal` in their order, and any further ones.
    """
    return plane if normal == "x" else np.swapaxes(plane, 0, 1)


def pixels_of(figure: "Figure") -> Picture:
    """A figure as a picture. Shapes: -> (H, W, 3) uint8."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
