"""Complex Gabor wavelet."""

from typing import Any

import torch
from torch import Tensor, nn

from ...checks import number


class Gabor(nn.Module):
    """exp(j ω a − |s a|²), elementwise, of real or complex a; complex.

    Source: Saragadam et al. 2023 (WIRE), section 3.
    """

    def __init__(self, *, omega: float, scale: float) -> None:
        super().__init__()
        self.omega = number("omega", omega)
        self.scale = number("scale", scale)

    def forward(self, a: Tensor) -> Tensor:
        wavelet: Tensor = Wavelet.apply(a, self.omega, self.scale)
        return wavelet


class Wavelet(torch.autograd.Function):
    """exp(j ω a − s² |a|²) and its gradient, by real numbers.

    With a = u + jv, g the gradient of what comes out and p + jq = ḡ · out, that of u is
    −ωq − 2s² u p and that of v −ωp − 2s² v p. Complex arithmetic takes three times as long.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, omega: float, scale: float) -> Tensor:
        exponent = -(scale**2) * a.real.square()
        if a.is_complex():
            exponent = exponent - scale**2 * a.imag.square() - omega * a.imag
        size, angle = exponent.exp(), omega * a.real
        out = torch.complex(size * angle.cos(), size * angle.sin())
        ctx.omega, ctx.scale = omega, scale
        ctx.save_for_backward(a, out)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        a, out = ctx.saved_tensors
        product = gradient.conj() * out
        p, q = product.real, product.imag
        narrowing = -2 * ctx.scale**2 * p
        into = narrowing * a.real - ctx.omega * q
        if a.is_complex():
            into = torch.complex(into, narrowing * a.imag - ctx.omega * p)
        return into, None, None
