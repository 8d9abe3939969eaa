"""Inputs and sensitivities of each trained layer that a matcher knows: Z_{k-1} and Δ_k."""

from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..checks import InputError
from ..hooks import hooked
from .function import ModuleFunction
from .matchers import Calls, Form, fits, matcher

#: Points that pass through the module at a time.
ROWS = 8192


def coverable(function: ModuleFunction) -> dict[str, nn.Module]:
    """The modules that a matcher knows and that share no trained parameter, in module order."""
    shared = function.shared()
    modules = function.module.named_modules()
    return {n: m for n, m in modules if n not in shared and matcher(m) is not None}


def capture(
    function: ModuleFunction,
    x: Tensor,
    *,
    outputs: Sequence[int] | Tensor,
    layers: Collection[str] | None = None,
) -> list[Form]:
    """The Jacobians of trained layers as factors or rows, in module order.

    Hooks on the layers of the very module; one backward pass for each output. Samples must not
    interact; `check_against_autograd` sees to it. A layer is left out that the outputs do not
    depend on, that sees something else than samples first, or that has another precision.

    Shapes: x (N, P); memory O(N · (Σ T D_in + C Σ T D_out)).

    Args:
        outputs: indices, or weights (C, K) of K sums of the outputs.
        layers: those to capture, all of which must be there; by default what can be.

    Raises:
        InputError: if one of `layers` is not there.
    """
    modules = coverable(function)
    if layers is not None:
        modules = {name: module for name, module in modules.items() if name in layers}
    chunks = [_capture(function, part, outputs, modules) for part in x.split(ROWS)]
    names = {form.layer for form in chunks[0]}
    if layers is not None and any({f.layer for f in chunk} != set(layers) for chunk in chunks):
        raise InputError(
            f"the layers {', '.join(sorted(set(layers) ^ names)) or 'seen'} change from point to "
            "point; expected method='jacobian' for such a module"
        )
    if len(chunks) == 1:
        return chunks[0]
    return [type(forms[0]).joined(forms) for forms in zip(*chunks, strict=True)]


@torch.enable_grad()
def _capture(
    function: ModuleFunction,
    x: Tensor,
    outputs: Sequence[int] | Tensor,
    modules: dict[str, nn.Module],
) -> list[Form]:
    """`capture` of points that pass through at once."""
    seen: dict[str, list[tuple[Tensor, Tensor]]] = {}
    unfit: set[str] = set()

    def keep(name: str, module: nn.Module, inputs: tuple, result: Any) -> Any:
        # A product in lower precision, as under autocast, has factors that are not those of J.
        if not fits(module, inputs, result, len(x)) or result.dtype.to_real() != x.dtype:
            unfit.add(name)
            return None
        if result.requires_grad:
            seen.setdefault(name, []).append((inputs[0].detach(), result))
        # An in-place activation would overwrite the pre-activation: give it a copy.
        return result.clone()

    with hooked(modules, after=keep):
        y = function(x)
    y = y @ outputs if isinstance(outputs, Tensor) else y[:, list(outputs)]
    names = [name for name in modules if name in seen and name not in unfit]
    results = [result for name in names for _, result in seen[name]]
    gradients = iter(_gradients(y, results))
    forms = []
    for name in names:
        calls = [(z, next(gradients)) for z, _ in seen[name]]
        used = [(z, delta) for z, delta in calls if delta is not None]
        if used:
            inputs, deltas = (list(column) for column in zip(*used, strict=True))
            match = matcher(modules[name])
            assert match is not None
            forms += match(Calls(name, modules[name], inputs, deltas))
    return forms


def _gradients(y: Tensor, results: list[Tensor]) -> list[Tensor | None]:
    """Derivatives of the outputs by each result; None where they do not depend on it.

    Shapes: y (N, C), results (N, …) -> (N, C, …) each.
    """
    if not results:
        return []
    rows = [
        torch.autograd.grad(column.sum(), results, retain_graph=True, allow_unused=True)
        for column in y.unbind(dim=1)
    ]
    # All outputs are one tensor, of one graph: they depend on a result together or not at all.
    return [
        None if deltas[0] is None else torch.stack(deltas, 1) for deltas in zip(*rows, strict=True)
    ]
