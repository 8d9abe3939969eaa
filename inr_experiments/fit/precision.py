"""The arithmetic of a training step; parameters, optimiser, loss, inlet and head stay float32."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..checks import ArgumentError
from ..models.network import Network

PRECISIONS = ("fp32", "tf32", "bf16")
#: Instructions for products of bfloat16, as Linux names them.
BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
CPU_OR_GPU = "a processor with one of avx512_bf16, amx_bf16, bf16, or a GPU from Ampere on"


#: Forward passes by the names of stages.
Forwards = Mapping[str, Callable[..., Tensor]]


@contextmanager
def trunk_in(network: Network, precision: str, fused: Forwards | None = None) -> Iterator[None]:
    """Do the products of the hidden stages, and their gradients, in `precision` inside the block.

    What the head puts out is float32.

    Args:
        fused: forward passes that do so, as of `fused_forwards`; None changes those of the stages.
    """
    before = torch.backends.cuda.matmul.fp32_precision
    changed = changed_forwards(network, precision) if fused is None else fused
    stages = dict(network.stages())
    try:
        for name, forward in changed.items():
            stages[name].forward = forward
        yield
    finally:
        for name in changed:
            stages[name].__dict__.pop("forward", None)
        torch.backends.cuda.matmul.fp32_precision = before


def changed_forwards(network: Network, precision: str) -> Forwards:
    """The stages' own forward passes, put into a precision; none of them for fp32."""
    stages = dict(network.stages())
    hidden = [name for name in stages if name.split(".")[0] == "hidden"]
    if precision == "fp32" or not hidden:
        return {}
    change = {"bf16": _in_bf16, "tf32": _in_tf32}[precision]
    found = {
        name: change(stages[name].forward, first=name == hidden[0], last=name == hidden[-1])
        for name in hidden
    }
    if precision == "tf32":
        found["inlet"] = _in_ieee(stages["inlet"].forward)
    return found


def _in_bf16(forward: Callable[..., Tensor], *, first: bool, last: bool) -> Callable[..., Tensor]:
    """Autocast: inputs and weights of every product are rounded, and so is what it gives."""

    def call(z: Tensor, *more: Any) -> Tensor:
        with torch.autocast(z.device.type, torch.bfloat16):
            z = forward(z, *more)
        return z.to(torch.float32) if last else z

    return call


def _in_tf32(forward: Callable[..., Tensor], *, first: bool, last: bool) -> Callable[..., Tensor]:
    def call(z: Tensor, *more: Any) -> Tensor:
        z = forward(_Tf32.apply(z, True) if first else z, *more)
        return _Tf32.apply(z, False) if last else z

    return call


def _in_ieee(forward: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Switch TF32 off before: behind a frozen inlet no backward pass has done so."""

    def call(*x: Any) -> Tensor:
        _switch(False)
        return forward(*x)

    return call


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


@contextmanager
def flushing_denormals() -> Iterator[None]:
    """Take numbers below 1e-38 for zero inside the block alone, in the calling thread.

    Where an occupancy saturates, such gradients would make a step three times as slow.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


# The threads of a product inherit the mode of the one that starts them, with the first product,
# and keep it: started here, they flush whatever ran before a fit.
with flushing_denormals():
    torch.ones(2**16).exp()


def check_precision(precision: str, device: str, *, bf16: str = "allowed") -> None:
    """Refuse a precision that the device has no instructions for, or that a model does not allow.

    Args:
        bf16: `allowed`, or `refused` by the model.

    Raises:
        ArgumentError: with the reason.
    """
    why = None
    if precision == "bf16" and bf16 != "allowed":
        why = "the model refuses it, being less exact in it"
    elif precision == "tf32" and device == "cpu":
        why = "a processor has no TF32"
    elif precision != "fp32" and not has_bf16(device):
        why = f"no instructions for it here ({CPU_OR_GPU})"
    if why:
        raise ArgumentError(f"precision={precision!r}: {why}; expected fp32")


@cache
def has_bf16(device: str) -> bool:
    """True where the device says that it multiplies bfloat16 numbers by itself.

    Those GPUs are the ones that have TF32. A processor's flags decide, not a clock: on one with
    AVX2 alone bfloat16 was 16 times as slow as float32.
    """
    if device == "cuda":
        return torch.cuda.get_device_capability()[0] >= 8
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return False
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return not BF16_FLAGS.isdisjoint(flags.split())
