"""Whitening of the inputs: what rank expansion amounts to where they are data."""

import torch
from torch import nn

from ...checks import ArgumentError, number
from ...domain import Domain


class Whitening:
    """W = (C + ε λ₁ I)^(−1/2), b = −W μ, of the inputs' mean μ and covariance C; ZCA.

    Args:
        epsilon: ε, as a share of the largest eigenvalue λ₁ of C.

    Raises:
        ArgumentError: if the domain does not tell its points, the layer is not square, or the
            points are all alike.

    Source: Bell and Sejnowski 1997.
    """

    def __init__(self, *, epsilon: float) -> None:
        self.epsilon = number("epsilon", epsilon)

    def __call__(
        self, linear: nn.Linear, generator: torch.Generator, domain: Domain | None = None
    ) -> None:
        inputs = linear.in_features
        points = None if domain is None else domain.points
        if points is None or points.shape[1] != inputs:
            raise ArgumentError(f"domain: expected one that tells points of {inputs} numbers")
        if linear.out_features != inputs:
            raise ArgumentError(
                f"width={linear.out_features}: expected that of the inputs, {inputs}"
            )
        mean = points.double().mean(dim=0)
        values, vectors = torch.linalg.eigh(torch.cov(points.T.double()))
        if not values[-1] > 0:
            raise ArgumentError("domain: expected points that are not all alike")
        scale = (values.clamp_min(0) + self.epsilon * values[-1]).rsqrt()
        W = (vectors * scale) @ vectors.T
        with torch.no_grad():
            linear.weight.copy_(W)
            linear.bias.copy_(-W @ mean)
