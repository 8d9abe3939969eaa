"""Exact products with the whole Jacobian, by autograd: for whatever no matcher knows."""

import math
from collections.abc import Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from .function import ModuleFunction

#: A layer's name and a parameter's.
Key = tuple[str, str]


class Jacobian:
    """J = ∂y/∂θ at all points together, never formed.

    Everything that autograd differentiates is covered: interacting samples, shared layers, trained
    parameters anywhere. The graph of one forward pass is kept, so that random layers stay as
    drawn in it. A complex parameter counts as a real one of twice the size.

    Shapes: y (N, C) with rows of J ordered like y.flatten(); memory O(N · Σ D).

    Args:
        outputs: indices of those meant; by default all.
        skip: layers whose parameters are not meant.

    Attributes:
        parameters: those that are meant, by layer and name.
    """

    @torch.enable_grad()
    def __init__(
        self,
        function: ModuleFunction,
        x: Tensor,
        *,
        outputs: Sequence[int] | None = None,
        skip: Sequence[str] = (),
    ) -> None:
        # Of the kernels of attention this one alone can be differentiated twice.
        with sdpa_kernel(SDPBackend.MATH):
            y = function(x)
        self.y = y if outputs is None else y[:, list(outputs)]
        self.parameters: dict[Key, nn.Parameter] = {
            (layer, name): p
            for layer, own in function.trained().items()
            for name, p in own.items()
            if layer not in skip
        }

    @cached_property
    def sizes(self) -> dict[Key, int]:
        """Real numbers in each parameter that the outputs depend on."""
        used = self.pull(torch.ones_like(self.y))
        return {key: real(gradient).numel() for key, gradient in used.items()}

    def _grad(self, v: Tensor, *, create_graph: bool = False) -> list[Tensor | None]:
        if not self.y.requires_grad or not self.parameters:
            return [None] * len(self.parameters)
        return list(
            torch.autograd.grad(
                self.y,
                list(self.parameters.values()),
                grad_outputs=v,
                retain_graph=True,
                create_graph=create_graph,
                allow_unused=True,
            )
        )

    @cached_property
    @torch.enable_grad()
    def _pulled(self) -> tuple[Tensor, list[Tensor | None]]:
        """v and Jᵀv as a function of it: linear, so that its derivative by v is J at any v."""
        v = torch.ones_like(self.y, requires_grad=True)
        return v, self._grad(v, create_graph=True)

    def pull(self, v: Tensor) -> dict[Key, Tensor]:
        """Jᵀv, one tensor a parameter. Shapes: v (N, C)."""
        gradients = self._grad(v)
        return {
            k: _dense(g) for k, g in zip(self.parameters, gradients, strict=True) if g is not None
        }

    def push(self, tangents: dict[Key, Tensor]) -> Tensor:
        """J u, summed over the parameters that have a tangent. Shapes: -> (N, C)."""
        if self._twice_differentiable:
            return self._push(tangents)
        flat = {key: real(u).flatten() for key, u in tangents.items()}
        products = [sum(row[key] @ u for key, u in flat.items()) for row in self.rows()]
        return self.y.new_tensor(products).reshape(self.y.shape)

    @cached_property
    def _twice_differentiable(self) -> bool:
        """True where ⟨v, J Jᵀv⟩ = ‖Jᵀv‖² for a random v; else rows have to be taken one by one.

        A function that is differentiable once may say so by an error or cut the graph in silence.
        """
        generator = torch.Generator().manual_seed(0)
        v = torch.randn(self.y.shape, generator=generator, dtype=torch.float64).to(self.y)
        pulled = self.pull(v)
        try:
            product = (v * self._push(pulled)).double().sum().item()
        except RuntimeError:
            return False
        square = sum(real(u).double().square().sum().item() for u in pulled.values())
        return math.isclose(product, square, rel_tol=1e-3, abs_tol=1e-30)

    @torch.enable_grad()
    def _push(self, tangents: dict[Key, Tensor]) -> Tensor:
        v, pulled = self._pulled
        pairs = [
            (g, tangents[key])
            for key, g in zip(self.parameters, pulled, strict=True)
            if g is not None and key in tangents and g.requires_grad
        ]
        if not pairs:
            return torch.zeros_like(self.y)
        (product,) = torch.autograd.grad(
            [g for g, _ in pairs],
            v,
            grad_outputs=[u for _, u in pairs],
            retain_graph=True,
            allow_unused=True,
        )
        return torch.zeros_like(self.y) if product is None else product

    @torch.enable_grad()
    def rows(self) -> Iterator[dict[Key, Tensor]]:
        """The rows of J, one backward pass each, by parameter: (its size,)."""
        v = torch.zeros_like(self.y)
        for i in range(v.numel()):
            v.view(-1)[i] = 1
            pulled = self.pull(v)
            v.view(-1)[i] = 0
            yield {
                key: real(pulled[key]).flatten() if key in pulled else v.new_zeros(size)
                for key, size in self.sizes.items()
            }


def real(gradient: Tensor) -> Tensor:
    """A gradient by real numbers: of a complex one real and imaginary parts."""
    return torch.view_as_real(gradient.resolve_conj()) if gradient.is_complex() else gradient


def _dense(gradient: Tensor) -> Tensor:
    return gradient.to_dense() if gradient.is_sparse else gradient
