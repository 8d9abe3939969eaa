"""Tensors wherever a module, an argument or a result holds them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._C._functorch import get_unwrapped, is_functorch_wrapped_tensor
from torch.multiprocessing.reductions import StorageWeakRef

from ..ntk.function import PRECISIONS

#: The real precision of each kind of number that features are made of.
REAL = {**PRECISIONS, torch.float16: torch.float16, torch.bfloat16: torch.bfloat16}
#: Attributes that every module has.
OF_A_MODULE = vars(nn.Module()).keys()


def tensors(held: Any) -> Iterator[Tensor]:
    """The tensors in nested tuples, lists, dicts and dataclasses, in order.

    Inside vmap, where a tensor stands for one sample, that of all samples.
    """
    for _, tensor in named_tensors(held):
        yield _of_all_samples(tensor)


def _of_all_samples(tensor: Tensor) -> Tensor:
    wrapped = is_functorch_wrapped_tensor(tensor)
    return _of_all_samples(get_unwrapped(tensor)) if wrapped else tensor


def named_tensors(held: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """The same with their places, as `['rgb'][0]`."""
    if isinstance(held, Tensor):
        yield name, held
        return
    inside: Iterable[tuple[Any, Any]] = ()
    if isinstance(held, Mapping):
        inside = held.items()
    elif isinstance(held, list | tuple):
        inside = enumerate(held)
    elif is_dataclass(held) and not isinstance(held, type):
        inside = [(own.name, getattr(held, own.name)) for own in fields(held)]
    for key, value in inside:
        yield from named_tensors(value, f"{name}[{key!r}]")


def plain_tensors(module: nn.Module) -> Iterator[Tensor]:
    """Buffers, and tensors kept as plain attributes, which no module knows of."""
    yield from module.buffers()
    for part in module.modules():
        yield from tensors({k: v for k, v in vars(part).items() if k not in OF_A_MODULE})


def real_dtype(tensor: Tensor) -> torch.dtype | None:
    """Its precision, of a complex one that of its parts; None for indices and flags."""
    return REAL.get(tensor.dtype)


def eps(dtype: torch.dtype) -> float:
    """The rounding of a precision."""
    return float(torch.finfo(dtype).eps)


def precisions(held: Iterable[Tensor]) -> list[torch.dtype]:
    """The real precisions of tensors, the finest first."""
    return sorted((d for t in held if (d := real_dtype(t)) is not None), key=eps)


def is_whole(tensor: Tensor) -> bool:
    """True for a tensor that takes all of its memory."""
    return tensor.numel() * tensor.element_size() == tensor.untyped_storage().nbytes()


def memory(tensor: Tensor) -> tuple[int, Any]:
    """A number for the memory of a tensor, which its views share.

    No other has it for as long as what comes with it is kept, which keeps no values.
    """
    try:
        kept = StorageWeakRef(tensor.untyped_storage())
        return kept.cdata, kept
    except (NotImplementedError, RuntimeError):  # a sparse one has no such memory
        return id(tensor), tensor


def matrix(tensor: Tensor, axis: int, *, one_sample: bool = False) -> Tensor:
    """Features as rows, the columns being those along `axis`. Shapes: (…, D, …) -> (N, D).

    Args:
        one_sample: a vector is the features of one sample, and not a feature of all of them.
    """
    if tensor.ndim < 2:
        return tensor.reshape((1, -1) if one_sample else (-1, 1))
    axis = axis if -axis <= tensor.ndim else -1
    return tensor.movedim(axis, -1).reshape(-1, tensor.shape[axis])


def owner(name: str) -> str:
    """The module that a parameter belongs to; of a parametrised one, that which it serves."""
    return re.sub(r"(^|\.)parametrizations\.\w+$", "", name.rpartition(".")[0])
