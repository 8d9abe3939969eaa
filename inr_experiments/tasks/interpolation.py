"""Values between the fitted nodes of a grid, or of noisy ones, without a network."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
#: Triangles of so many nodes take 5 s; with more, the nearest node stands in for them.
DELAUNAY_NODES = 2**18
#: Nodes in the boxes of triangles that are filled at once, about: it bounds the memory.
NODES = 2**19


def between_every_second(fitted: Values, shape: Sequence[int]) -> dict[str, Values]:
    """Interpolate nodes of which every second along each axis is known, linearly and by cubics.

    Node i lies at i/2 among the known ones, which are mirrored about their ends; the cubic is the
    interpolating spline.

    Shapes: (⌈n₁/2⌉, …, ⌈n_P/2⌉, C) -> (n₁, …, n_P, C) by name: `linear` and `cubic`, for P = 2
    `bilinear` and `bicubic`.
    """
    from scipy.ndimage import affine_transform

    def of_order(order: int) -> Values:
        # A vector of scales, not a matrix: one axis after the other.
        options = {"output_shape": tuple(shape), "order": order, "mode": "mirror"}
        channels = np.moveaxis(fitted, -1, 0)
        halves = np.full(len(shape), 0.5)
        return np.stack([affine_transform(own, halves, **options) for own in channels], axis=-1)

    prefix = "bi" if len(shape) == 2 else ""
    return {f"{prefix}linear": of_order(1), f"{prefix}cubic": of_order(3)}


def between_scattered(fitted: Values, mask: Mask) -> dict[str, Values]:
    """Interpolate nodes of which some are known, distances in nodes.

    One axis: `linear`, constant beyond the ends. Two: `Delaunay-linear`, beyond the hull the
    nearest. Three, more than `DELAUNAY_NODES`, or all in a line: `nearest`.

    Shapes: fitted (N, C) at the true nodes of mask (n₁, …, n_P) -> (n₁, …, n_P, C) by name.
    """
    if mask.ndim == 1:
        known, wanted = np.flatnonzero(mask), np.arange(mask.size)
        return {"linear": np.stack([np.interp(wanted, known, y) for y in fitted.T], axis=-1)}
    near = nearest(fitted, mask)
    linear = delaunay(fitted, mask) if mask.ndim == 2 and len(fitted) <= DELAUNAY_NODES else None
    if linear is None:
        return {"nearest": near}
    return {"Delaunay-linear": np.where(np.isnan(linear), near, linear)}


def smoothed(noisy: Values) -> dict[str, Values]:
    """Noisy values as they are, and behind a Gaussian of one node, mirrored about the ends.

    Shapes: (n₁, …, n_P, C) -> the same by name: `as given`, `Gaussian filter`.
    """
    from scipy.ndimage import gaussian_filter

    sigma = (1.0,) * (noisy.ndim - 1) + (0.0,)
    return {"as given": noisy, "Gaussian filter": gaussian_filter(noisy, sigma, mode="mirror")}


def nearest(fitted: Values, mask: Mask) -> Values:
    """The value of the nearest known node. Shapes: as of `between_scattered`."""
    from scipy.ndimage import distance_transform_edt

    row = np.zeros(mask.shape, dtype=np.int64)
    row[mask] = np.arange(len(fitted))
    where = distance_transform_edt(~mask, return_distances=False, return_indices=True)
    return fitted[row[tuple(where)]]


def delaunay(fitted: Values, mask: Mask) -> Values | None:
    """Linear interpolation on the Delaunay triangles of the known nodes.

    NaN outside their hull; None where they make no triangle. Shapes: as of `between_scattered`.
    """
    from scipy.spatial import Delaunay, QhullError

    known = np.argwhere(mask)
    try:
        triangles = Delaunay(known).simplices
    except (QhullError, ValueError):
        return None
    found = np.full((*mask.shape, fitted.shape[1]), np.nan)
    nodes = (np.ptp(known[triangles], axis=1) + 1).prod(axis=1).cumsum()
    for some in np.split(triangles, np.flatnonzero(np.diff(nodes // NODES)) + 1):
        fill_triangles(found, known[some], fitted[some])
    return found


def fill_triangles(found: Values, corners: npt.NDArray[np.int64], values: Values) -> None:
    """Write the linear interpolation at the nodes within triangles, their edges included.

    The weight of a corner is the area of the triangle that a node makes with the other two, exact
    in integers. SciPy's LinearNDInterpolator inverts a matrix a triangle: where its BLAS has
    several threads on busy cores that took half a minute for a picture.

    Shapes: found (n₁, n₂, C), corners (T, 3, 2), values (T, 3, C).
    """
    low, size = corners.min(axis=1), np.ptp(corners, axis=1) + 1
    count = size.prod(axis=1)
    own = np.repeat(np.arange(len(corners)), count)  # a triangle for each node of its box
    place = np.arange(count.sum()) - np.repeat(count.cumsum() - count, count)
    node = low[own] + np.stack(np.divmod(place, size[own, 1]), axis=1)
    a, b, c = np.moveaxis(corners[own] - node[:, None], 1, 0)
    areas = np.stack([u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] for u, v in ((b, c), (c, a), (a, b))])
    whole = areas.sum(axis=0)
    inside = (areas * np.sign(whole) >= 0).all(axis=0) & (whole != 0)
    weights = areas[:, inside] / whole[inside]
    i, j = node[inside].T
    found[i, j] = np.einsum("kn,nkc->nc", weights, values[own[inside]])
