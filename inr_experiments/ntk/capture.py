"""Inputs and sensitivities of each trained layer: Z_{k-1} and Δ_k."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..checks import InputError
from .function import COVERED, Output

#: Points that pass through the module at a time.
ROWS = 8192


@dataclass(frozen=True)
class CapturedLayer:
    """One trained layer at N points, as the layer-wise identity needs it.

    Row n of the Jacobian of output c by the weights of a Linear layer is vec(z(n) ⊗ δ_c(n)), by
    its biases δ_c(n). An elementwise scale (the affine part of a normalisation with fixed
    statistics) has z(n) ∘ δ_c(n) and δ_c(n).

    Attributes:
        name: of the module.
        inputs: Z, (N, D_in); of a scale the normalised values, (N, D).
        sensitivities: Δ, (N, C, D_out), derivatives of C outputs by the pre-activations.
        weight, bias: which of the two is trained.
        elementwise: whether it is a scale.
    """

    name: str
    inputs: Tensor
    sensitivities: Tensor
    weight: bool
    bias: bool
    elementwise: bool


def capture(
    output: Output, x: Tensor, *, outputs: Sequence[int], rows: int = ROWS
) -> list[CapturedLayer]:
    """The trained layers between points and outputs, in module order.

    Hooks on the layers of the very module; one backward pass for each output. A layer that the
    outputs do not depend on is left out. Samples must not interact; the guard sees to it.

    Shapes: x (N, P); memory O(N · (Σ D_in + C Σ D_out)).

    Raises:
        InputError: if a layer runs twice or sees anything but (N, D_in).
    """
    chunks = [_capture(output, part, outputs) for part in x.split(rows)]
    if len(chunks) == 1:
        return chunks[0]
    return [
        CapturedLayer(
            layers[0].name,
            torch.cat([layer.inputs for layer in layers]),
            torch.cat([layer.sensitivities for layer in layers]),
            layers[0].weight,
            layers[0].bias,
            layers[0].elementwise,
        )
        for layers in zip(*chunks, strict=True)
    ]


@torch.enable_grad()
def _capture(output: Output, x: Tensor, outputs: Sequence[int]) -> list[CapturedLayer]:
    """`capture` of points that pass through at once."""
    seen: dict[str, tuple[Tensor, Tensor]] = {}
    owners = {name: m for name, m in output.module.named_modules() if _trained(m)}

    def hook_of(name: str) -> object:
        def hook(_module: nn.Module, inputs: tuple, result: Tensor) -> Tensor:
            if name in seen:
                raise InputError(
                    f"layer {name!r} is used twice in one pass, which the layer-wise identity does "
                    "not cover; expected method='jacobian' for tied layers"
                )
            if inputs[0].ndim != 2:
                raise InputError(
                    f"layer {name!r} saw shape {tuple(inputs[0].shape)}; expected (N, D_in), "
                    "or method='jacobian'"
                )
            seen[name] = inputs[0].detach(), result
            # An in-place activation would overwrite the pre-activation: give it a copy.
            return result.clone()

        return hook

    hooks = [m.register_forward_hook(hook_of(name)) for name, m in owners.items()]
    try:
        y = output(x)
    finally:
        for hook in hooks:
            hook.remove()
    names = [name for name in owners if name in seen and seen[name][1].requires_grad]
    if not names:
        return []
    gradients = [
        torch.autograd.grad(
            y[:, c].sum(),
            [seen[name][1] for name in names],
            retain_graph=c != outputs[-1],
            allow_unused=True,
        )
        for c in outputs
    ]
    layers = []
    for name, deltas in zip(names, zip(*gradients, strict=True), strict=True):
        used = next((d for d in deltas if d is not None), None)
        if used is not None:
            delta = torch.stack([torch.zeros_like(used) if d is None else d for d in deltas], dim=1)
            layers.append(_layer(name, owners[name], seen[name][0], delta))
    return layers


def _trained(module: nn.Module) -> bool:
    own = module.parameters(recurse=False)
    return isinstance(module, COVERED) and any(p.requires_grad for p in own)


def _layer(name: str, module: nn.Module, inputs: Tensor, delta: Tensor) -> CapturedLayer:
    elementwise = not isinstance(module, nn.Linear)
    if elementwise:
        inputs = _normalised(module, inputs)
    trained = {n for n, p in module.named_parameters(recurse=False) if p.requires_grad}
    return CapturedLayer(name, inputs, delta, "weight" in trained, "bias" in trained, elementwise)


@torch.no_grad()
def _normalised(module: nn.Module, z: Tensor) -> Tensor:
    """The values that a normalisation multiplies by its weight. Shapes: (N, D) -> (N, D)."""
    if isinstance(module, nn.LayerNorm):
        return nn.functional.layer_norm(z, module.normalized_shape, eps=module.eps)
    mean, variance = module.running_mean, module.running_var
    if module.training or mean is None:
        mean, variance = z.mean(dim=0), z.var(dim=0, unbiased=False)
    return (z - mean) / (variance + module.eps).sqrt()  # type: ignore[operator]
