"""The number of points to take at a time while gradients accumulate."""

import logging
import os
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import torch

log = logging.getLogger(__name__)

T = TypeVar("T")
#: On a GPU the memory is the only limit; on a processor, bounds of what the caches suggest.
GPU_CHUNK_ROWS, MIN_CHUNK_ROWS, MAX_CHUNK_ROWS = 2**18, 512, 16384


class RowLimit:
    """A number of rows to take at a time, halved where a GPU's memory does not hold so many."""

    def __init__(self, count: int) -> None:
        self.count = count

    def within_memory(self, call: Callable[[int], T]) -> T:
        """`call(rows)`, called again with half as many where memory runs out; that is told.

        Raises:
            torch.OutOfMemoryError: if it does for a single row, or in the capture of a graph, which
                has to be given up first.
        """
        while True:
            try:
                return call(self.count)
            except torch.OutOfMemoryError:
                if self.count == 1 or capturing():
                    raise
            # Here, where no traceback holds on to the tensors.
            torch.cuda.empty_cache()
            self.count //= 2
            log.warning("out of memory on the GPU; goes on with %d rows at a time", self.count)


def capturing() -> bool:
    """True while the work of a GPU is captured as a graph."""
    return torch.cuda.is_available() and torch.cuda.is_current_stream_capturing()


def rows_at_a_time(*, width: int, precision: str, device: str) -> int:
    """The power of two whose (rows, width) activations fill the level-2 caches of the threads.

    A layer's output is then still there when the next layer reads it. Measured at widths 144 and
    256: 1024 to 4096 rows differ by little, far fewer or all rows cost a fifth and more.
    """
    if device == "cuda":
        return GPU_CHUNK_ROWS
    number = 2 if precision == "bf16" else 4
    fitting = level_2_cache() * torch.get_num_threads() // (number * width)
    return min(max(2 ** max(fitting.bit_length() - 1, 0), MIN_CHUNK_ROWS), MAX_CHUNK_ROWS)


@cache
def level_2_cache() -> int:
    """Bytes of one core's level-2 cache; 1 MiB where the system does not say."""
    try:
        return os.sysconf("SC_LEVEL2_CACHE_SIZE") or 2**20
    except (ValueError, OSError):
        return 2**20
