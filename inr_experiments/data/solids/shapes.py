"""Bundled analytic shapes: a function that is negative inside, exactly."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...checks import choice
from ...digest import sha256_of
from .base import Labels, Points, Solid, Triangles, scale_to_box
from .surface import extract

Values = npt.NDArray[np.float64]
#: Points at a time, and cells along an axis for the surface of a shape.
CHUNK, CELLS = 2**17, 96
#: Raised where a shape changes: part of its hash.
VERSION = 1
#: Surfaces by hash and scale: every run of a sweep draws the same few.
SURFACES: dict[tuple[str, float], Triangles] = {}


@dataclass(frozen=True)
class Form:
    """A shape in its own coordinates, centred at the middle of its tight box."""

    f: Callable[[Points], Values]
    half_extents: tuple[float, float, float]
    radius: float


def shape_sha256(name: str) -> str:
    """The hash of a shape's formula, as its name and version stand for it."""
    return sha256_of(f"{name} {VERSION}")


class Shape(Solid):
    """An analytic shape as a solid in the box.

    Raises:
        InputError: if there is no shape of that name.
    """

    def __init__(self, name: str, *, scaling: str = "box", fill: float = 1.0) -> None:
        form = SHAPES[choice("shape", name, SHAPES)]()
        half = np.array(form.half_extents)
        self._f = form.f
        self._scale = scale_to_box(half, form.radius, scaling=scaling, fill=fill)
        self.sha256 = shape_sha256(name)
        self.facts = {
            "kind": "analytic",
            "half_extents": (half * self._scale).tolist(),
            "radius": form.radius * self._scale,
            "notes": [],
        }

    def values(self, points: Points) -> Values:
        """f, negative inside. Shapes: (N, 3) in the box -> (N,)."""
        chunks = range(0, len(points), CHUNK)
        own = (points[i : i + CHUNK].astype(np.float64) / self._scale for i in chunks)
        return np.concatenate([self._f(x) for x in own]) if len(points) else np.empty(0)

    def label(self, points: Points) -> Labels:
        """Inside where f < 0. Shapes: (N, 3) -> (N,)."""
        return Labels(self.values(points) < 0, 0)

    def surface(self) -> Triangles:
        """Marching cubes of f on 96 cells along an axis; once a process for a shape of one size."""
        if (self.sha256, self._scale) not in SURFACES:
            axis = (np.arange(CELLS) + 0.5) * 2 / CELLS - 1
            grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
            found = extract(-self.values(grid).reshape(CELLS, CELLS, CELLS), level=0.0)
            assert found is not None
            SURFACES[self.sha256, self._scale] = found
        return SURFACES[self.sha256, self._scale]


def gyroid_sphere() -> Form:
    """A ball filled with a gyroid sheet.

    |x| < 1 and |sin kx cos ky + sin ky cos kz + sin kz cos kx| < 0.45, k = 2π, so that the sheet
    reaches the six poles and the tight box is the whole cube.
    """
    sheet, k = 0.45, 2 * math.pi

    def f(points: Points) -> Values:
        s, c = np.sin(k * points), np.cos(k * points)
        gyroid = np.abs((s * np.roll(c, -1, axis=1)).sum(axis=1)) - sheet
        # Divided by the sheet's steepest slope, so that f is no larger than a distance.
        return np.maximum(np.linalg.norm(points, axis=1) - 1, gyroid / (math.sqrt(3) * k))

    return Form(f, (1.0, 1.0, 1.0), 1.0)


def torus_knot() -> Form:
    """All points nearer than `tube` to the (p, q) torus knot, (2, 3).

    c(t) = ((2 + cos qt) cos pt, (2 + cos qt) sin pt, −sin qt); f(x) = min over t of |x − c(t)| −
    tube, the nearest of 1024 points on the curve brought to the minimum by Newton's method.
    """
    from scipy.spatial import cKDTree

    p, q, tube = 2, 3, 0.32

    def curve(t: Values) -> tuple[Values, Values, Values]:
        """c, c' and c'' by complex numbers: x + iy = (2 + cos qt) e^{ipt}."""
        turn, wide = np.exp(1j * p * t), 2 + np.cos(q * t)
        d, dd = -q * np.sin(q * t), -q * q * np.cos(q * t)
        flat = (wide * turn, (d + 1j * p * wide) * turn, (dd + 2j * p * d - p * p * wide) * turn)
        up = (-np.sin(q * t), -q * np.cos(q * t), q * q * np.sin(q * t))
        c, c1, c2 = (np.stack([z.real, z.imag, h], 1) for z, h in zip(flat, up, strict=True))
        return c, c1, c2

    fine = curve(np.linspace(0, 2 * math.pi, 200_000, endpoint=False))[0]
    low, high = fine.min(axis=0) - tube, fine.max(axis=0) + tube
    centre = (low + high) / 2
    start = np.linspace(0, 2 * math.pi, 1024, endpoint=False)
    tree = cKDTree(curve(start)[0] - centre)

    def f(points: Points) -> Values:
        t = start[tree.query(points)[1]]
        for _ in range(3):
            c, c1, c2 = curve(t)
            off = c - centre - points
            slope = (c1**2).sum(1) + (off * c2).sum(1)
            # Far off, near a centre of curvature, Newton's step is no help and not needed.
            step = (off * c1).sum(1) / np.where(slope > 1, slope, np.inf)
            t = t - np.clip(step, -0.01, 0.01)
        return np.linalg.norm(curve(t)[0] - centre - points, axis=1) - tube

    half = tuple(((high - low) / 2).tolist())
    radius = float(np.linalg.norm(fine - centre, axis=1).max()) + tube
    return Form(f, half, radius)


def menger() -> Form:
    """A cube with square holes of 1/3, 1/9 and 1/27 of its side, Menger's sponge of depth three.

    Source: the sponge's distance function of Quilez, max over levels of the cross that is cut out.
    """

    def f(points: Points) -> Values:
        result = np.abs(points).max(axis=1) - 1
        for level in range(3):
            scale = 3.0**level
            cell = np.mod(points * scale + 1, 2) - 1  # [-1, 1) in each cell of this level
            # Outside the middle third along two of three axes at least, the second largest decides.
            second = np.sort(np.abs(cell), axis=1)[:, 1]
            result = np.maximum(result, (1 / 3 - second) / scale)
        return result

    return Form(f, (1.0, 1.0, 1.0), math.sqrt(3))


def blob() -> Form:
    """A star-shaped body with fine bumps.

    |x| < R(u), u = x/|x|, R = 0.8 + 0.12 sin 3u₁ sin 2u₂ + 0.05 sin 14u₁ sin 14u₂ sin 14u₃ +
    0.03 cos 9u₃.
    """

    def reach(u: Points) -> Values:
        x, y, z = u.T
        bumps = np.sin(14 * x) * np.sin(14 * y) * np.sin(14 * z)
        return 0.8 + 0.12 * np.sin(3 * x) * np.sin(2 * y) + 0.05 * bumps + 0.03 * np.cos(9 * z)

    theta, phi = np.meshgrid(
        np.linspace(0, math.pi, 721), np.linspace(0, 2 * math.pi, 1441), indexing="ij"
    )
    u = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1)
    u = u.reshape(-1, 3)
    body = u * reach(u)[:, None]
    low, high = body.min(axis=0), body.max(axis=0)
    centre = (low + high) / 2

    def f(points: Points) -> Values:
        moved = points + centre
        norm = np.linalg.norm(moved, axis=1)
        return norm - reach(moved / np.maximum(norm, 1e-300)[:, None])

    half = tuple(((high - low) / 2).tolist())
    return Form(f, half, float(np.linalg.norm(body - centre, axis=1).max()))


SHAPES: dict[str, Callable[[], Form]] = {
    "gyroid_sphere": gyroid_sphere,
    "torus_knot": torus_knot,
    "menger": menger,
    "blob": blob,
}
