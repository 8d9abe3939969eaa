"""The number of points to take at a time while gradients accumulate."""

import os
from functools import cache

import torch

#: On a GPU the memory is the only limit; on a processor, bounds of what the caches suggest.
GPU_CHUNK_ROWS, MIN_CHUNK_ROWS, MAX_CHUNK_ROWS = 2**18, 512, 16384


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
