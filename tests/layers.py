"""Small modules with one layer of every kind that the NTK knows, and of some that it does not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from inr_experiments.fit.snapshot import doubled
from tests.cases import field, points

POINTS = 6


class Around(nn.Module):
    """Linear, tanh, a reshape to (N, *shape), layers, flattened, tanh, Linear."""

    def __init__(self, inputs: int, outputs: int, shape: tuple[int, ...], *layers: nn.Module):
        super().__init__()
        self.shape = shape
        self.first = nn.Linear(inputs, torch.Size(shape).numel())
        self.layers = nn.Sequential(*layers)
        with torch.no_grad():
            size = self.layers.eval()(torch.zeros(1, *shape)).numel()
        self.last = nn.Linear(size, outputs)

    def forward(self, x: Tensor) -> Tensor:
        z = torch.tanh(self.first(x)).reshape(len(x), *self.shape)
        return self.last(torch.tanh(self.layers(z)).flatten(1))


class Twice(nn.Module):
    """One hidden layer called twice."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.middle = nn.Linear(inputs, 5), nn.Linear(5, 5)
        self.last = nn.Linear(5, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.tanh(self.middle(torch.tanh(self.middle(self.first(x))))))


class Grid(nn.Module):
    """A learned table read at the corners of a cell and interpolated, then an MLP."""

    SIDE = 4

    def __init__(self, inputs: int, outputs: int, *, raw: bool = False, **choices: int) -> None:
        super().__init__()
        height, self.inputs, self.raw = self.SIDE**inputs, inputs, raw
        if raw:
            self.table = nn.Parameter(torch.randn(height, 2))
        else:
            self.table = nn.Embedding(height, 2, **choices)
        self.first, self.last = nn.Linear(2, 5), nn.Linear(5, outputs)

    def forward(self, x: Tensor) -> Tensor:
        place = (x + 1) / 2 * (self.SIDE - 1)
        low = place.floor().clamp(0, self.SIDE - 2)
        corners = torch.cartesian_prod(*[torch.arange(2)] * self.inputs).reshape(-1, self.inputs)
        at = low[:, None] + corners  # (N, 2^P, P)
        weights = (1 - (place[:, None] - at).abs()).prod(dim=2, keepdim=True)
        strides = torch.tensor([self.SIDE**i for i in range(self.inputs)])
        index = (at.long() * strides).sum(dim=2)
        rows = self.table[index] if self.raw else self.table(index)
        return self.last(torch.tanh(self.first((rows * weights).sum(dim=1))))


class ComplexNet(nn.Module):
    """A real layer, a complex one, and the real part of a complex head, as WIRE has them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, 4)
        self.middle = nn.Linear(4, 4, dtype=torch.complex128)
        self.last = nn.Linear(4, outputs, dtype=torch.complex128)

    def forward(self, x: Tensor) -> Tensor:
        z = torch.exp(1j * self.first(x))
        return self.last(torch.tanh(self.middle(z))).real


class SharedWeight(nn.Module):
    """Two Linear layers with one weight."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.a, self.b = nn.Linear(inputs, 5), nn.Linear(5, 5), nn.Linear(5, 5)
        self.last = nn.Linear(5, outputs)
        self.b.weight = self.a.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.tanh(self.b(torch.tanh(self.a(torch.tanh(self.first(x)))))))


class Frequency(nn.Module):
    """A learned frequency beside the Linear layers."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.omega = nn.Parameter(torch.tensor(3.0))
        self.first, self.last = nn.Linear(inputs, 5), nn.Linear(5, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.sin(self.omega * self.first(x)))


class Tokens(nn.Module):
    """Attention over three tokens of a sample, whose weights are read and not called."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 12), nn.Linear(12, outputs)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        z = self.first(x).reshape(len(x), 3, 4)
        return self.last(self.attention(z, z, z, need_weights=False)[0].flatten(1))


class PositionsInFront(nn.Module):
    """A Linear layer that sees one sample of N positions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.middle = nn.Linear(inputs, 5), nn.Linear(5, 5)
        self.last = nn.Linear(5, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.tanh(self.middle(torch.tanh(self.first(x))[None])[0]))


def convolution_2d(**choices: object) -> nn.Conv2d:
    return nn.Conv2d(4, 6, 3, **choices)  # type: ignore[arg-type]


#: The layers between two Linear ones: shape of what they see, and how they are made.
MIDDLES: dict[str, tuple[tuple[int, ...], Callable[[], list[nn.Module]]]] = {
    "linear_few_positions": ((2, 7), lambda: [nn.Linear(7, 6)]),
    "linear_many_positions": ((3, 4, 3), lambda: [nn.Linear(3, 2)]),
    "linear_without_bias": ((3, 4), lambda: [nn.Linear(4, 5, bias=False)]),
    "conv1d": ((4, 9), lambda: [nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2)]),
    "conv2d": ((4, 5, 6), lambda: [convolution_2d(stride=(1, 2), padding=(1, 0), bias=False)]),
    "conv2d_same": ((4, 4, 4), lambda: [convolution_2d(padding="same", dilation=(1, 2))]),
    "conv2d_circular": ((4, 4, 4), lambda: [convolution_2d(padding=1, padding_mode="circular")]),
    "conv2d_one": ((3, 2, 2), lambda: [nn.Conv2d(3, 4, 1)]),
    "conv3d": ((2, 3, 4, 3), lambda: [nn.Conv3d(2, 4, (2, 3, 2), groups=2, padding=1)]),
    "layer_norm": ((5,), lambda: [nn.LayerNorm(5)]),
    "layer_norm_of_two": ((3, 2, 4), lambda: [nn.LayerNorm((2, 4))]),
    "layer_norm_no_bias": ((3, 4), lambda: [nn.LayerNorm(4, bias=False)]),
    "rms_norm": ((3, 4), lambda: [nn.RMSNorm(4)]),
    "group_norm": ((4, 3, 2), lambda: [nn.GroupNorm(2, 4)]),
    "batch_norm": ((5,), lambda: [nn.BatchNorm1d(5)]),
    "batch_norm_positions": ((3, 4), lambda: [nn.BatchNorm1d(3)]),
    "batch_norm_2d": ((3, 2, 2), lambda: [nn.Conv2d(3, 4, 2), nn.ReLU(True), nn.BatchNorm2d(4)]),
    "transposed": ((3, 4), lambda: [nn.ConvTranspose1d(3, 2, 2)]),
    "weight_norm": ((5,), lambda: [nn.utils.parametrizations.weight_norm(nn.Linear(5, 4))]),
}
#: Modules of other shapes, and the parameters of all that go by Jacobian.
OTHERS: dict[str, Callable[[int, int], nn.Module]] = {
    "twice": Twice,
    "embedding": Grid,
    "embedding_padded": lambda p, c: Grid(p, c, padding_idx=1),
    "table": lambda p, c: Grid(p, c, raw=True),
    "complex": ComplexNet,
    "shared": SharedWeight,
    "frequency": Frequency,
    "attention": Tokens,
    "positions_in_front": PositionsInFront,
    "fr_inr": partial(field, "fr_inr"),
    "wire": partial(field, "wire"),
}
WEIGHT_NORM = "layers.0.parametrizations.weight.original"
BY_JACOBIAN = {
    "transposed": {"layers.0.weight", "layers.0.bias"},
    "weight_norm": {f"{WEIGHT_NORM}0", f"{WEIGHT_NORM}1"},
    "table": {"table"},
    "complex": {"middle.weight", "middle.bias", "last.weight", "last.bias"},
    "shared": {"a.weight", "a.bias", "b.bias"},
    "frequency": {"omega"},
    "attention": {
        *(f"attention.in_proj_{name}" for name in ("weight", "bias")),
        *(f"attention.out_proj.{name}" for name in ("weight", "bias")),
    },
    "positions_in_front": {"middle.weight", "middle.bias"},
    "fr_inr": {f"hidden.{i}.linear.parametrizations.weight.original" for i in (0, 1)},
    "wire": {
        *(f"hidden.{i}.linear.{name}" for i in (0, 1) for name in ("weight", "bias")),
        *(f"head.{name}" for name in ("weight", "bias")),
    },
}


@dataclass(frozen=True)
class LayerCase:
    """A module, points for it, its shape, and what of it goes by Jacobian."""

    name: str
    module: nn.Module
    x: Tensor
    outputs: int
    by_jacobian: frozenset[str]


def layer_cases() -> Iterator[LayerCase]:
    """Every kind in two shapes, in eval mode and float64, off their initial values."""
    for inputs, outputs in ((1, 1), (3, 3)):
        for kind in (*MIDDLES, *OTHERS):
            torch.manual_seed(inputs + outputs)
            if kind in MIDDLES:
                shape, layers = MIDDLES[kind]
                module: nn.Module = Around(inputs, outputs, shape, *layers())
            else:
                module = OTHERS[kind](inputs, outputs)
            module = doubled(module).eval()
            _disturb(module)
            name = f"{kind}-P{inputs}-C{outputs}"
            own = frozenset(BY_JACOBIAN.get(kind, ()))
            yield LayerCase(name, module, points(POINTS, inputs), outputs, own)


@torch.no_grad()
def _disturb(module: nn.Module) -> None:
    """Move parameters and running statistics, so that no scale is 1 and no mean 0."""
    for p in module.parameters():
        p.add_(0.2 * torch.randn_like(p))
    for name, buffer in module.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.add_(0.3 * torch.rand_like(buffer))


LAYER_CASES = list(layer_cases())
