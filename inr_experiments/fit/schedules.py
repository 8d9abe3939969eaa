"""Schedules of the learning rate that torch has in another form only."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from ..checks import integer


class Cosine(LambdaLR):
    """lr · ½ (1 + cos(π t / T)) at step t, from lr to zero.

    torch's own is a recursion, whose rates carry its rounding.

    Args:
        steps: T.
    """

    def __init__(self, optimizer: Optimizer, *, steps: int) -> None:
        integer("steps", steps)
        super().__init__(optimizer, lambda t: 0.5 * (1 + math.cos(math.pi * t / steps)))
