"""Pictures and sequences: rows are pixels or tokens."""

import torch
from torch import nn
from torch.nn import functional

from .base import D, case


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
