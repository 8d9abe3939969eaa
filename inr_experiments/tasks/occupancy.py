"""Fitting the inside of a solid."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..checks import choice, integer, number
from ..data.solids import open as solids
from ..data.solids import surface
from ..data.solids.base import Triangles
from ..data.solids.points import cell_centres
from ..data.solids.sampling import Labeller
from ..domain import Domain
from ..metrics.volume import chamfer, iou, iou_best
from ..paths import stem_of, user_path
from ..seeding import generator, numpy_generator
from ..viz.solid import save_slices, save_surfaces
from .sets import Sets, label_sets
from .task import Metric, Predict, Task

WHERE = ("uniform", "near_surface", "mix", "grid")
#: The losses, by the value at which the surface lies: a logit or an occupancy.
LEVEL = {"bce": 0.0, "mse": 0.5}
#: Points on each surface for the chamfer distance.
CHAMFER_POINTS = 2**15
#: Cells along an axis, at the most, at which the nearest labelled point is looked for.
NEAREST_CELLS = 64
#: A grid may have this many cells along an axis, a set this many points: 4 and 3 GiB.
CELLS, POINTS = 2**10, 2**28


class Occupancy(Task):
    """Fit the inside of a solid in the box [-1, 1]³; P = 3, C = 1.

    The fitted points are a pool, labelled once, of which each step draws; the evaluation has
    points of its own: the centres of a dense grid, and points near the surface. Nothing is
    labelled before it is needed: the item and its hash are known without.

    Metrics: `iou` on the dense grid at probability 0.5, `iou_best` there at the best threshold,
    `iou_near_surface` at 0.5 near the surface, `chamfer` between the extracted and the target
    surface (NaN where nothing can be extracted).

    Without a network a cell has the label of the nearest point of the pool: `iou` on the dense
    grid, of at most 64³ cells.

    Args:
        shape: name of a bundled shape or a scan; not used where `path` is given.
        path: a mesh or volume of one's own.
        key, threshold, inside, side: of a volume; see `volumes.load`.
        scaling, fill: how the object lies in the box; see `scale_to_box`.
        points: where the pool lies: `uniform` in the box, `near_surface`, a `mix` of the two, or
            on the nodes of a `grid`.
        near_share: share of the pool near the surface, for `mix`.
        sigma: standard deviation from the surface of points near it, in half sides of the box.
        pool: points in it; a grid takes the nearest cube number.
        points_seed: seed of all points.
        loss: `bce`, the field gives logits; `mse`, it gives occupancies, as in WIRE.
        eval_resolution: cells of the dense grid along an axis.
        near_points: evaluated points near the surface.
        mesh_resolution: the same for the grid that surfaces are extracted from.
        spectrum_points: of the pool, for spectra and BatchNorm statistics.
        cache: folder in which labels are kept; None keeps nothing.

    Raises:
        InputError: if a value or the file cannot be used; where points are needed, if nothing or
            everything is inside, or if more of the box is in doubt than is inside.
    """

    METRICS: ClassVar[Mapping[str, Metric]] = {
        "iou": Metric(),
        "iou_near_surface": Metric(),
        "iou_best": Metric(),
        "chamfer": Metric("half box sides", better="lower"),
    }
    NOUN = "solid"
    KEY_EXCLUDES = ("shape", "path", "cache")
    COST_EXCLUDES = ("shape", "path", "cache", "points_seed")

    out_features = 1

    def __init__(
        self,
        *,
        shape: str | None = None,
        path: str | None = None,
        key: str | None = None,
        threshold: float | None = None,
        inside: str = "above",
        side: int | None = None,
        scaling: str = "box",
        fill: float = 1.0,
        points: str = "uniform",
        near_share: float = 0.5,
        sigma: float = 0.02,
        pool: int = 2**21,
        points_seed: int = 0,
        loss: str = "bce",
        eval_resolution: int = 96,
        near_points: int = 2**18,
        mesh_resolution: int = 96,
        spectrum_points: int = 2**13,
        cache: str | None = None,
    ) -> None:
        choice("points", points, WHERE)
        number("near_share", near_share, below=1)
        number("sigma", sigma, below=1)  # farther, hardly a point falls into the box
        integer("pool", pool, least=8, most=POINTS)
        integer("near_points", near_points, most=POINTS)
        integer("spectrum_points", spectrum_points, least=2)
        self._loss = choice("loss", loss, LEVEL)
        self._seed = integer("points_seed", points_seed, least=0)
        self._eval_resolution = integer("eval_resolution", eval_resolution, least=2, most=CELLS)
        self._mesh_resolution = integer("mesh_resolution", mesh_resolution, least=2, most=CELLS)

        name: dict[str, Any] = {"shape": shape, "path": path}
        settings: dict[str, Any] = {"key": key, "threshold": threshold, "inside": inside}
        settings |= {"side": side, "scaling": scaling, "fill": fill}
        solid = solids.open_solid(**name, **settings)
        self._labels = Labeller(
            solid,
            settings=settings,
            folder=user_path(cache) if cache is not None else None,
            seed=self._seed,
        )
        self.item = self.item_name(**name)
        self.sha256 = solid.sha256
        self._facts = {**solid.facts, "azimuth": solids.azimuth(**name)}
        self._spectrum_points = spectrum_points
        self._wanted: dict[str, Any] = {
            "asked": f"shape={shape!r}" if path is None else f"path={path!r}",
            "eval_resolution": eval_resolution,
            "near_points": near_points,
            "pool": {"where": points, "count": pool, "near_share": near_share, "sigma": sigma},
        }

    @classmethod
    def suffixes(cls) -> tuple[str, ...]:
        """Endings of meshes and volumes."""
        return solids.SUFFIXES

    @classmethod
    def item_name(cls, *, shape: str | None = None, path: str | None = None, **_: Any) -> str:
        """The file's name, or the shape's."""
        return str(shape) if path is None else stem_of(path)

    @classmethod
    def fingerprint(cls, *, shape: str | None = None, path: str | None = None, **_: Any) -> str:
        """The hash of the file's bytes, or of a bundled shape's name and version."""
        return solids.fingerprint(shape=shape, path=path)

    @classmethod
    def usual_shape(cls, *, pool: int = 2**21, **_: Any) -> tuple[Domain, int]:
        """The cube, with points as dense as those of the pool."""
        return Domain.cube(3, density=round(pool ** (1 / 3)) / 2), 1

    @cached_property
    def _sets(self) -> Sets:
        return label_sets(self._labels, **self._wanted)

    @property
    def target(self) -> np.ndarray:
        """Labels of the dense grid. Shapes: (R, R, R) bool."""
        return self._sets.target

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Facts for the record, the shares of the box that are inside and in doubt among them."""
        return {
            **self._facts,
            "inside_share": self._sets.inside_share,
            "ambiguous_share": self._sets.ambiguous_share,
            "redistributable": True,  # what is drawn of it; the scans' own files are another matter
            "fitted": len(self._sets.points),
        }

    @cached_property
    def domain(self) -> Domain:
        """The box, the ball, and the density of the fitted points, were they a grid."""
        return Domain(
            half_extents=self._facts["half_extents"],
            radius=self._facts["radius"],
            density=round(len(self._sets.points) ** (1 / 3)) / 2,
            points=self.coordinates,
        )

    @cached_property
    def coordinates(self) -> Tensor:  # type: ignore[override]  # it may be set as well
        """Fitted points for spectra and BatchNorm statistics. Shapes: -> (N, 3)."""
        fitted = self._sets.points
        order = torch.randperm(len(fitted), generator=generator(self._seed, "spectra"))
        return fitted[order[: self._spectrum_points]]

    @property
    def nbytes(self) -> int:
        """About the bytes of its points with their labels, and of the mesh with its tree."""
        points = self._wanted["pool"]["count"] + self._wanted["near_points"]
        return 40 * points + self._eval_resolution**3 + 700 * self._facts.get("faces", 0)

    @cached_property
    def pool(self) -> tuple[Tensor, Tensor]:
        """All labelled points, and their labels as numbers."""
        return self._sets.points, self._sets.inside[:, None].float()

    def loss(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Σ over points of the binary cross entropy of logits, or of the squared error."""
        if self._loss == "bce":
            return functional.binary_cross_entropy_with_logits(prediction, target, reduction="sum")
        return (prediction - target).square().sum()

    def evaluate(self, predict: Predict) -> dict[str, float]:
        """`iou`, `iou_near_surface`, `iou_best` in [0, 1], and `chamfer` in half box sides."""
        values = self._on_grid(predict, self._eval_resolution)
        found = self._extract(predict, values)
        probability = self._probability(values)
        near = self._probability(predict(torch.from_numpy(self._sets.near.points)).numpy()[:, 0])
        drawn = np.empty((0, 3))
        if found is not None:
            rng = numpy_generator(self._seed, "chamfer")
            drawn = surface.sample(found, CHAMFER_POINTS, rng)
        return {
            "iou": iou(prediction=probability, target=self.target),
            "iou_near_surface": iou(prediction=near, target=self._sets.near.inside),
            "iou_best": iou_best(prediction=probability, target=self.target),
            "chamfer": chamfer(prediction=drawn, target=self._labels.on_surface(CHAMFER_POINTS)),
        }

    @cached_property
    def without_network(self) -> Mapping[str, Mapping[str, float]]:
        """`iou` of the nearest labelled point; two seconds for a pool of two million."""
        from scipy.spatial import cKDTree

        side = min(NEAREST_CELLS, self._eval_resolution)
        target = self.target if side == self._eval_resolution else self._labels.grid(side)[0]
        centres = np.concatenate(list(cell_centres(side)))
        nearest = cKDTree(self._sets.points.numpy()).query(centres)[1]
        inside = self._sets.inside.numpy()[nearest].reshape(target.shape)
        return {"nearest labelled point": {"iou": iou(prediction=inside, target=target)}}

    def draw(self, predict: Predict, folder: Path) -> None:
        """Write both surfaces and the middle slices; see `viz/solid.py`."""
        values = self._on_grid(predict, self._eval_resolution)
        save_surfaces(
            folder,
            target=self._labels.surface,
            prediction=self._extract(predict, values),
            azimuth=self._facts["azimuth"],
        )
        save_slices(folder, target=self.target, prediction=self._probability(values))

    def _on_grid(self, predict: Predict, side: int) -> np.ndarray:
        """The field at the centres of side³ cells, a few layers at a time. Shapes: -> (R, R, R)."""
        values = np.empty(side**3, dtype=np.float32)
        filled = 0
        for x in cell_centres(side):
            values[filled : filled + len(x)] = predict(torch.from_numpy(x)).numpy()[:, 0]
            filled += len(x)
        return values.reshape(side, side, side)

    def _extract(self, predict: Predict, values: np.ndarray) -> Triangles | None:
        """The field's surface; from `values` where they have the resolution for it."""
        if self._mesh_resolution != self._eval_resolution:
            values = self._on_grid(predict, self._mesh_resolution)
        return surface.extract(values, level=LEVEL[self._loss])

    def _probability(self, values: np.ndarray) -> np.ndarray:
        """σ of logits, or the occupancies themselves, never in place."""
        return torch.from_numpy(values).sigmoid().numpy() if self._loss == "bce" else values
