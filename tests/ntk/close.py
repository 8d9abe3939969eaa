"""The comparison of kernels."""

from torch import Tensor


def close(ours: Tensor, theirs: Tensor, tolerance: float = 1e-10) -> bool:
    """True where shapes are equal and the difference is at most so large a part of the whole."""
    scale = theirs.norm()
    return ours.shape == theirs.shape and bool((ours - theirs).norm() <= tolerance * (scale or 1))
