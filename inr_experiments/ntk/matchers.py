"""The layer kinds whose Jacobian has a cheaper form, one matcher each.

A matcher turns one layer's inputs and output gradients at N points into factors or rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .factors import Factors
from .rows import Rows, sparse_rows

Form = Factors | Rows


@dataclass(frozen=True)
class Calls:
    """All calls of one layer in one pass.

    Attributes:
        layer: its name.
        module: the layer.
        inputs: of each call, (N, …).
        gradients: derivatives of C outputs by the result of each call, (N, C, …).
    """

    layer: str
    module: Any
    inputs: list[Tensor]
    gradients: list[Tensor]

    def trained(self, name: str) -> bool:
        """True where the layer itself has this parameter and it is trained."""
        own = dict(self.module.named_parameters(recurse=False))
        return name in own and own[name].requires_grad


def linear(calls: Calls) -> list[Form]:
    """Linear on (N, D) or, shared over positions, on (N, …, D)."""
    Z = [z.reshape(len(z), -1, z.shape[-1]) for z in calls.inputs]
    delta = [d.reshape(*d.shape[:2], -1, d.shape[-1]) for d in calls.gradients]
    return [_factors(calls, _cat(Z, 1), _cat(delta, 2))]


def convolution(calls: Calls) -> list[Form]:
    """Convolution in 1, 2 or 3 dimensions: a Linear layer on patches, one for each group."""
    groups = calls.module.groups
    patches = _cat([_patches(calls.module, z) for z in calls.inputs], 2)
    delta = _cat([d.flatten(3).transpose(2, 3) for d in calls.gradients], 2)
    pairs = zip(patches, delta.chunk(groups, dim=3), strict=True)
    return [_factors(calls, Z, own) for Z, own in pairs]


def _patches(module: Any, z: Tensor) -> Tensor:
    """The patches that a kernel sees. Shapes: (N, D_in, …) -> (groups, N, T, D_in·k / groups)."""
    padding = module._reversed_padding_repeated_twice
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    if any(padding):
        z = functional.pad(z, padding, mode=mode)
    for i, (size, stride, dilation) in enumerate(
        zip(module.kernel_size, module.stride, module.dilation, strict=True)
    ):
        z = z.unfold(2 + i, dilation * (size - 1) + 1, stride)[..., ::dilation]
    dimensions = len(module.kernel_size)
    z = z.flatten(2 + dimensions).flatten(2, 1 + dimensions)
    return torch.stack([part.transpose(1, 2).flatten(2) for part in z.chunk(module.groups, dim=1)])


def _factors(calls: Calls, Z: Tensor, delta: Tensor) -> Factors:
    """Factors of the trained ones of weight and bias. Shapes: (N, T, D_in), (N, C, T, D_out)."""
    ones, parts, columns, width = Z.new_ones(*Z.shape[:2], 1), [], {}, 0
    for name, part in (("weight", Z), ("bias", ones)):
        if calls.trained(name):
            parts.append(part)
            columns[name] = slice(width, width + part.shape[2])
            width += part.shape[2]
    return Factors(calls.layer, _cat(parts, 2), delta, columns)


def _cat(tensors: list[Tensor], dim: int) -> Tensor:
    return tensors[0] if len(tensors) == 1 else torch.cat(tensors, dim=dim)


def embedding(calls: Calls) -> list[Form]:
    """Embedding, or a hash grid's table: rows picked by index, weighted downstream."""
    indices = _cat([i.reshape(len(i), -1) for i in calls.inputs], 1)
    features = calls.module.embedding_dim
    delta = _cat([d.reshape(*d.shape[:2], -1, features) for d in calls.gradients], 2)
    if calls.module.padding_idx is not None:  # a row that takes no gradient
        delta = delta * (indices != calls.module.padding_idx)[:, None, :, None]
    return [sparse_rows(calls.layer, indices, delta, height=calls.module.num_embeddings)]


def scale(calls: Calls) -> list[Form]:
    """Elementwise scale and bias of a normalisation whose statistics do not mix samples."""
    module, parts, columns, width = calls.module, [], {}, 0
    for name in ("weight", "bias"):
        if calls.trained(name):
            rows = sum(
                _over_positions(
                    module, d * _normalised(module, z)[:, None] if name == "weight" else d
                )
                for z, d in zip(calls.inputs, calls.gradients, strict=True)
            )
            assert isinstance(rows, Tensor)
            parts.append(rows)
            columns[name] = slice(width, width + rows.shape[2])
            width += rows.shape[2]
    return [Rows(calls.layer, _cat(parts, 2), columns)]


def _over_positions(module: nn.Module, gradients: Tensor) -> Tensor:
    """Sum over the dimensions that share an entry. Shapes: (N, C, …) -> (N, C, size)."""
    if isinstance(module, nn.LayerNorm | nn.RMSNorm):
        own = gradients.flatten(-len(module.normalized_shape))
        return own.reshape(*own.shape[:2], -1, own.shape[-1]).sum(dim=2)
    return gradients.reshape(*gradients.shape[:3], -1).sum(dim=3)


@torch.no_grad()
def _normalised(module: Any, z: Tensor) -> Tensor:
    """The values that a normalisation multiplies by its weight. Shapes: (N, …) -> the same."""
    if isinstance(module, nn.LayerNorm):
        return functional.layer_norm(z, module.normalized_shape, eps=module.eps)
    if isinstance(module, nn.RMSNorm):
        return functional.rms_norm(z, module.normalized_shape, eps=module.eps)
    if isinstance(module, nn.GroupNorm):
        return functional.group_norm(z, module.num_groups, eps=module.eps)
    return functional.batch_norm(z, module.running_mean, module.running_var, eps=module.eps)


#: The matcher of each kind.
MATCHERS: Mapping[type[nn.Module], Callable[[Calls], list[Form]]] = {
    nn.Linear: linear,
    nn.Conv1d: convolution,
    nn.Conv2d: convolution,
    nn.Conv3d: convolution,
    nn.Embedding: embedding,
    nn.LayerNorm: scale,
    nn.RMSNorm: scale,
    nn.GroupNorm: scale,
    nn.modules.batchnorm._BatchNorm: scale,
}


def matcher(module: nn.Module) -> Callable[[Calls], list[Form]] | None:
    """The matcher of a layer, or None where its Jacobian has no cheaper form that is known."""
    own = {name: p for name, p in module.named_parameters(recurse=False) if p.requires_grad}
    if not own or not own.keys() <= {"weight", "bias"} or any(p.is_complex() for p in own.values()):
        return None
    if isinstance(module, nn.Embedding) and (module.max_norm or module.scale_grad_by_freq):
        return None
    if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.training:
        return None
    return next((match for kind, match in MATCHERS.items() if isinstance(module, kind)), None)


def fits(module: Any, inputs: tuple, result: object, points: int) -> bool:
    """True where a call has one real input and result with samples first."""
    if len(inputs) != 1 or not isinstance(inputs[0], Tensor) or not isinstance(result, Tensor):
        return False
    tensors = (inputs[0], result)
    if any(t.ndim < 1 or len(t) != points or t.is_complex() for t in tensors):
        return False
    if isinstance(module, nn.Embedding):
        return True
    shape = getattr(module, "normalized_shape", None) or (1, *getattr(module, "kernel_size", ()))
    return inputs[0].ndim > len(shape)  # fewer dimensions: no samples in front
