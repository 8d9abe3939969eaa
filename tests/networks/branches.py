"""Features that several layers read, and layers that are read as one."""

import torch
from torch import nn

from .base import D, Net, case
from .chains import Chain


@case("linear, scale", "2 layers put out, read as one")
class Wire(nn.Module):
    """WIRE's real form: two Linear layers, one for the wave, one for the envelope, multiplied."""

    def __init__(self):
        super().__init__()
        self.linear, self.scale, self.last = nn.Linear(2, D), nn.Linear(2, D), nn.Linear(D, 1)

    def forward(self, x):
        wave, envelope = torch.cos(10 * self.linear(x)), torch.exp(-(self.scale(x) ** 2))
        return self.last(wave * envelope)

    def by_hand(self, x):
        z = torch.cos(10 * self.linear(x)) * torch.exp(-(self.scale(x) ** 2))
        return {"linear, scale": z, "last": self.last(z)}


@case("filters.0")
class Filters(nn.Module):
    """A multiplicative filter network whose filters all run before the first hidden layer."""

    def __init__(self):
        super().__init__()
        self.filters = nn.ModuleList([nn.Linear(2, D) for _ in range(3)])
        self.linear = nn.ModuleList([nn.Linear(D, D) for _ in range(2)])
        self.last = nn.Linear(D, 1)

    def forward(self, x):
        g = [torch.sin(f(x)) for f in self.filters]
        z = g[0]
        for i, linear in enumerate(self.linear):
            z = linear(z) * g[i + 1]
        return self.last(z)

    def by_hand(self, x):
        g = [torch.sin(f(x)) for f in self.filters]
        z = self.linear[0](g[0]) * g[1]
        h = self.linear[1](z) * g[2]
        return {"filters.0": g[0], "filters.1, linear.0": z, "filters.2, linear.1": h,
                "last": self.last(h)}  # fmt: skip


@case("first", "Z of colour holds coordinates beside", "8 columns where the layer is 6 wide")
class Heads(nn.Module):
    """NeRF's heads side by side, from the same features, one with the direction beside."""

    def __init__(self):
        super().__init__()
        self.first, self.density, self.colour = nn.Linear(2, D), nn.Linear(D, 1), nn.Linear(D, D)
        self.rgb = nn.Linear(D + 2, 3)

    def forward(self, x):
        z = torch.relu(self.first(x))
        rgb = self.rgb(torch.cat([self.colour(z), x], -1))
        return {"rgb": torch.sigmoid(rgb), "density": self.density(z).relu()}

    def by_hand(self, x):
        z = torch.relu(self.first(x))
        c = torch.cat([self.colour(z), x], -1)
        return {"first": z, "density": self.density(z).relu(), "colour": c,
                "rgb": torch.sigmoid(self.rgb(c))}  # fmt: skip


@case("first", "middle holds first beside")
class Shortcut(Net):
    """A residual block."""

    def forward(self, x):
        z = torch.relu(self.first(x))
        return self.last(z + torch.relu(self.middle(z)))

    def by_hand(self, x):
        z = torch.relu(self.first(x))
        h = z + torch.relu(self.middle(z))
        return {"first": z, "middle": h, "last": self.last(h)}


@case("first")
class TwoReaders(Net):
    """One layer read in two ways."""

    def __init__(self):
        super().__init__()
        self.other = nn.Linear(D, D)

    def forward(self, x):
        a = self.first(x)
        return self.last(self.middle(a.relu()) * self.other(a.sin()))

    def by_hand(self, x):
        a = self.first(x)
        h = self.middle(a.relu()) * self.other(a.sin())
        return {"first": a.relu(), "first → other": a.sin(), "middle, other": h,
                "last": self.last(h)}  # fmt: skip


@case("first", "middle holds coordinates, first beside", "14 columns where the layer is 6 wide")
class Dense(Net):
    """Everything before is concatenated."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(2 * D + 2, 1)

    def forward(self, x):
        z = torch.relu(self.first(x))
        return self.last(torch.cat([x, z, self.middle(z)], 1))

    def by_hand(self, x):
        z = torch.relu(self.first(x))
        h = torch.cat([x, z, self.middle(z)], 1)
        return {"first": z, "middle": h, "last": self.last(h)}


@case("first", "latent, modulation.bias, modulation.weight (makes no columns")
class Modulated(Net):
    """A latent code whose layer never sees the coordinates."""

    def __init__(self):
        super().__init__()
        self.latent, self.modulation = nn.Parameter(torch.randn(4)), nn.Linear(4, D)

    def forward(self, x):
        z = torch.sin(self.first(x) + self.modulation(self.latent))
        return self.last(torch.sin(self.middle(z)))

    def by_hand(self, x):
        z = torch.sin(self.first(x) + self.modulation(self.latent))
        return {"first": z, "middle": (h := torch.sin(self.middle(z))), "last": self.last(h)}


@case("first", "spare.bias, spare.weight (not used at these coordinates)")
class Spare(Net):
    """A layer that does not run."""

    def __init__(self):
        super().__init__()
        self.spare = nn.Linear(D, D)

    forward, by_hand = Chain.forward, Chain.by_hand


@case("first", "Z of unused is its own output, as nothing")
class DeadEnd(Net):
    """A layer that runs for nothing."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Linear(D, 4)

    def forward(self, x):
        z = torch.relu(self.first(x))
        self.unused(z).relu()
        return self.last(torch.relu(self.middle(z)))

    def by_hand(self, x):
        z = torch.relu(self.first(x))
        return {**Chain.by_hand(self, x), "unused": self.unused(z)}


@case("first", "Z of first is its own output, as nothing")
class ThroughNumpy(Net):
    """Features that leave torch and come back."""

    def forward(self, x):
        z = torch.from_numpy(torch.relu(self.first(x)).detach().numpy())
        return self.last(torch.relu(self.middle(z)))

    def by_hand(self, x):
        h = torch.relu(self.middle(torch.relu(self.first(x))))
        return {"first": self.first(x), "middle": h, "last": self.last(h)}


@case("first")
class Quantised(Net):
    """A code book between."""

    def __init__(self):
        super().__init__()
        self.middle = nn.Embedding(D, D)

    def forward(self, x):
        return self.last(self.middle(self.first(x).argmax(1)))

    def by_hand(self, x):
        h = self.middle.weight[self.first(x).argmax(1)]
        return {"first": self.first(x), "middle": h, "last": self.last(h)}


@case("first, envelope")
class BranchOfTwo(Net):
    """Two layers multiplied, read in two ways."""

    def __init__(self):
        super().__init__()
        self.envelope, self.other = nn.Linear(2, D), nn.Linear(D, D)

    def forward(self, x):
        a = self.first(x) * self.envelope(x)
        return self.last(self.middle(a.relu()) + self.other(a.sin()))

    def by_hand(self, x):
        a = self.first(x) * self.envelope(x)
        h = self.middle(a.relu()) + self.other(a.sin())
        return {"first, envelope": a.relu(), "first, envelope → other": a.sin(),
                "middle, other": h, "last": self.last(h)}  # fmt: skip
