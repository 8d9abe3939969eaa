"""Positional encoding by octaves."""

import logging
import math

import torch
from torch import Tensor, nn

from ...checks import boolean, integer
from ...domain import Domain

log = logging.getLogger(__name__)


class Octaves(nn.Module):
    """γ(x) = [x,] sin(2ᵏ π x), cos(2ᵏ π x) for k = 0 … K−1, per coordinate.

    Shapes: (N, P) -> (N, 2KP), or (N, P + 2KP) with the coordinates kept.

    Args:
        domain: of the points; octave k has 2ᵏ/2 cycles a unit, and aliases above density/2.
        octaves: K; None takes ⌊log₂ density⌋, none of which aliases along the longest axis.
        keep_coordinates: put x itself in front.

    Source: Mildenhall et al. 2020, equation 4.
    """

    def __init__(
        self,
        *,
        domain: Domain,
        generator: torch.Generator,
        octaves: int | None,
        keep_coordinates: bool,
    ) -> None:
        super().__init__()
        limit = max(1.0, math.log2(max(domain.density, 1)))
        self.octaves = int(limit) if octaves is None else integer("octaves", octaves)
        if self.octaves > math.ceil(limit):
            log.warning(
                "octaves=%d: those above %d alias on %g points along a unit of length",
                *(self.octaves, math.ceil(limit), domain.density),
            )
        self.keep_coordinates = boolean("keep_coordinates", keep_coordinates)
        self.out_features = domain.dimensions * (2 * self.octaves + keep_coordinates)

    def forward(self, x: Tensor) -> Tensor:
        frequency = math.pi * 2.0 ** torch.arange(self.octaves, dtype=x.dtype, device=x.device)
        phase = (x[:, :, None] * frequency).flatten(1)
        features = [torch.sin(phase), torch.cos(phase)]
        return torch.cat([x, *features] if self.keep_coordinates else features, dim=1)
