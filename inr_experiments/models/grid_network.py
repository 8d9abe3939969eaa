"""Networks that see every node of a grid at once."""

from abc import abstractmethod

import torch
from torch import Tensor

from ..checks import ArgumentError
from ..domain import Domain
from .network import Network


class GridNetwork(Network):
    """A network of the whole grid of a picture, read at the nodes nearest to the points.

    It makes the same picture whatever points are asked for, held-out ones included; features of
    its stages are those of all nodes or tokens.

    Shapes: (N, 2) -> (N, C).

    Raises:
        ArgumentError: if the domain is no grid of two axes.
    """

    couples_samples = True  # so that a picture is made once a step
    first: Tensor
    pitch: Tensor

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        if len(domain.axes) != 2:
            raise ArgumentError(
                f"domain: points on {len(domain.axes) or 'no'} axes of a grid; expected the two of "
                "a picture, all nodes of which the network sees"
            )
        self.shape = tuple(len(axis) for axis in domain.axes)
        ends = torch.tensor([(axis[0], axis[-1]) for axis in domain.axes], dtype=torch.float64)
        steps = torch.tensor(self.shape) - 1
        pitch = torch.where(steps > 0, (ends[:, 1] - ends[:, 0]) / steps, 1.0)
        # Made of the domain, and no part of what is stored.
        self.register_buffer("first", ends[:, 0].float(), persistent=False)
        self.register_buffer("pitch", pitch.float(), persistent=False)

    @abstractmethod
    def picture(self) -> Tensor:
        """Values at all nodes, the last axis fastest. Shapes: -> (H · W, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """The picture at the nodes nearest to x."""
        row, column = ((x - self.first) / self.pitch).round().long().unbind(dim=1)
        height, width = self.shape
        at = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
        return self.picture()[at]


def nodes_of(domain: Domain) -> Tensor:
    """Coordinates of all nodes, the last axis fastest. Shapes: -> (Π nᵢ, P) float32."""
    axes = [torch.tensor(axis, dtype=torch.float64) for axis in domain.axes]
    return torch.cartesian_prod(*axes).reshape(-1, len(axes)).float()
