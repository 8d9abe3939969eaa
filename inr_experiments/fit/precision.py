"""The arithmetic of the trunk's products; parameters, optimiser, loss and inlet stay float32."""

import logging
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from ..models.field import Field

log = logging.getLogger(__name__)

PRECISIONS = ("fp32", "tf32", "bf16")
#: A bfloat16 product must be this many times faster than a float32 one to be worth its rounding.
WORTH = 1.3


def forward(field: Field, precision: str) -> Callable[[Tensor], Tensor]:
    """The field with the products of its hidden layers, and their gradients, in `precision`.

    Encoding, inlet and head are float32. `fp32` is the field itself.

    Shapes: (N, P) -> (N, C).
    """
    around = {"fp32": None, "tf32": _in_tf32, "bf16": _in_bf16}[precision]
    if around is None:
        return field
    stages = list(field.stages())
    before = [stage for name, stage in stages if name in ("encoding", "inlet")]

    def call(x: Tensor) -> Tensor:
        for stage in before:
            x = stage(x)
        return field.head(around(field.hidden, x))

    return call


def _in_bf16(layers: Any, z: Tensor) -> Tensor:
    """Autocast: inputs and weights of every product are rounded, and so is what it gives."""
    with torch.autocast(z.device.type, torch.bfloat16):
        for layer in layers:
            z = layer(z)
    return z.to(torch.float32)


def _in_tf32(layers: Any, z: Tensor) -> Tensor:
    z = _Tf32.apply(z, True)
    for layer in layers:
        z = layer(z)
    return _Tf32.apply(z, False)


class _Tf32(torch.autograd.Function):
    """The identity; on the way forward it switches TF32 on (or off), on the way back the reverse.

    The switch is the whole process's: one at either end of the trunk keeps inlet and head out.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, on: bool) -> Tensor:
        ctx.on = on
        _switch(on)
        return z.view_as(z)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        _switch(not ctx.on)
        return gradient, None


def _switch(on: bool) -> None:
    torch.backends.cuda.matmul.fp32_precision = "tf32" if on else "ieee"


@lru_cache
def usable(asked: str, device: str) -> str:
    """`asked`, or `fp32` where this device gains nothing by it; says so once a process."""
    why = ""
    if asked == "tf32" and device == "cpu":
        why = "a processor has no TF32"
    elif asked != "fp32" and device == "cuda" and torch.cuda.get_device_capability()[0] < 8:
        why = "this GPU has no tensor cores for it"
    elif asked == "bf16" and device == "cpu" and (faster := bf16_speedup()) < WORTH:
        why = f"a bfloat16 product is {faster:.2f} times as fast here, {WORTH} is asked for"
    if why:
        log.warning("fit.precision=%s: %s; the fit stays in fp32", asked, why)
        return "fp32"
    return asked


@lru_cache
def bf16_speedup(size: int = 512, runs: int = 40) -> float:
    """The factor by which this processor multiplies bfloat16 matrices faster than float32 ones.

    The best of `runs` each, in turn, in the processor time of this process: a quarter of a second,
    as a moment in which others disturb must not decide it.
    """
    pair = [torch.ones(size, size, dtype=dtype) for dtype in (torch.float32, torch.bfloat16)]
    best = [float("inf"), float("inf")]
    for _ in range(runs):
        for i, A in enumerate(pair):
            started = time.process_time()
            A @ A
            best[i] = min(best[i], time.process_time() - started)
    return best[0] / max(best[1], 1e-9)
