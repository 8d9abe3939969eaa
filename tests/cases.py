"""The shared list of small modules that fast routines are held against their twins on."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from inr_experiments.domain import Domain
from inr_experiments.fit.snapshot import doubled
from inr_experiments.models.activations.finer import Finer
from inr_experiments.models.activations.gabor import Gabor
from inr_experiments.models.activations.gauss import Gauss
from inr_experiments.models.activations.h_siren import SineOfSinh
from inr_experiments.models.activations.sine import Sine
from inr_experiments.models.batch_norm import BatchNormAt, freeze_statistics
from inr_experiments.models.encodings.hash_grid import HashGrid
from inr_experiments.models.encodings.octaves import Octaves
from inr_experiments.models.encodings.random_fourier import RandomFourier
from inr_experiments.models.field import Field
from inr_experiments.models.inits.fourier_bases import FourierBases
from inr_experiments.models.inits.rank_expanding import RankExpanding
from inr_experiments.models.inits.siren import SirenFirst, SirenHidden
from inr_experiments.models.inits.torch_default import TorchDefault
from inr_experiments.models.network import Network
from inr_experiments.models.sl2a import Sl2a
from inr_experiments.models.wire import Wire

WIDTH, HIDDEN, POINTS = 7, 2, 12
SIREN = {
    "inlet_init": SirenFirst(),
    "inlet_activation": Sine(omega=30.0),
    "hidden_init": SirenHidden(omega=30.0),
    "hidden_activation": Sine(omega=30.0),
    "head_init": SirenHidden(omega=30.0),
}
#: What differs from the ReLU field with PyTorch's default initialisation.
FIELDS = {
    "relu": {},
    "pe": {"encoding": partial(Octaves, octaves=2, keep_coordinates=True)},
    "rff": {"encoding": partial(RandomFourier, features=6, sigma=1.0)},
    "siren": SIREN,
    "bn": {"batch_norm": BatchNormAt(layers=[0], place="after")},
    "bn_all_pre": {"batch_norm": BatchNormAt(layers="all", place="before")},
    "rank_expanding": {"inlet_init": RankExpanding(epsilon=None)},
    "finer": {**SIREN, **dict.fromkeys(("inlet_activation", "hidden_activation"), Finer(omega=9))},
    "gauss": dict.fromkeys(("inlet_activation", "hidden_activation"), Gauss(scale=2.0)),
    "h_siren": {**SIREN, "inlet_activation": SineOfSinh(omega=3.0)},
    "hash_grid": {"encoding": partial(HashGrid, levels=3, features=2, rows=30, base=2, growth=2.0)},
    "fr_inr": {"hidden_init": FourierBases(frequencies=3, phases=3, alpha=0.05)},
}
#: Networks whose stages are no field's.
NETWORKS = {
    "sl2a": partial(Sl2a, degree=4, rank=3),
    "wire": partial(Wire, activation=Gabor(omega=2.0, scale=1.0)),
}
#: Of a kind that goes by Jacobian; they are in tests/layers.py.
BY_JACOBIAN = ("fr_inr", "wire")
KINDS = (*FIELDS, *NETWORKS)


def field(kind: str, inputs: int, outputs: int, *, width: int = WIDTH, seed: int = 0) -> Network:
    """A small network in float64, of the kind that a yaml of conf/model has."""
    relu = {
        "encoding": None,
        "inlet_init": TorchDefault(),
        "inlet_activation": nn.ReLU(),
        "hidden_init": TorchDefault(),
        "hidden_activation": nn.ReLU(),
        "head_init": TorchDefault(),
        "batch_norm": None,
    }
    shape = {"domain": Domain.cube(inputs, density=8), "out_features": outputs, "stream": (seed,)}
    sizes = {"width": width, "hidden_layers": HIDDEN}
    build = NETWORKS.get(kind) or partial(Field, **{**relu, **FIELDS.get(kind, {})})
    return doubled(build(**shape, **sizes))


def without_biases(inputs: int, outputs: int) -> nn.Sequential:
    """A net that is not ours, without biases and with a smooth and an in-place activation."""
    torch.manual_seed(inputs + outputs)
    return nn.Sequential(
        nn.Linear(inputs, WIDTH, bias=False),
        nn.ReLU(inplace=True),
        nn.Linear(WIDTH, WIDTH, bias=False),
        nn.Tanh(),
        nn.Linear(WIDTH, outputs, bias=False),
    ).double()


def points(count: int, inputs: int, seed: int = 0) -> Tensor:
    """Uniform points in [-1, 1]^P. Shapes: -> (count, P) float64."""
    draw = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(count, inputs, generator=draw, dtype=torch.float64) - 1


@dataclass(frozen=True)
class Case:
    """A module, points for it, and its shape."""

    name: str
    module: nn.Module
    x: Tensor
    outputs: int


def cases() -> Iterator[Case]:
    """Every kind of a cheaper form in three shapes, and a net without biases; eval."""
    for inputs, outputs in ((1, 3), (2, 1), (3, 3)):
        x = points(POINTS, inputs)
        for kind in [kind for kind in KINDS if kind not in BY_JACOBIAN]:
            module = field(kind, inputs, outputs)
            freeze_statistics(module, x)
            yield Case(f"{kind}-P{inputs}-C{outputs}", module, x, outputs)
        name = f"without_biases-P{inputs}-C{outputs}"
        yield Case(name, without_biases(inputs, outputs), x, outputs)


CASES = list(cases())
