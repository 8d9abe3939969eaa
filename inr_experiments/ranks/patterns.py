"""Open and closed ReLU units."""

import numpy as np
import torch
from torch import Tensor, nn

from ..hooks import hooked
from .singular import rows_of

#: Points that pass through the module at a time.
ROWS = 16384


@torch.no_grad()
def open_units(module: nn.Module, x: Tensor, *, rows: int = ROWS) -> dict[str, Tensor]:
    """Mark open units of every ReLU (pre-activation above zero), by the ReLU's name.

    One ReLU that serves several layers gives several entries, `name`, `name#2`, … in order.
    The module is in eval mode, as rows pass in chunks.

    Shapes: x (N, P) -> (N, D) bool each; of channels on a grid a row for each position.
    """
    found: dict[str, list[Tensor]] = {}
    calls: dict[str, int] = {}

    def keep(name: str, _module: nn.Module, _inputs: tuple, result: Tensor) -> None:
        calls[name] = calls.get(name, 0) + 1
        key = name if calls[name] == 1 else f"{name}#{calls[name]}"
        # After an in-place ReLU the input is gone; the output is positive where it was.
        found.setdefault(key, []).append(rows_of(result > 0))

    relus = {name: m for name, m in module.named_modules() if isinstance(m, nn.ReLU)}
    with hooked(relus, after=keep):
        for chunk in x.split(rows):
            calls.clear()
            module(chunk)
    return {name: torch.cat(chunks) for name, chunks in found.items()}


def distinct_patterns(units: Tensor) -> int:
    """The number of different rows: linear pieces that the points fall in.

    Shapes: (N, D) bool.
    """
    bits = np.packbits(units.cpu().numpy(), axis=1)
    return len({row.tobytes() for row in bits})
