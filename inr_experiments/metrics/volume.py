"""Occupancy and surface metrics."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]
Inside = npt.NDArray[np.bool_]
#: `iou_best` looks at the thresholds k / LEVELS, k = 1 … LEVELS − 1; 0.5 is among them.
LEVELS = 256


def iou(*, prediction: Array, target: Inside) -> float:
    """Intersection over union of {prediction > 0.5} and the target.

    |A ∩ B| / |A ∪ B|; 1 where both are empty.

    Shapes: any two equal ones; prediction a probability, target bool. Neither is changed.
    """
    inside = prediction > 0.5
    union = np.count_nonzero(inside | target)
    return float(np.count_nonzero(inside & target) / union) if union else 1.0


def iou_best(*, prediction: Array, target: Inside) -> float:
    """The largest `iou` over the thresholds 1/256, 2/256 … 255/256.

    Shapes: any two equal ones; prediction in [0, 1], target bool. What lies outside [0, 1] counts
    as its nearer end, NaN as 0.
    """
    # ⌈256 p⌉ > k where p > k/256; the product is exact, so no threshold is off by a rounding.
    counts = np.zeros((2, LEVELS + 1), dtype=np.int64)
    flat, wanted = prediction.reshape(-1), target.reshape(-1)
    for start in range(0, flat.size, 2**20):
        rows = slice(start, start + 2**20)
        level = np.ceil(np.clip(np.nan_to_num(flat[rows], nan=0.0), 0, 1) * LEVELS).astype(np.int64)
        both = np.bincount(level + wanted[rows] * (LEVELS + 1), minlength=2 * (LEVELS + 1))
        counts += both.reshape(2, -1)
    # Column k − 1: points above k/256, outside and inside of the target.
    above = counts[:, ::-1].cumsum(axis=1)[:, ::-1][:, 2:]
    union = above[0] + counts[1].sum()
    return float(np.where(union > 0, above[1] / np.maximum(union, 1), 1.0).max())


def chamfer(*, prediction: Array, target: Array) -> float:
    """Mean distance from each of two point sets to the other.

    ½ (mean over p of min over t ‖p − t‖ + mean over t of min over p ‖t − p‖); NaN where one set is
    empty. Points drawn on equal surfaces of area A are about ½ √(A/M) apart, which is the floor.

    Shapes: (M, 3) and (K, 3), in half sides of the box.
    """
    from scipy.spatial import cKDTree

    if len(prediction) == 0 or len(target) == 0:
        return float("nan")
    there = cKDTree(target).query(prediction)[0].mean()
    back = cKDTree(prediction).query(target)[0].mean()
    return float(there + back) / 2
