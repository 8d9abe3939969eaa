"""Small networks of the field, and the features of each stage written out by hand.

A case gives a module and a function that computes Z of every stage, by name, from the module's own
parts. Which stages there are, and what they hold, is said here and nowhere taken from the code.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

Features = dict[str, Tensor]
D = 6


@dataclass(frozen=True)
class NetworkCase:
    """A network, its features by stage, its inlet, and words that the text must have."""

    name: str
    module: nn.Module
    by_hand: Callable[[nn.Module, Tensor], Features]
    inlet: str
    says: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


CASES: list[Callable[[], NetworkCase]] = []


def case(inlet: str, *says: str) -> Callable[[type[nn.Module]], type[nn.Module]]:
    """Add a module class, which computes its features in `by_hand`, to the list."""

    def add(kind: type[nn.Module]) -> type[nn.Module]:
        def made() -> NetworkCase:
            torch.manual_seed(0)
            return NetworkCase(kind.__name__, kind(), kind.by_hand, inlet, says)

        CASES.append(made)
        return kind

    return add


def cases() -> Iterator[NetworkCase]:
    """All of them, made anew."""
    return (made() for made in CASES)


class Net(nn.Module):
    """First, middle and last Linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(2, D), nn.Linear(D, D), nn.Linear(D, 1)


# --- chains


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


# --- encodings


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


# --- branches


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


# --- positions


@case("patches")
class Convolutions(nn.Module):
    """A picture of coordinates: rows are pixels."""

    def __init__(self):
        super().__init__()
        self.patches, self.middle = nn.Conv2d(2, D, 3, padding=1), nn.Conv2d(D, 5, 3, padding=1)
        self.last = nn.Conv2d(5, 1, 1)

    def picture(self, x):
        return x.reshape(1, 8, 8, 2).permute(0, 3, 1, 2)

    def forward(self, x):
        z = torch.relu(self.patches(self.picture(x)))
        return self.last(torch.relu(self.middle(z))).permute(0, 2, 3, 1).reshape(len(x), 1)

    def by_hand(self, x):
        def rows(z):
            return z.permute(0, 2, 3, 1).flatten(0, 2)

        z = torch.relu(self.patches(self.picture(x)))
        h = torch.relu(self.middle(z))
        return {"patches": rows(z), "middle": rows(h), "last": rows(self.last(h))}


class Positions(nn.Module):
    """Points as four sequences of sixteen tokens."""

    def tokens(self, x):
        return x.reshape(4, 16, 2)


@case("first")
class Sequence(Positions):
    """A convolution over each sequence, then Linear layers on tokens."""

    def __init__(self):
        super().__init__()
        self.first, self.middle = nn.Conv1d(2, D, 3, padding=1), nn.Linear(D, 5)
        self.last = nn.Linear(5, 1)

    def forward(self, x):
        z = torch.relu(self.first(self.tokens(x).mT)).mT
        return self.last(torch.tanh(self.middle(z))).reshape(len(x), 1)

    def by_hand(self, x):
        z = torch.relu(self.first(self.tokens(x).mT)).mT.reshape(-1, D)
        return {"first": z, "middle": (h := torch.tanh(self.middle(z))), "last": self.last(h)}


@case("embed", "Z of block.attention holds embed beside", "position (makes no columns")
class Transformer(Positions):
    """A pre-norm block with learned positions."""

    def __init__(self):
        super().__init__()
        self.embed, self.position = nn.Linear(2, 8), nn.Parameter(torch.randn(16, 8))
        self.block = nn.ModuleDict(
            {
                "norm": nn.LayerNorm(8),
                "attention": nn.MultiheadAttention(8, 2, batch_first=True),
                "norm2": nn.LayerNorm(8),
                "up": nn.Linear(8, 16),
                "down": nn.Linear(16, 8),
            }
        )
        self.last = nn.Linear(8, 1)

    def parts(self, x):
        b = self.block
        x = self.embed(self.tokens(x)) + self.position
        z = b["norm"](x)
        y = x + b["attention"](z, z, z, need_weights=False)[0]
        u = functional.gelu(b["up"](b["norm2"](y)))
        d = y + b["down"](u)
        return {"embed": z, "block.attention": b["norm2"](y), "block.up": u, "block.down": d,
                "last": self.last(d)}  # fmt: skip

    def forward(self, x):
        return self.parts(x)["last"].reshape(len(x), 1)

    def by_hand(self, x):
        return {name: Z.flatten(0, 1) for name, Z in self.parts(x).items()}


@case("embed", "3 layers put out, read as one")
class OwnAttention(Positions):
    """Queries, keys and values by three layers."""

    def __init__(self):
        super().__init__()
        self.embed, self.last = nn.Linear(2, D), nn.Linear(D, 1)
        self.q, self.k, self.v = (nn.Linear(D, D) for _ in range(3))

    def parts(self, x):
        z = self.embed(self.tokens(x))
        h = functional.scaled_dot_product_attention(self.q(z), self.k(z), self.v(z))
        return {"embed": z, "q, k, v": h, "last": self.last(h)}

    forward, by_hand = Transformer.forward, Transformer.by_hand


@case("encoder.layers.0.self_attn")
class Encoder(Positions):
    """PyTorch's own Transformer, in eval mode, where it has a path of its own."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(2, 1, 8, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1)
        self.last = nn.Linear(2, 1)
        self.eval()

    def forward(self, x):
        return self.last(self.encoder(self.tokens(x))).reshape(len(x), 1)

    def by_hand(self, x):
        layer, x = self.encoder.layers[0], self.tokens(x)
        a = layer.norm1(x + layer.self_attn(x, x, x)[0])
        u = torch.relu(layer.linear1(a))
        d = layer.norm2(a + layer.linear2(u))
        name = "encoder.layers.0"
        found = {f"{name}.self_attn": a, f"{name}.linear1": u, f"{name}.linear2": d}
        return {n: Z.flatten(0, 1) for n, Z in {**found, "last": self.last(d)}.items()}


@case("gru")
class Recurrent(Positions):
    """A recurrent layer at first."""

    def __init__(self):
        super().__init__()
        self.gru, self.last = nn.GRU(2, D, batch_first=True), nn.Linear(D, 1)

    def forward(self, x):
        return self.last(self.gru(self.tokens(x))[0]).reshape(len(x), 1)

    def by_hand(self, x):
        z = self.gru(self.tokens(x))[0].flatten(0, 1)
        return {"gru": z, "last": self.last(z)}


@case("first", "Z of first has 4 columns where the layer is 6 wide")
class Spectral(nn.Module):
    """A Fourier layer on a picture: channels are mixed by an einsum, in their second dimension."""

    def __init__(self):
        super().__init__()
        self.first, self.mix = nn.Conv2d(2, D, 1), nn.Parameter(torch.randn(4, 5, 3, 3))
        self.last = nn.Linear(5, 1)

    def parts(self, x):
        z = self.first(x.reshape(1, 8, 8, 2).permute(0, 3, 1, 2))[:, :4]
        z = torch.fft.fft2(z)[..., :3, :3]
        h = torch.fft.ifft2(torch.einsum("bixy,ioxy->boxy", z, self.mix + 0j), s=(8, 8)).real
        h = h.movedim(1, -1).reshape(64, 5)
        return {"first": z.movedim(1, -1).reshape(9, 4), "mix": h, "last": self.last(h)}

    def forward(self, x):
        return self.parts(x)["last"]

    by_hand = parts


# --- wrappers and kinds of weights


@case("first")
class Mapped(Net):
    """A function of one point, mapped over all."""

    def forward(self, x):
        return torch.vmap(lambda p: Chain.forward(self, p))(x)

    by_hand = Chain.by_hand


@case("first", "Z of middle holds coordinates beside")
class Normals(nn.Module):
    """The gradient of a distance by the coordinates, taken inside forward."""

    def __init__(self):
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(2, D), nn.Linear(D, 1), nn.Linear(2, 3)

    def parts(self, x):
        x = x.clone().requires_grad_()
        z = functional.softplus(self.first(x))
        (n,) = torch.autograd.grad(self.middle(z).sum(), x, create_graph=True)
        return {"first": z, "middle": n, "last": self.last(n)}

    def forward(self, x):
        return self.parts(x)["last"]

    by_hand = parts


@case("first")
class Complex(nn.Module):
    """Complex layers, and the real part of the head."""

    def __init__(self):
        super().__init__()
        self.first, self.middle = nn.Linear(2, D), nn.Linear(D, D, dtype=torch.complex64)
        self.last = nn.Linear(D, 1, dtype=torch.complex64)

    def parts(self, x):
        z = torch.exp(1j * self.first(x))
        h = torch.tanh(self.middle(z))
        return {"first": z, "middle": h, "last": self.last(h).real}

    def forward(self, x):
        return self.parts(x)["last"]

    by_hand = parts


def with_norm(name: str, norm: Callable[[nn.Module], nn.Module]) -> None:
    class Wrapped(Net):
        def __init__(self):
            super().__init__()
            self.first, self.middle = norm(self.first), norm(self.middle)
            self(torch.rand(3, 2))
            self.eval()

        forward, by_hand = Chain.forward, Chain.by_hand

    Wrapped.__name__ = name
    case("first")(Wrapped)


with_norm("OldWeightNorm", nn.utils.weight_norm)
with_norm("OldSpectralNorm", nn.utils.spectral_norm)
with_norm("WeightNorm", nn.utils.parametrizations.weight_norm)
with_norm("SpectralNorm", nn.utils.parametrizations.spectral_norm)


@case("W1")
class OwnParameters(nn.Module):
    """Matrices that no layer holds, on either side of the product."""

    def __init__(self):
        super().__init__()
        self.W1, self.W2 = nn.Parameter(torch.randn(D, 2)), nn.Parameter(torch.randn(1, D))
        self.b1 = nn.Parameter(torch.randn(D, 1))

    def forward(self, x):
        return (self.W2 @ torch.relu(self.W1 @ x.T + self.b1)).T

    def by_hand(self, x):
        z = torch.relu(x @ self.W1.T + self.b1.T)
        return {"W1": z, "W2": z @ self.W2.T}


@case("dense")
class OwnLayer(nn.Module):
    """A layer of one's own, whose activation is inside."""

    def __init__(self):
        super().__init__()
        self.dense, self.last = OwnLayer.Dense(), nn.Linear(D, 1)

    class Dense(nn.Module):
        def __init__(self):
            super().__init__()
            self.kernel, self.offset = nn.Parameter(torch.randn(2, D)), nn.Parameter(torch.randn(D))

        def forward(self, x):
            return torch.relu(torch.einsum("np,pd->nd", x, self.kernel) + self.offset)

    def forward(self, x):
        return self.last(self.dense(x))

    def by_hand(self, x):
        return {"dense": (z := self.dense(x)), "last": self.last(z)}


@case("first")
class Frozen(Net):
    """Nothing is trained."""

    def __init__(self):
        super().__init__()
        self.requires_grad_(False)

    forward, by_hand = Chain.forward, Chain.by_hand


@case("first")
class Lowrank(nn.Module):
    """A hidden matrix that is a product of two, one of them fixed."""

    def __init__(self):
        super().__init__()
        self.first, self.last, self.factor = nn.Linear(2, D), nn.Linear(D, 1), nn.Linear(3, D)
        self.register_buffer("basis", torch.randn(3, D))

    def forward(self, x):
        return self.last(torch.relu(torch.relu(self.first(x)) @ (self.factor.weight @ self.basis)))

    def by_hand(self, x):
        z = torch.relu(self.first(x))
        h = torch.relu(z @ (self.factor.weight @ self.basis))
        return {"first": z, "factor": h, "last": self.last(h)}


@case("z, weights.0")
class Generated(nn.Module):
    """The inlet's matrix is what another layer makes of a code."""

    def __init__(self):
        super().__init__()
        self.z, self.weights = nn.Parameter(torch.randn(4)), nn.ModuleList([nn.Linear(4, 2 * D)])
        self.last = nn.Linear(D, 1)

    def by_hand(self, x):
        z = torch.sin(x @ self.weights[0](self.z).view(2, D))
        return {"z, weights.0": z, "last": self.last(z)}

    def forward(self, x):
        return self.by_hand(x)["last"]


@case("fixed", "What happens inside cannot be followed: fixed")
class Scripted(nn.Module):
    """Part of it is compiled by TorchScript."""

    def __init__(self):
        super().__init__()
        self.fixed = torch.jit.script(nn.Sequential(nn.Linear(2, D), nn.ReLU()))
        self.last = nn.Linear(D, 1)

    def forward(self, x):
        return self.last(self.fixed(x))

    def by_hand(self, x):
        return {"fixed": (z := self.fixed(x)), "last": self.last(z)}
