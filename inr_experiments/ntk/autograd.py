"""Exact products with the whole Jacobian, by autograd: for modules whose samples interact."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor, nn

from ..checks import InputError
from .function import Output


class Jacobian:
    """J = ∂y/∂θ at all points together, never formed.

    Everything that autograd differentiates is covered: interacting samples, shared layers, trained
    parameters anywhere. The graph of one forward pass is kept, so that random layers stay as
    drawn in it.

    Shapes: y (N, C) with rows of J ordered like y.flatten(); memory O(N · Σ D).
    """

    @torch.enable_grad()
    def __init__(self, output: Output, x: Tensor, *, outputs: Sequence[int]) -> None:
        self.y = output(x)[:, list(outputs)]
        self.parameters: dict[tuple[str, str], nn.Parameter] = {
            (layer, name): p for layer, own in output.trained().items() for name, p in own.items()
        }

    @cached_property
    @torch.enable_grad()
    def _pulled(self) -> tuple[Tensor, tuple[Tensor | None, ...]]:
        """v and Jᵀv as a function of it: linear, so that its derivative by v is J at any v."""
        v = torch.ones_like(self.y, requires_grad=True)
        parameters = list(self.parameters.values())
        try:
            pulled = torch.autograd.grad(
                self.y, parameters, grad_outputs=v, create_graph=True, allow_unused=True
            )
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"the module cannot be differentiated twice ({reason})") from error
        return v, pulled

    def pull(self, v: Tensor) -> list[Tensor | None]:
        """Jᵀv, one tensor a parameter; None for one without influence. Shapes: v (N, C)."""
        return list(
            torch.autograd.grad(
                self.y,
                list(self.parameters.values()),
                grad_outputs=v,
                retain_graph=True,
                allow_unused=True,
            )
        )

    @torch.enable_grad()
    def push(self, tangents: list[Tensor | None]) -> Tensor:
        """J u, summed over the parameters whose tangent is not None. Shapes: -> (N, C)."""
        v, pulled = self._pulled
        pairs = [
            (g, u)
            for g, u in zip(pulled, tangents, strict=True)
            if g is not None and u is not None and g.requires_grad
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
    def rows(self) -> Iterator[dict[tuple[str, str], Tensor]]:
        """The rows of J, one backward pass each, by parameter: (its size,)."""
        flat = self.y.flatten()
        for entry in flat:
            gradients = torch.autograd.grad(
                entry, list(self.parameters.values()), retain_graph=True, allow_unused=True
            )
            yield {
                key: (torch.zeros_like(p) if g is None else g).flatten()
                for (key, p), g in zip(self.parameters.items(), gradients, strict=True)
            }
