"""The data flow of one forward pass: which layers' outputs become which layer's input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.overrides import TorchFunctionMode

from .operations import FOREIGN, OF_NONE, OF_THE_FIRST, axes_of, makes_columns
from .records import Call, Read, Trace, union
from .tensors import (
    eps,
    is_whole,
    matrix,
    memory,
    named_tensors,
    owner,
    plain_tensors,
    precisions,
    real_dtype,
    tensors,
)

#: The source of rows that come from nowhere, as from NumPy.
LOST = -1


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
        unread: calls that nothing has read yet, with their own output as rows.
        within: parameters that act on features without making columns.
        constant: parameters that are used, but met no data.
        opaque: modules that cannot be looked into, each taken as one layer.
        strangers: kinds of layers that run without being held by the module.
        lowest: the lowest precision that values passed through.
        fault: the first error of this class's own.
    """

    def __init__(self, module: nn.Module, points: int, *, constants: bool = False) -> None:
        super().__init__()
        self.module, self.points, self.constants = module, points, constants
        self.calls: list[Call] = []
        self.reads: dict[tuple, Read] = {}
        self.unread: dict[int, Tensor] = {}
        self.within: set[str] = set()
        self.constant: set[str] = set()
        self.opaque: list[str] = []
        self.strangers: set[str] = set()
        self.lowest = torch.float64
        self.fault: Exception | None = None
        self._traces: dict[int, tuple[Any, Trace]] = {}
        self._together: dict[int, list[int]] = {}
        self._running: list[tuple[str, int]] = [("", 0)]
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
        self.lowest = x.dtype
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
        # `linalg_matmul` is `matmul`, and so is `matmul.default`.
        name = getattr(func, "__name__", "").removeprefix("linalg_").partition(".")[0]
        self._note(self._follow, name, args, kwargs, result)
        return result

    def output(self, result: Any) -> None:
        """Note the features that the module itself puts out."""
        for name, tensor in named_tensors(result):
            calls = [self.calls[i] for i in self._trace(tensor).sources - {LOST}]
            axes = [call.axis for call in calls if call.keeps_place(tensor)]
            self._read(tensor, f"output{name}", min(axes, default=-1))

    def _note(self, note: Callable[..., None], *arguments: Any) -> None:
        """Keep an error of ours from the user's code, which would be told as its own."""
        try:
            note(*arguments)
        except Exception as error:
            self.fault = self.fault or error

    def _follow(self, name: str, args: tuple, kwargs: dict | None, result: Any) -> None:
        given = {key: value for key, value in (kwargs or {}).items() if key != "out"}
        inputs = list(tensors([args, given]))
        results = [args[0]] if name == "__setitem__" else list(tensors(result))
        if not results or (not inputs and name in FOREIGN):
            return
        used = inputs[:1] if name in OF_THE_FIRST else inputs
        if name == "copy_" and is_whole(args[0]):
            used = inputs[1:]
        traces = [Trace() if OF_NONE.fullmatch(name) else self._trace(t) for t in used]
        if any(t.is_data and o.dtype != torch.bool for t, o in zip(traces, used, strict=True)):
            # A mask says where data goes; it is none beside it.
            traces = [
                Trace() if o.dtype == torch.bool else t for t, o in zip(traces, used, strict=True)
            ]
        data = [t for t, trace in zip(used, traces, strict=True) if trace.is_data]
        weights = [t for t, trace in zip(used, traces, strict=True) if trace.parameters]
        parameters = frozenset().union(*(trace.parameters for trace in traces))
        found = union(traces)
        if data and weights:
            if makes_columns(name, data, results):
                layer, axes = self._layer(parameters), axes_of(name, args, weights, results)
                found = self._call(layer, parameters, weights, data, results, axes)
            else:
                self.within |= parameters
        elif weights:
            self.constant |= parameters
        self._put_out(data, results, found)

    def _call(
        self, layer: str, parameters: frozenset[str], weights: list[Tensor], data: list[Tensor],
        results: list[Tensor], axes: tuple[int, int],
    ) -> Trace:  # fmt: skip
        """Note that a layer reads data; return the origin of what it puts out."""
        weight = max(weights, key=Tensor.numel).detach() if weights else None
        # As where a module takes its points one by one.
        one = weight is not None and weight.ndim == 2 and data[0].ndim == results[0].ndim == 1
        for tensor in data:
            self._read(tensor, layer, axes[0], one_sample=one)
        origin = union(map(self._trace, data))
        direct = origin.sources - {LOST}
        ancestors = direct.union(*(self.calls[i].ancestors for i in direct))
        depth = sum(self.calls[i].layer == layer for i in ancestors)
        reached = origin.coordinates or LOST in origin.sources
        own = matrix(results[0].detach(), axes[1], one_sample=one).clone()
        self.unread[len(self.calls)] = own
        self.calls.append(
            Call(layer, depth, parameters, weight, own.shape[1], axes[1], reached, ancestors)
        )
        return Trace(sources=frozenset([len(self.calls) - 1]))

    def _read(self, tensor: Tensor, reader: str, axis: int, *, one_sample: bool = False) -> None:
        trace = self._trace(tensor)
        sources = sorted(trace.sources - {LOST})
        if not sources or real_dtype(tensor) is None:
            return
        version = 0 if tensor.is_inference() else tensor._version
        place = (memory(tensor)[0], tensor.storage_offset(), tensor.numel(), version)
        if place in self.reads:
            self.reads[place].readers.append(reader)
            return
        first = [i for i in sources if self.unread.pop(i, None) is not None]
        self._together.update(dict.fromkeys(first, first))
        calls = first or [i for i in self._together[sources[-1]] if i in sources]
        others = [i for i in sources if i not in calls]
        Z = matrix(tensor.detach(), axis, one_sample=one_sample).clone()
        for known in self.reads.values():  # read before, from a copy with the same values
            if known.calls == calls and known.Z.shape == Z.shape and torch.equal(known.Z, Z):
                known.readers.append(reader)
                return
        self.reads[place] = Read(Z, [reader], calls, others, trace.coordinates, branch=not first)

    def _enter(self, module: nn.Module, _inputs: tuple) -> None:
        name = self._names.get(module, self._running[-1][0])
        self._running.append((name, len(self.calls)))
        if module not in self._names and any(True for _ in module.parameters()):
            self.strangers.add(type(module).__name__)

    def _leave(self, module: nn.Module, inputs: tuple, result: Any) -> None:
        name, calls = self._running.pop()
        while module in self._names and name != self._names[module]:
            name, calls = self._running.pop()  # a module within failed, in the user's own try
        self._note(self._look_into, name, calls, module, inputs, result)

    def _look_into(
        self, name: str, calls: int, module: nn.Module, inputs: tuple, result: Any
    ) -> None:
        """Take a module whose result comes from nowhere as one layer, if none was seen inside."""
        data = [t for t in tensors(inputs) if self._trace(t).is_data]
        results = [t for t in tensors(result) if memory(t)[0] not in self._traces]
        if not data or not results or len(self.calls) > calls:
            return
        found = union(map(self._trace, data))
        own = dict(module.named_parameters())
        if own:
            names = frozenset(f"{name}.{key}" if name else key for key in own)
            weights: list[Tensor] = [p for p in own.values() if p.ndim > 1]
            layer = name or type(module).__name__
            self.opaque.append(layer)
            found = self._call(layer, names, weights[:1], data, results, (-1, -1))
        self._put_out(data, results, found)

    def _put_out(self, data: list[Tensor], results: list[Tensor], trace: Trace) -> None:
        """Remember the origin of results, and the precision that data lost in them."""
        for tensor in results:
            self._mark(tensor, trace)
        made, given = precisions(results), precisions(data)
        if made and given and eps(made[-1]) > eps(given[0]):
            self.lowest = max(self.lowest, made[-1], key=eps)

    def _layer(self, parameters: frozenset[str]) -> str:
        """The module that holds the parameters; a parameter's own name where it holds more."""
        here = self._running[-1][0]
        owners = sorted({owner(name) for name in parameters})
        names: list[str] = []
        for own in [here] if here and here in owners else owners:
            held = self._matrices.get(own, set())
            alone = not own and not list(self.module.children())
            if (own or alone) and held <= parameters:
                names.append(own or type(self.module).__name__)
            else:
                names += sorted(held & parameters or {n for n in parameters if owner(n) == own})
        return ", ".join(names)

    def _trace(self, tensor: Tensor) -> Trace:
        known = self._traces.get(memory(tensor)[0])
        if known is not None:
            return known[1]
        rows = tensor.ndim > 0 and tensor.shape[0] == self.points and self.points > 1
        return Trace(sources=frozenset([LOST])) if rows else Trace()

    def _mark(self, tensor: Tensor, trace: Trace) -> None:
        key, kept = memory(tensor)
        self._traces[key] = kept, trace
