"""The data flow of one forward pass: which layers' outputs become which layer's input."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode

from .tensors import matrix, named_tensors, plain_tensors, real_dtype, storage_of, tensors

#: Convolutions, and where their channels lie.
CHANNELS = {f"conv{kind}{d}d": -1 - d for kind in ("", "_transpose") for d in (1, 2, 3)}
#: Operations that make columns, or rows of a table, from a parameter.
LAYERS = {
    *CHANNELS,
    *("linear", "bilinear", "matmul", "__matmul__", "__rmatmul__", "mm", "bmm", "mv", "addmm"),
    *("addmv", "addbmm", "baddbmm", "einsum", "tensordot", "inner", "multi_dot", "cdist"),
    *("embedding", "embedding_bag", "__getitem__", "index_select", "gather", "take"),
    *("take_along_dim", "grid_sample", "lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell"),
    *("gru_cell", "rnn_tanh_cell", "rnn_relu_cell", "multi_head_attention_forward"),
    "scaled_dot_product_attention",
}
#: Operations that lay tensors side by side: no parameter makes what is added.
JOINS = {"cat", "concat", "concatenate", "stack", "hstack", "vstack", "column_stack"}
#: Operations that take only shape and precision of tensors after the first, or of all.
OF_THE_FIRST = {"to", "type_as", "expand_as", "view_as", "reshape_as"}
OF_NONE = re.compile(r"\w+_like|new_\w+")
#: Makers of tensors from what torch did not see.
FOREIGN = {"tensor", "as_tensor", "asarray", "from_numpy", "frombuffer"}
#: Products of two factors, the left of which may be the parameter.
PRODUCTS = {"matmul", "__matmul__", "mm", "bmm"}
#: The source of rows that come from nowhere, as from NumPy.
LOST = -1


class Trace(NamedTuple):
    """The origin of values: calls of layers, else parameters alone, and coordinates."""

    sources: frozenset[int] = frozenset()
    parameters: frozenset[str] = frozenset()
    coordinates: bool = False

    @property
    def is_data(self) -> bool:
        """True for values that differ from point to point."""
        return self.coordinates or bool(self.sources)


def union(traces: Iterable[Trace]) -> Trace:
    """The origin of what is made of several tensors; data takes the place of parameters."""
    sources, parameters, coordinates = zip(*[*traces, Trace()], strict=True)
    found = Trace(frozenset().union(*sources), frozenset(), any(coordinates))
    return found if found.is_data else Trace(parameters=frozenset().union(*parameters))


class Call(NamedTuple):
    """One call of a layer, its own output as rows; `depth` calls of the same came before."""

    layer: str
    depth: int
    parameters: frozenset[str]
    weight: Tensor | None
    output: Tensor
    axis: int
    from_coordinates: bool
    ancestors: frozenset[int]


@dataclass
class Read:
    """Features Z as layers, or the output, read them, and the calls that they are made of.

    Those in `first` are read for the first time, those in `again` were before.
    """

    Z: Tensor
    readers: list[str]
    first: list[int]
    again: list[int]
    coordinates: bool


class Flow(TorchFunctionMode):
    """Follows every tensor of a forward pass from layer to layer.

    A layer is an operation that makes columns of data and a parameter, whoever calls it: products,
    convolutions, tables, attention, recurrence. A scale, a shift or a normalisation makes none;
    it is part of what becomes of the layer before.

    Args:
        constants: True takes buffers and plain tensors for coordinates, too.

    Attributes:
        calls: of layers, in the order they ran.
        reads: of features.
        within: parameters that act on features without making columns.
        constant: parameters that are used, but met no data.
        opaque: modules that cannot be looked into, each taken as one layer.
        lowest: the lowest precision that values passed through.
        fault: the first error of this class's own.
    """

    def __init__(self, module: nn.Module, points: int, *, constants: bool = False) -> None:
        super().__init__()
        self.module, self.points = module, points
        self.calls: list[Call] = []
        self.reads: dict[tuple, Read] = {}
        self.within: set[str] = set()
        self.constant: set[str] = set()
        self.opaque: list[str] = []
        self.lowest = torch.float64
        self.fault: Exception | None = None
        self._traces: dict[int, tuple[Any, Trace]] = {}
        self._running: list[str] = [""]
        self._names = {m: name for name, m in module.named_modules()}
        self._matrices: dict[str, set[str]] = {}
        for tensor in plain_tensors(module):
            self._mark(tensor, Trace(coordinates=constants))
        for name, parameter in module.named_parameters(remove_duplicate=False):
            known = self._trace(parameter).parameters
            self._mark(parameter, Trace(parameters=known | {name}))
            if parameter.ndim > 1:
                self._matrices.setdefault(owner(name), set()).add(name)

    @contextmanager
    def following(self, x: Tensor) -> Iterator[None]:
        """Follow x through whatever runs inside the block."""
        self._mark(x, Trace(coordinates=True))
        # Hooks on all modules reach those of TorchScript, which take none of their own.
        hooks = register_module_forward_pre_hook(self._enter)
        more = register_module_forward_hook(self._leave)
        try:
            with self:
                yield
        finally:
            hooks.remove()
            more.remove()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        """Run an operation, and note what its result is made of."""
        result = func(*args, **(kwargs or {}))
        self._note(self._follow, getattr(func, "__name__", ""), args, kwargs, result)
        return result

    def output(self, result: Any) -> None:
        """Note the features that the module itself puts out."""
        for name, tensor in named_tensors(result):
            calls = [self.calls[i] for i in self._trace(tensor).sources - {LOST}]
            axes = [call.axis for call in calls if _channels(tensor, call)]
            self._read(tensor, f"output{name}", min(axes, default=-1))

    def _note(self, note: Callable[..., None], *arguments: Any) -> None:
        """Keep an error of ours from the user's code, which would be told as its own."""
        try:
            note(*arguments)
        except Exception as error:
            self.fault = self.fault or error

    def _follow(self, name: str, args: tuple, kwargs: dict | None, result: Any) -> None:
        inputs = list(tensors([args, kwargs]))
        results = [args[0]] if name == "__setitem__" else list(tensors(result))
        if not results or (not inputs and name in FOREIGN):
            return
        used = inputs[:1] if name in OF_THE_FIRST else inputs
        traces = [Trace() if OF_NONE.fullmatch(name) else self._trace(t) for t in used]
        data = [t for t, trace in zip(used, traces, strict=True) if trace.is_data]
        weights = [t for t, trace in zip(used, traces, strict=True) if trace.parameters]
        parameters = frozenset().union(*(trace.parameters for trace in traces))
        found = union(traces)
        if data and weights:
            grown = max(t.numel() for t in results) > max(t.numel() for t in data)
            if name in LAYERS or (grown and name not in JOINS):
                left = name in PRODUCTS and used[0] is weights[0]
                spatial = 1 - results[0].ndim if name == "grid_sample" else -1
                axis = -2 if left else CHANNELS.get(name, spatial)
                found = self._call(
                    self._layer(parameters), parameters, weights, data, results, axis
                )
            else:
                self.within |= parameters
        elif weights:
            self.constant |= parameters
        for tensor in results:
            self._mark(tensor, found)
            self._see(tensor, found)

    def _call(self, layer: str, parameters: frozenset[str], weights: list[Tensor],
              data: list[Tensor], results: list[Tensor], axis: int) -> Trace:  # fmt: skip
        """Note that a layer reads data; return the origin of what it puts out."""
        for tensor in data:
            self._read(tensor, layer, axis)
        origin = union(map(self._trace, data))
        direct = origin.sources - {LOST}
        ancestors = direct.union(*(self.calls[i].ancestors for i in direct))
        depth = sum(self.calls[i].layer == layer for i in ancestors)
        weight = max(weights, key=Tensor.numel).detach() if weights else None
        reached = origin.coordinates or LOST in origin.sources
        own = matrix(results[0].detach(), axis).clone()
        self.calls.append(Call(layer, depth, parameters, weight, own, axis, reached, ancestors))
        return Trace(sources=frozenset([len(self.calls) - 1]))

    def _read(self, tensor: Tensor, reader: str, axis: int) -> None:
        trace = self._trace(tensor)
        sources = sorted(trace.sources - {LOST})
        if not sources or real_dtype(tensor) is None:
            return
        storage = storage_of(tensor)
        place = (getattr(storage, "_cdata", id(storage)), tensor.storage_offset(), tensor.numel(),
                 0 if tensor.is_inference() else tensor._version)  # fmt: skip
        if place in self.reads:
            self.reads[place].readers.append(reader)
            return
        before = {i for read in self.reads.values() for i in read.first}
        first = [i for i in sources if i not in before]
        again = [i for i in sources if i in before]
        Z = matrix(tensor.detach(), axis).clone()
        self.reads[place] = Read(Z, [reader], first, again, trace.coordinates)

    def _enter(self, module: nn.Module, _inputs: tuple) -> None:
        self._running.append(self._names.get(module, ""))

    def _leave(self, module: nn.Module, inputs: tuple, result: Any) -> None:
        name = self._names.get(module, "")
        while len(self._running) > 1 and self._running.pop() != name:
            pass  # a module within that failed, as in the user's own try
        self._note(self._look_into, name, module, inputs, result)

    def _look_into(self, name: str, module: nn.Module, inputs: tuple, result: Any) -> None:
        """Take a module whose result comes from nowhere as one layer."""
        data = [t for t in tensors(inputs) if self._trace(t).is_data]
        results = [t for t in tensors(result) if not self._knows(t)]
        if not data or not results:
            return
        found = union(map(self._trace, data))
        own = dict(module.named_parameters())
        if own:
            names = frozenset(f"{name}.{key}" if name else key for key in own)
            weights = [p for p in own.values() if p.ndim > 1]
            layer = name or type(module).__name__
            self.opaque.append(layer)
            found = self._call(layer, names, weights[:1], data, results, -1)
        for tensor in results:
            self._mark(tensor, found)

    def _layer(self, parameters: frozenset[str]) -> str:
        """The module that holds the parameters; a parameter's own name where it holds more."""
        here = self._running[-1]
        owners = sorted({owner(name) for name in parameters})
        owners = [here] if here in owners else owners
        whole = all(self._matrices.get(own, set()) <= parameters for own in owners)
        if whole and owners != [""]:
            return ", ".join(owners)
        if whole and not list(self.module.children()):
            return type(self.module).__name__
        return ", ".join(sorted(n for n in parameters if n in self._matrices.get(owner(n), ())))

    def _see(self, tensor: Tensor, origin: Trace) -> None:
        precision = real_dtype(tensor)
        if origin.is_data and precision is not None:
            self.lowest = max(self.lowest, precision, key=lambda d: torch.finfo(d).eps)

    def _knows(self, tensor: Tensor) -> bool:
        storage = storage_of(tensor)
        return getattr(storage, "_cdata", id(storage)) in self._traces

    def _trace(self, tensor: Tensor) -> Trace:
        storage = storage_of(tensor)
        known = self._traces.get(getattr(storage, "_cdata", id(storage)))
        if known is not None:
            return known[1]
        rows = tensor.ndim > 0 and tensor.shape[0] == self.points and self.points > 1
        return Trace(sources=frozenset([LOST])) if rows else Trace()

    def _mark(self, tensor: Tensor, trace: Trace) -> None:
        """Remember the origin of a tensor's memory, by a reference that does not keep it."""
        storage = storage_of(tensor)
        if storage is tensor:
            self._traces[id(tensor)] = (tensor, trace)
        else:
            self._traces[storage._cdata] = (StorageWeakRef(storage), trace)


def _channels(tensor: Tensor, call: Call) -> bool:
    """True where a call's channels still lie where it put them."""
    at = call.axis
    return -at <= tensor.ndim and tensor.shape[at] == call.output.shape[1]


def owner(name: str) -> str:
    """The module that a parameter belongs to; of a parametrised one, that which it serves."""
    return re.sub(r"(^|\.)parametrizations\.\w+$", "", name.rpartition(".")[0])
