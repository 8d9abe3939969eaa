"""Copies of a user's module, which is left as it is: precision, wrappers, randomness."""

import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.nn.parameter import UninitializedParameter

from ..checks import ArgumentError, InputError, choice
from ..fit.snapshot import in_float64
from ..ntk.forward import forward
from .tensors import REAL, plain_tensors


def copied(module: nn.Module, output: int | str | None) -> nn.Module:
    """A copy without wrappers that run the module elsewhere or otherwise, as torch.compile.

    Args:
        output: key or index of the output that the copy returns alone.

    Raises:
        InputError: if the module cannot be copied.
    """
    # A tensor that was computed, as by the old weight_norm, cannot be copied as it is.
    memo: dict[int, Any] = {
        id(t): t.detach().clone() for t in plain_tensors(module) if t.grad_fn is not None
    }
    try:
        for part in reversed(list(module.modules())):
            if (inner := _wrapped(part)) is not None:
                memo[id(part)] = deepcopy(inner, memo)
        copy: nn.Module = deepcopy(module, memo)
        for part in filter(lambda part: _wrapped(part) is None, module.modules()):
            for name, value in vars(part).items():  # functions are not copied, nor what they hold
                if (method := getattr(value, "_torchdynamo_orig_callable", None)) is not None:
                    vars(memo[id(part)])[name] = deepcopy(method, memo)
    except Exception as error:
        raise InputError(f"{type(module).__name__} cannot be copied: {error}") from error
    if output is not None:
        copy.register_forward_hook(lambda _module, _inputs, result: selected(result, output))
    return copy


def _wrapped(module: nn.Module) -> nn.Module | None:
    if isinstance(module, DataParallel | DistributedDataParallel):
        return module.module
    return getattr(module, "_orig_mod", None)  # of torch.compile


def selected(result: Any, output: int | str) -> Any:
    """One output of several.

    Raises:
        InputError: if there is no such output.
    """
    if isinstance(result, dict):
        named = {str(key): value for key, value in result.items()}
        return named[choice("output", str(output), named)]
    if isinstance(result, tuple | list) and isinstance(output, int):
        if -len(result) <= output < len(result):
            return result[output]
        raise ArgumentError(f"output={output}: expected an index from 0 to {len(result) - 1}")
    if isinstance(output, str) and hasattr(result, output):
        return getattr(result, output)
    raise ArgumentError(f"output={output!r}: the module returns a {type(result).__name__}")


def materialised(module: nn.Module, x: Tensor) -> None:
    """Give lazy layers their shapes, by one pass."""
    if any(isinstance(p, UninitializedParameter) for p in module.parameters()):
        run(module, x.to(own_precision(module)))


def widened(module: nn.Module) -> None:
    """Put a module in float64 and complex128, its plain tensors too."""
    module._apply(in_float64)
    with torch.no_grad():
        for tensor in plain_tensors(module):
            if tensor.dtype in REAL:
                tensor.data = in_float64(tensor.data)


def own_precision(module: nn.Module) -> torch.dtype:
    """The real precision of a module's first parameter."""
    return next((REAL[p.dtype] for p in module.parameters() if p.dtype in REAL), torch.float32)


def run(module: nn.Module, x: Tensor) -> Any:
    """Call a module on the coordinates; its buffers are left as they were.

    Raises:
        InputError: for whatever goes wrong in it.
    """
    before = [
        (m._buffers, name, b, b.clone())
        for m in module.modules()
        for name, b in m.named_buffers(recurse=False)
    ]
    try:
        return forward(module, x)
    finally:
        with torch.no_grad():
            for buffers, name, buffer, value in before:
                buffer.data = value
                buffers[name] = buffer


@contextmanager
def apart(device: torch.device) -> Iterator[None]:
    """Run a block with gradients, in full precision, uncompiled, and leave all randomness as is."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.autocast(device.type, enabled=False))
        stack.enter_context(torch.random.fork_rng([device] if device.type == "cuda" else []))
        if "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        try:
            yield
        finally:
            np.random.set_state(numpy_state)
            random.setstate(python_state)
