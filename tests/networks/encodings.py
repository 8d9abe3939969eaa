"""Fourier features, radial functions, tables and planes before the first layer, or as the first."""

import torch
from torch import nn
from torch.nn import functional

from .base import D, case


@case("first")
class PlainFourier(nn.Module):
    """A Fourier matrix kept as a plain tensor in single precision."""

    def __init__(self):
        super().__init__()
        self.B, self._scale = torch.randn(2, D), [torch.tensor([3.0])]
        self.first, self.last = nn.Linear(2 * D, D), nn.Linear(D, 1)

    def forward(self, x):
        a = self._scale[0] * x @ self.B
        return self.last(torch.relu(self.first(torch.cat([a.sin(), a.cos()], -1))))

    def by_hand(self, x):
        a = 3 * x @ self.B.double()
        z = torch.relu(self.first(torch.cat([a.sin(), a.cos()], -1)))
        return {"first": z, "last": self.last(z)}


@case("first", "Z of B is of a frozen layer")
class FrozenFourier(nn.Module):
    """A Fourier matrix as a parameter that is not trained: it is no inlet."""

    def __init__(self):
        super().__init__()
        self.B = nn.Parameter(torch.randn(2, D), requires_grad=False)
        self.first, self.last = nn.Linear(D, D), nn.Linear(D, 1)

    def forward(self, x):
        return self.last(torch.relu(self.first(torch.sin(x @ self.B))))

    def by_hand(self, x):
        z = torch.relu(self.first(torch.sin(x @ self.B)))
        return {"B": torch.sin(x @ self.B), "first": z, "last": self.last(z)}


@case("B")
class TrainedFourier(FrozenFourier):
    """The same, trained."""

    def __init__(self):
        super().__init__()
        self.B.requires_grad_(True)


@case("centres")
class Radial(nn.Module):
    """Radial functions around trained centres, by broadcasting."""

    def __init__(self):
        super().__init__()
        self.centres, self.last = nn.Parameter(torch.randn(D, 2)), nn.Linear(D, 1)

    def forward(self, x):
        return self.last((-(x[:, None] - self.centres).square().sum(-1)).exp())

    def by_hand(self, x):
        z = (-(torch.cdist(x, self.centres) ** 2)).exp()
        return {"centres": z, "last": self.last(z)}


@case("centres", "widths (makes no columns of its own)")
class ExpandedRadial(nn.Module):
    """The same, with widths, both sides expanded beforehand."""

    def __init__(self):
        super().__init__()
        self.centres, self.widths = nn.Parameter(torch.randn(D, 2)), nn.Parameter(torch.rand(D))
        self.last = nn.Linear(D, 1)

    def forward(self, x):
        size = (len(x), D, 2)
        distance = x.unsqueeze(1).expand(size) - self.centres.unsqueeze(0).expand(size)
        return self.last(torch.exp(-distance.square().sum(-1) * self.widths))

    def by_hand(self, x):
        z = torch.exp(-(torch.cdist(x, self.centres) ** 2) * self.widths)
        return {"centres": z, "last": self.last(z)}


class Table(nn.Module):
    """A grid of SIDE² cells, read by index."""

    SIDE = 4

    def index(self, x):
        cell = ((x + 1) / 2 * (self.SIDE - 1)).round().long()
        return cell[:, 0] * self.SIDE + cell[:, 1]


@case("table")
class Embedded(Table):
    """An Embedding at first."""

    def __init__(self):
        super().__init__()
        self.table, self.last = nn.Embedding(self.SIDE**2, D), nn.Linear(D, 1)

    def forward(self, x):
        return self.last(torch.relu(self.table(self.index(x))))

    def by_hand(self, x):
        z = torch.relu(self.table.weight[self.index(x)])
        return {"table": z, "last": self.last(z)}


@case("levels.0, levels.1", "2 layers put out, read as one")
class HashGrid(Table):
    """Two tables side by side, weighted, as a hash grid's levels."""

    def __init__(self):
        super().__init__()
        self.levels = nn.ModuleList([nn.Embedding(self.SIDE**2, 3) for _ in range(2)])
        self.last = nn.Linear(D, 1)

    def forward(self, x):
        return self.last(torch.cat([x[:, :1] * t(self.index(x)) for t in self.levels], 1))

    def by_hand(self, x):
        z = torch.cat([x[:, :1] * t.weight[self.index(x)] for t in self.levels], 1)
        return {"levels.0, levels.1": z, "last": self.last(z)}


@case("table")
class RawTable(Table):
    """A table that is a parameter of the module itself."""

    def __init__(self):
        super().__init__()
        self.table, self.last = nn.Parameter(torch.randn(self.SIDE**2, D)), nn.Linear(D, 1)

    def forward(self, x):
        return self.last(self.table[self.index(x)])

    def by_hand(self, x):
        return {"table": (z := self.table[self.index(x)]), "last": self.last(z)}


@case("plane")
class Plane(nn.Module):
    """A plane of features, interpolated."""

    def __init__(self):
        super().__init__()
        self.plane, self.last = nn.Parameter(torch.randn(1, D, 5, 5)), nn.Linear(D, 1)

    def sample(self, x):
        grid = x[None, None]
        return functional.grid_sample(self.plane, grid, align_corners=True)[0, :, 0].T

    def forward(self, x):
        return self.last(torch.relu(self.sample(x)))

    def by_hand(self, x):
        return {"plane": (z := torch.relu(self.sample(x))), "last": self.last(z)}
