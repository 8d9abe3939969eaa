"""Naive twins of the volume metrics and of the majority vote, written like their definitions."""

import numpy as np


def iou_naive(prediction, target, threshold=0.5):
    """|A ∩ B| / |A ∪ B|, point by point."""
    both = either = 0
    for p, t in zip(prediction.ravel(), target.ravel(), strict=True):
        inside = p > threshold
        both += bool(inside and t)
        either += bool(inside or t)
    return both / either if either else 1.0


def iou_best_naive(prediction, target):
    """The largest over the thresholds k/256."""
    return max(iou_naive(prediction, target, k / 256) for k in range(1, 256))


def chamfer_naive(prediction, target):
    """Every distance there is."""
    distances = np.linalg.norm(prediction[:, None] - target[None], axis=2)
    return (distances.min(axis=1).mean() + distances.min(axis=0).mean()) / 2


def majority_naive(occupied, side):
    """Block by block, what lies outside of the array being outside."""
    k = int(np.ceil(max(occupied.shape) / side))
    blocks = [int(np.ceil(n / k)) for n in occupied.shape]
    first = [(k * b - n) // 2 for b, n in zip(blocks, occupied.shape, strict=True)]
    result = np.zeros(blocks, dtype=bool)
    for index in np.ndindex(*blocks):
        votes = 0
        for step in np.ndindex(k, k, k):
            voxel = [k * i + s - f for i, s, f in zip(index, step, first, strict=True)]
            held = all(0 <= v < n for v, n in zip(voxel, occupied.shape, strict=True))
            votes += bool(held and occupied[tuple(voxel)])
        result[index] = votes > k**3 / 2
    return result
