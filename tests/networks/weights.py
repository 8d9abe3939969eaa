"""Layers that are wrapped, and weights that no plain layer holds."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from .base import D, Net, case
from .chains import Chain


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


@case("w")
class OtherNames(nn.Module):
    """The product of matrices, under the names that torch has for it beside `matmul`."""

    def __init__(self):
        super().__init__()
        shapes = {"w": (2, D), "v": (D, D), "u": (D, 3), "s": (3,)}
        for name, shape in shapes.items():
            setattr(self, name, nn.Parameter(torch.randn(shape)))

    def forward(self, x):
        z = torch.relu(torch.linalg.matmul(x, self.w))
        z = torch.relu(torch.ops.aten.mm.default(z, self.v))
        z = torch.relu(torch.linalg.multi_dot([z, self.u]))
        return torch.linalg.vecdot(z, self.s)[:, None]

    def by_hand(self, x):
        w = torch.relu(x @ self.w)
        v = torch.relu(w @ self.v)
        u = torch.relu(v @ self.u)
        return {"w": w, "v": v, "u": u, "s": (u @ self.s)[:, None]}
