"""The one way from a seed to randomness: named streams, so that what one draws moves no other."""

import numpy as np
import torch

from .digest import sha256_of


def generator(*stream: str | int, device: str = "cpu") -> torch.Generator:
    """A generator for a stream, named by the seed and what is drawn; a GPU has other numbers.

    Streams are independent of each other: `generator(0, "init", 2)` draws the same numbers
    whether or not `generator(0, "init", 1)` was used. Two models that differ in one layer thus
    share the others, which pairs them.
    """
    return torch.Generator(device).manual_seed(_number(*stream))


def numpy_generator(*stream: str | int) -> np.random.Generator:
    """The same as a generator of numpy's."""
    return np.random.default_rng(_number(*stream))


def _number(*stream: str | int) -> int:
    name = "/".join(map(str, stream))
    return int(sha256_of(name)[:16], 16) >> 1
