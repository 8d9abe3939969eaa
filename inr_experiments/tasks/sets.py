"""The labelled points of an occupancy task, and the refusal of what is no solid."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..checks import ArgumentError
from ..data.solids.sampling import Labelled, Labeller

#: Outside of (LEAST, 1 − LEAST) an inside share is no solid's.
LEAST = 1e-6


class Sets(NamedTuple):
    """Points with labels.

    Attributes:
        points, inside: those fitted, (N, 3) float32 and (N,) bool.
        near: those evaluated near the surface.
        target: at the centres of a dense grid, (R, R, R) bool.
        inside_share, ambiguous_share: of that grid; the latter is in doubt.
    """

    points: Tensor
    inside: Tensor
    near: Labelled
    target: np.ndarray
    inside_share: float
    ambiguous_share: float


def label_sets(
    labels: Labeller, *, asked: str, eval_resolution: int, near_points: int, pool: dict[str, Any]
) -> Sets:
    """Label all points of a task, those of the grid first: they tell whether there is an inside.

    Args:
        asked: the path or shape, as `path='ball.ply'`, for the sentence of a refusal.
        pool: arguments of `Labeller.pool`.

    Raises:
        InputError: if nothing or everything is inside, or more is in doubt than is inside.
    """
    target, ambiguous = labels.grid(eval_resolution)
    share = float(target.mean())
    check_share(asked, share, ambiguous, eval_resolution)
    near = labels.near(near_points, sigma=pool["sigma"])
    points, inside = map(torch.from_numpy, labels.pool(**pool))
    return Sets(points, inside, near, target, share, ambiguous)


def check_share(asked: str, share: float, ambiguous: float, side: int) -> None:
    """Refuse a share of a grid of side³ that is inside, or in doubt, where that is no solid's."""
    if LEAST < share < 1 - LEAST and ambiguous <= share:
        return
    if ambiguous > share > LEAST:
        # A bent sheet has a little inside on its hollow side, and far more in doubt around it.
        raise ArgumentError(
            f"{asked}: {share:.2g} of the box is inside but {ambiguous:.2g} in doubt; "
            "expected a surface that is closed for the most part"
        )
    raise ArgumentError(
        f"{asked}: inside share {share:g} on a grid of {side}³; "
        f"expected between {LEAST:g} and 1 − {LEAST:g} (an open sheet has no inside; a body "
        f"that fills the box needs fill=0.9, a thin one eval_resolution={2 * side} or more)"
    )
