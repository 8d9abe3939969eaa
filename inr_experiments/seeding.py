"""The one way from a seed to randomness: named streams, so that what one draws moves no other."""

import numpy as np
import torch

from .digest import sha256_of


def generator(seed: int, *stream: str | int) -> torch.Generator:
    """A CPU generator for the named `stream` of `seed`.

    Streams are independent of each other: `generator(0, "init", 2)` draws the same numbers
    whether or not `generator(0, "init", 1)` was used. Two models that differ in one layer thus
    share the others, which pairs them.
    """
    return torch.Generator().manual_seed(_number(seed, *stream))


def numpy_generator(seed: int, *stream: str | int) -> np.random.Generator:
    """The same for code that knows no torch."""
    return np.random.default_rng(_number(seed, *stream))


def _number(seed: int, *stream: str | int) -> int:
    name = "/".join(map(str, (seed, *stream)))
    return int(sha256_of(name)[:16], 16) >> 1
