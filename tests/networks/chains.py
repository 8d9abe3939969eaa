"""Layers one after the other."""

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from .base import D, Net, case


@case("first")
class Chain(Net):
    """In-place activations on the layers' own output."""

    def forward(self, x):
        z = self.first(x).relu_()
        z = functional.relu(self.middle(z), inplace=True)
        return self.last(z)

    def by_hand(self, x):
        z = torch.relu(self.first(x))
        h = torch.relu(self.middle(z))
        return {"first": z, "middle": h, "last": self.last(h)}


@case("first")
class OutOfOrder(Net):
    """Layers that were made in another order than they run in, the last one first."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(2, D), nn.Linear(D, 1)
        self.middle = nn.Linear(D, D)

    forward, by_hand = Chain.forward, Chain.by_hand


@case("first")
class Normed(nn.Module):
    """BatchNorm and LayerNorm are part of the stage before."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.middle = nn.Linear(2, D), nn.BatchNorm1d(D), nn.Linear(D, D)
        self.layer_norm, self.last = nn.LayerNorm(D), nn.Linear(D, 1)

    def forward(self, x):
        z = torch.relu(self.norm(self.first(x)))
        return self.last(self.layer_norm(self.middle(z)))

    def by_hand(self, x):
        a = self.first(x)
        a = (a - a.mean(0)) / (a.var(0, correction=0) + self.norm.eps).sqrt()
        z = torch.relu(a)
        return {"first": z, "middle": (h := self.layer_norm(self.middle(z))), "last": self.last(h)}


@case("first", "omega, slope.weight (makes no columns of its own)")
class Elementwise(Net):
    """A learned frequency and a learned slope make no columns."""

    def __init__(self):
        super().__init__()
        self.omega, self.slope = nn.Parameter(torch.tensor(3.0)), nn.PReLU(D)

    def forward(self, x):
        z = torch.sin(self.omega * self.first(x))
        return self.last(self.slope(self.middle(z)))

    def by_hand(self, x):
        z = torch.sin(self.omega * self.first(x))
        h = self.slope(self.middle(z))
        return {"first": z, "middle": h, "last": self.last(h)}


@case("first")
class Slices(Net):
    """Writes into a tensor made beforehand."""

    def forward(self, x):
        z = torch.zeros(len(x), D, dtype=x.dtype)
        z[:, :D] = torch.sin(self.first(x))
        return self.last(torch.tanh(self.middle(z)))

    def by_hand(self, x):
        z = torch.sin(self.first(x))
        return {"first": z, "middle": (h := torch.tanh(self.middle(z))), "last": self.last(h)}


@case("first")
class Chunks(Net):
    """Runs ten points at a time, as those do who lack memory."""

    def forward(self, x):
        parts = [self.last(torch.relu(self.middle(torch.relu(self.first(p))))) for p in x.split(10)]
        return torch.cat(parts)

    by_hand = Chain.by_hand


@case("first")
class Repeated(Net):
    """One layer twice, one after the other."""

    def forward(self, x):
        z = torch.tanh(self.middle(torch.tanh(self.first(x))))
        return self.last(torch.tanh(self.middle(z)))

    def by_hand(self, x):
        z = torch.tanh(self.first(x))
        h = torch.tanh(self.middle(z))
        k = torch.tanh(self.middle(h))
        return {"first": z, "middle": h, "middle (call 2)": k, "last": self.last(k)}


@case("first")
class Checkpointed(Net):
    """Both ways of checkpointing."""

    def forward(self, x):
        z = checkpoint(lambda x: torch.relu(self.first(x)), x, use_reentrant=False)
        z = checkpoint(lambda z: torch.relu(self.middle(z)), z, use_reentrant=True)
        return self.last(z)

    by_hand = Chain.by_hand


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * x

    @staticmethod
    def backward(ctx, g):
        return g


@case("first")
class OwnFunction(Net):
    """An autograd function of one's own, no_grad, detach and inference mode on the way."""

    def forward(self, x):
        z = Square.apply(self.first(x))
        with torch.no_grad():
            h = torch.tanh(self.middle(z.detach()))
        with torch.inference_mode():
            return self.last(h)

    def by_hand(self, x):
        z = self.first(x) ** 2
        return {"first": z, "middle": (h := torch.tanh(self.middle(z))), "last": self.last(h)}


@case("first", "Z of last is its own output, as nothing")
class EndsInNumpy(Net):
    """A result that leaves torch."""

    def forward(self, x):
        z = self.last(torch.relu(self.middle(torch.relu(self.first(x)))))
        return torch.from_numpy(z.detach().numpy())

    by_hand = Chain.by_hand


@case("first")
class Buffers(Net):
    """Features that are copied into, and made in, one and the same memory; a mask of numbers."""

    def forward(self, x):
        z, h = (torch.empty(len(x), D, dtype=x.dtype) for _ in range(2))
        a = self.first(x).detach()
        z.copy_(a * (a > 0).float())
        torch.mm(z, self.middle.weight.T.detach(), out=h)
        return self.last(h)

    def by_hand(self, x):
        z = torch.relu(self.first(x))
        h = z @ self.middle.weight.T
        return {"first": z, "middle": h, "last": self.last(h)}


@case("first")
class Copies(Net):
    """Two layers that read the same features from copies of them."""

    def __init__(self):
        super().__init__()
        self.other = nn.Linear(D, D)

    def forward(self, x):
        z = torch.sin(self.first(x))
        return self.last(self.middle(z.clone()) * self.other(1.0 * z))

    def by_hand(self, x):
        z = torch.sin(self.first(x))
        h = self.middle(z) * self.other(z)
        return {"first": z, "middle, other": h, "last": self.last(h)}
