"""A multiresolution hash grid, the encoding of Instant-NGP, in plain torch."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...checks import ArgumentError, integer, number
from ...domain import Domain

#: One factor an axis; the axes' products are combined by XOR.
PRIMES = (1, 2_654_435_761, 805_459_861)


class FeatureTable(nn.Embedding):
    """A table of rows read by index; its gradient takes a third of the time of Embedding's."""

    def forward(self, index: Tensor) -> Tensor:
        return self.weight.index_select(0, index.flatten()).reshape(*index.shape, -1)


class HashGrid(nn.Module):
    """Trained features at the nodes of L grids over [-1, 1]^P, interpolated P-linearly.

    Grid l has ⌊base · growthˡ⌋ cells along an axis. Its nodes have a row of the table each where
    there are no more of them than `rows`; else node c has row (⊕_i c_i π_i) mod `rows`. The table
    begins as U(±10⁻⁴).

    Shapes: (N, P) -> (N, L · features).

    Args:
        domain: of the points, P dimensions, 1 to 3.
        levels: L.
        features: of a node.
        rows: T, of a level's table at the most.
        base: cells along an axis of the coarsest grid.
        growth: from one grid to the next.

    Source: Müller et al. 2022, section 3 and equation 4.
    """

    sizes: Tensor
    offsets: Tensor
    strides: Tensor
    primes: Tensor

    def __init__(
        self,
        *,
        domain: Domain,
        generator: torch.Generator,
        levels: int,
        features: int,
        rows: int,
        base: int,
        growth: float,
    ) -> None:
        super().__init__()
        self.dimensions = domain.dimensions
        if self.dimensions > len(PRIMES):
            raise ArgumentError(f"domain of {self.dimensions} dimensions: expected 1 to 3")
        self.rows = integer("rows", rows)
        integer("levels", levels)
        self.out_features = levels * integer("features", features)
        number("growth", growth, least=1)
        sizes = [int(integer("base", base) * growth**level) for level in range(levels)]
        nodes = [(size + 1) ** self.dimensions for size in sizes]
        self.dense = sum(count <= rows for count in nodes)  # sizes grow: those come first
        starts = torch.tensor([0] + [min(count, rows) for count in nodes]).cumsum(0)
        each = torch.tensor(sizes)[:, None]
        fixed = {
            "sizes": each,
            "offsets": starts[:-1, None],
            "strides": (each + 1) ** torch.arange(self.dimensions),
            "primes": torch.tensor(PRIMES[: self.dimensions]),
        }
        for name, value in fixed.items():  # made here: a CUDA graph takes no tensor from outside
            self.register_buffer(name, value, persistent=False)
        self.table = nn.utils.skip_init(FeatureTable, int(starts[-1]), features)
        nn.init.uniform_(self.table.weight, -1e-4, 1e-4, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        place = (x.clamp(-1, 1)[:, None] + 1) / 2 * self.sizes  # (N, L, P)
        low = torch.minimum(place.floor(), self.sizes - 1)
        beyond = place - low
        weights = corners(torch.stack([1 - beyond, beyond]), torch.mul)
        read = self.table(self.rows_of(low.long()))
        return (weights[..., None] * read).sum(dim=2).flatten(1)

    def rows_of(self, low: Tensor) -> Tensor:
        """Rows of the table at the 2^P corners of cells. Shapes: (N, L, P) -> (N, L, 2^P)."""
        nodes = torch.stack([low, low + 1])
        d = self.dense
        near = corners((nodes * self.strides)[:, :, :d], torch.add)
        far = corners((nodes * self.primes)[:, :, d:], torch.bitwise_xor) % self.rows
        return torch.cat([near, far], dim=1) + self.offsets


def corners(of_ends: Tensor, combine: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Values at the corners of cells, of those at either end along each axis.

    Shapes: (2, N, L, P) -> (N, L, 2^P).
    """
    found, *others = of_ends.unbind(dim=3)
    for ends in others:
        found = combine(found[:, None], ends[None]).flatten(0, 1)
    return found.movedim(0, 2)
