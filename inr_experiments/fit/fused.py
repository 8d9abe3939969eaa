"""The layers of a `Field` with few passes over memory, each an autograd function of its own.

A step that goes layer by layer is bound by memory on a GPU: bias and activation belong into the
epilogue of the product, activations into the working precision from the inlet to the head, and the
skinny products of coordinates and of channels into one product each.

In bfloat16 inlet and head stay as exact as float32: a number is the sum of three bfloat16 ones, and
products of those are summed in float32. On a processor, where autocast was 1.2 to 1.7
times as fast, the general path of `precision` is taken.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..models.activations.sine import Sine
from ..models.field import Field, Layer
from ..models.network import Network
from .precision import Forwards

#: An inlet of so few features takes coordinates: its products are skinny.
COORDINATES = 3
#: Columns of a product of bfloat16 numbers come in multiples of 16 bytes.
COLUMNS = 8
#: Of the three parts of a and of b, the products that reach 2⁻²⁴ |ab|.
PAIRS = ((0, 0), (0, 1), (1, 0), (0, 2), (2, 0), (1, 1))


def fused_forwards(network: Network, precision: str) -> Forwards | None:
    """The forward pass of inlet, hidden stages and head, by stage; None for a network not known.

    Known is a `Field` of real layers with ReLU or sine, BatchNorm or nothing beside it. Products of
    the hidden stages are in `precision`, those of inlet and head in float32.
    """
    if not (isinstance(network, Field) and all(map(known, [network.inlet, *network.hidden]))):
        return None
    bf16 = precision == "bf16" and len(network.hidden) > 0
    products = "tf32" if precision == "tf32" else "ieee"
    narrow = bf16 and network.encoding is None and splits(network.inlet)
    inlet = _narrow_inlet if narrow else partial(_inlet, dtype=torch.bfloat16 if bf16 else None)
    hidden = {
        f"hidden.{i}": partial(_layer, layer, products=products)  # type: ignore[arg-type]
        for i, layer in enumerate(network.hidden)
    }
    return {"inlet": partial(inlet, network.inlet), **hidden, "head": partial(_head, network.head)}


def known(layer: nn.Module) -> bool:
    """True for a layer whose parts are those that this module has written down."""
    return (
        isinstance(layer, Layer)
        and type(layer.activation) in (nn.ReLU, Sine)
        and all(type(m) in (nn.Identity, nn.BatchNorm1d) for m in (layer.before, layer.after))
        and not layer.linear.weight.is_complex()
    )


def splits(layer: Layer) -> bool:
    """True for an inlet of coordinates with ReLU alone, whose product may be split in parts."""
    plain = all(type(m) is nn.Identity for m in (layer.before, layer.after))
    few = layer.linear.in_features <= COORDINATES
    return few and plain and type(layer.activation) is nn.ReLU


def _inlet(layer: Layer, x: Tensor, *, dtype: torch.dtype | None) -> Tensor:
    z = _layer(layer, x, products="ieee")
    return z if dtype is None else z.to(dtype)


def _layer(layer: Layer, z: Tensor, *, products: str) -> Tensor:
    linear, activation = layer.linear, layer.activation
    if isinstance(layer.before, nn.Identity):
        kind = Kind.of(activation, products)
        return layer.after(ActivatedProduct.apply(z, linear.weight, linear.bias, kind))
    a = ActivatedProduct.apply(z, linear.weight, linear.bias, Kind(products=products))
    return layer.after(activation(layer.before(a)))


def _narrow_inlet(layer: Layer, x: Tensor) -> Tensor:
    z: Tensor = NarrowInlet.apply(x, layer.linear.weight, layer.linear.bias)
    return z


def _head(linear: nn.Linear, z: Tensor) -> Tensor:
    if z.dtype == torch.bfloat16:
        y: Tensor = NarrowHead.apply(z, linear.weight, linear.bias)
        return y
    return functional.linear(z, linear.weight, linear.bias)


@dataclass(frozen=True)
class Kind:
    """The activation after a product, and the precision of float32 products.

    Attributes:
        activation: `relu`, `sine` or `none`.
        omega: ω₀ of a sine.
        products: `ieee` or `tf32`.
    """

    activation: str = "none"
    omega: float = 1.0
    products: str = "ieee"

    @classmethod
    def of(cls, activation: nn.Module, products: str) -> "Kind":
        """The kind that has an activation of a known layer."""
        if isinstance(activation, Sine):
            return cls("sine", activation.omega, products)
        return cls("relu", products=products)


class ActivatedProduct(torch.autograd.Function):
    """ρ(z Wᵀ + b), and its gradients, in the precision of z; ρ is ReLU, sin(ω₀ ·) or nothing.

    ω₀ is multiplied into W and b, so that neither pass has one for it.

    Shapes: z (N, K), W (D, K) and b (D,) float32 -> (N, D).
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, W: Tensor, b: Tensor, kind: Kind) -> Tensor:
        if kind.activation == "sine":
            W, b = kind.omega * W, kind.omega * b
        W, b = W.to(z.dtype), b.to(z.dtype)
        with products_in(kind.products):
            if kind.activation == "relu":
                out = kept = torch._addmm_activation(b, z, W.T)
            else:
                out = kept = torch.addmm(b, z, W.T)
        if kind.activation == "sine":
            out = torch.sin(kept)
        ctx.kind = kind
        ctx.save_for_backward(z, W, kept)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        z, W, kept = ctx.saved_tensors
        delta, scale = gradient, 1.0
        if ctx.kind.activation == "relu":
            delta = torch.ops.aten.threshold_backward(gradient, kept, 0)
        elif ctx.kind.activation == "sine":
            delta, scale = torch.cos(kept).mul_(gradient), ctx.kind.omega
        into_z = into_W = into_b = None
        with products_in(ctx.kind.products):
            if ctx.needs_input_grad[0]:
                into_z = delta @ W
            trained = any(ctx.needs_input_grad[1:3])
            if trained and z.shape[1] <= COORDINATES:
                whole = delta.T @ torch.cat([z, torch.ones_like(z[:, :1])], dim=1)
                into_W, into_b = scale * whole[:, :-1], scale * whole[:, -1]
            elif trained:
                into_W = scale * summed(delta.T, z)
                into_b = scale * delta.sum(dim=0, dtype=torch.promote_types(z.dtype, torch.float32))
        return into_z, into_W, into_b, None


class NarrowInlet(torch.autograd.Function):
    """ReLU(x Wᵀ + b) in bfloat16 as if float32 had been rounded at the end; x takes no gradient.

    With x = Σ x⁽ⁱ⁾ and W = Σ W⁽ʲ⁾ of three bfloat16 parts each, one product of the columns
    [x⁽ⁱ⁾ … 1 1 1] and [W⁽ʲ⁾ … b⁽⁰⁾ b⁽¹⁾ b⁽²⁾] has them all, and its gradient is one product too.

    Shapes: x (N, P), W (D, P), b (D,) float32 -> (N, D) bfloat16.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, W: Tensor, b: Tensor) -> Tensor:
        of_x, of_W = parts(x), parts(W)
        ones = torch.ones_like(x[:, :1], dtype=torch.bfloat16)
        left = [of_x[i] for i, _ in PAIRS] + [ones] * 3
        right = [of_W[j] for _, j in PAIRS] + [part[:, None] for part in parts(b)]
        wide = padded(left)
        z = torch._addmm_activation(torch.zeros_like(b, dtype=wide.dtype), wide, padded(right).T)
        ctx.save_for_backward(wide, z)
        ctx.dimensions = x.shape[1]
        return z

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        wide, z = ctx.saved_tensors
        if not any(ctx.needs_input_grad[1:]):
            return None, None, None
        delta = torch.ops.aten.threshold_backward(gradient, z, 0)
        whole, P = summed(delta.T, wide), ctx.dimensions
        at = {i: P * k for k, (i, _) in enumerate(PAIRS)}  # a place of each part of x
        into_W = torch.stack([whole[:, start : start + P] for start in at.values()]).sum(dim=0)
        return None, into_W, whole[:, P * len(PAIRS)]


class NarrowHead(torch.autograd.Function):
    """z Wᵀ + b in float32 of bfloat16 features, which come back as gradients in bfloat16.

    Shapes: z (N, D) bfloat16, W (C, D) and b (C,) float32 -> (N, C) float32.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, W: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(z, W)
        in_parts = summed(z, padded([part.T for part in parts(W)]))
        C = len(W)
        return in_parts[:, :C] + in_parts[:, C : 2 * C] + in_parts[:, 2 * C : 3 * C] + b

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        z, W = ctx.saved_tensors
        of_y, of_W, C = parts(gradient), parts(W), len(W)
        left = padded([of_y[i] for i, _ in PAIRS])
        into_z = left @ padded([of_W[j].T for _, j in PAIRS]).T
        if not any(ctx.needs_input_grad[1:]):
            return into_z, None, None
        whole, at = summed(left.T, z), {i: C * k for k, (i, _) in enumerate(PAIRS)}
        into_W = torch.stack([whole[start : start + C] for start in at.values()]).sum(dim=0)
        return into_z, into_W, gradient.sum(dim=0)


def parts(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Three bfloat16 tensors whose sum is `a` up to 2⁻²⁴ of it."""
    first = a.to(torch.bfloat16)
    second = (a - first).to(torch.bfloat16)
    return first, second, (a - first - second).to(torch.bfloat16)


def padded(columns: list[Tensor]) -> Tensor:
    """Columns side by side, and zeros up to a multiple of `COLUMNS`."""
    found = torch.cat(columns, dim=1)
    return functional.pad(found, (0, -found.shape[1] % COLUMNS))


def summed(a: Tensor, b: Tensor) -> Tensor:
    """A product of bfloat16 matrices that is summed, and stays, in float32; others as they are."""
    if a.dtype != torch.bfloat16:
        return a @ b
    if a.is_cuda:
        return torch.mm(a, b, out_dtype=torch.float32)
    return a.float() @ b.float()  # a processor's product would round what it gives


@contextmanager
def products_in(precision: str) -> Iterator[None]:
    """Multiply float32 matrices of a GPU in `ieee` or `tf32`; a switch of the whole process."""
    before = torch.backends.cuda.matmul.fp32_precision
    torch.backends.cuda.matmul.fp32_precision = precision
    try:
        yield
    finally:
        torch.backends.cuda.matmul.fp32_precision = before
