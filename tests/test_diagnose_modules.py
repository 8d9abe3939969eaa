"""Precision and wrappers of `diagnose`; the user's module is left as it was."""

import random
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from inr_experiments.checks import InputError
from inr_experiments.diagnose import diagnose
from tests.networks import CASES, Chain, Checkpointed, Heads, Net, PlainFourier

X = torch.cartesian_prod(torch.linspace(-1, 1, 8), torch.linspace(-1, 1, 8))


class Casts(Chain):
    """Casts its input to single precision."""

    def forward(self, x):
        return super().forward(x.float())


class CastsQuietly(Chain):
    """Casts its input to single precision and back."""

    def forward(self, x):
        return super().forward(x.float().to(self.first.weight.dtype))


class Noisy(Chain):
    """Draws from every source of randomness."""

    def forward(self, x):
        noise = torch.rand(1) + np.random.rand() + random.random()
        return super().forward(x + 0 * noise.to(x))


class Lazy(Chain):
    """Layers without a shape."""

    def __init__(self):
        super().__init__()
        self.first, self.middle = nn.LazyLinear(6), nn.LazyLinear(6)


class Counts(Chain):
    """Keeps a counter and the features of the last call."""

    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        self.kept = [torch.zeros(1)]

    def forward(self, x):
        self.count += 1
        self.kept[0] = super().forward(x)
        return self.kept[0]


class Branching(Chain):
    """A hook of the user's own that changes what a layer puts out."""

    def __init__(self):
        super().__init__()
        self.middle.register_forward_hook(lambda module, inputs, result: 2 * result)


def compiled(used: bool) -> Callable[[], nn.Module]:
    def made() -> nn.Module:
        module = torch.compile(Chain(), backend="eager")
        if used:
            module(X)
        return module

    return made


def compiled_inside() -> nn.Module:
    module = nn.Sequential(nn.Linear(2, 6), torch.compile(nn.Linear(6, 6), backend="eager"))
    module(X)
    module.compile(backend="eager")
    module(X)
    return module


def compiled_forward() -> nn.Module:
    module = Chain()
    module.forward = torch.compile(module.forward, backend="eager")
    module(X)
    return module


def with_gradients() -> nn.Module:
    module = Chain()
    module(X).sum().backward()
    return module


def in_inference_mode() -> nn.Module:
    with torch.inference_mode():
        return Chain()


MODULES: dict[str, Callable[[], nn.Module]] = {
    **{kind.__name__: kind for kind in (Casts, CastsQuietly, Noisy, Lazy, Counts, Branching)},
    "compiled": compiled(used=False),
    "compiled and used": compiled(used=True),
    "compiled inside": compiled_inside,
    "compiled forward": compiled_forward,
    "data parallel": lambda: nn.DataParallel(Chain()),
    "data parallel inside": lambda: nn.Sequential(nn.DataParallel(nn.Linear(2, 6))),
    "half": lambda: Chain().half(),
    "bfloat16": lambda: Chain().bfloat16(),
    "gradients": with_gradients,
    "inference": in_inference_mode,
    "mixed modes": lambda: nn.Sequential(Chain(), nn.BatchNorm1d(1).eval()),
}


def everything() -> Iterator[tuple[str, Callable[[], nn.Module]]]:
    yield from MODULES.items()
    for made in CASES:
        yield made().name, lambda made=made: made().module


def state(module: nn.Module) -> dict[str, object]:
    """All of a module that can be seen, and all randomness."""
    held: dict[str, object] = {}
    for name, m in module.named_modules():
        held[name] = (
            m.training,
            id(m),
            type(m),
            [len(v) for k, v in vars(m).items() if "hooks" in k],
        )
        held[f"{name} keys"] = list(vars(m))
    for name, p in module.named_parameters():
        lazy = isinstance(p, UninitializedParameter)
        held[f"{name} parameter"] = (
            id(p), type(p), p.dtype, p.requires_grad, None if lazy else p.detach().clone(),
            None if p.grad is None else p.grad.clone(), lazy or p.is_inference() or p._version,
        )  # fmt: skip
    for name, b in module.named_buffers():
        held[f"{name} buffer"] = (id(b), b.dtype, b.clone())
    held["random"] = (torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist())
    return held


def equal(a: object, b: object) -> bool:
    if isinstance(a, Tensor):
        return torch.equal(a, b)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


@pytest.mark.parametrize(
    ("name", "made"), list(everything()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_the_module_is_left_as_it_was(name: str, made: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    module = made()
    before = state(module)
    found = diagnose(module, X)
    found.ntk(points=5) if name in ("Chain", "Counts", "gradients") else None
    after = state(module)
    assert before.keys() == after.keys()
    for key, value in before.items():
        assert equal(value, after[key]), key
    assert found.stages


WRAPPED = ("compiled", "compiled and used", "compiled forward", "data parallel", "inference")


@pytest.mark.parametrize("name", [*WRAPPED, "gradients", "Noisy", "Counts"])
def test_wrappers_do_not_matter(name: str) -> None:
    torch.manual_seed(0)
    module = MODULES[name]()
    torch.manual_seed(0)
    plain = diagnose(Chain(), X)
    with torch.inference_mode(name == "inference"):
        assert str(diagnose(module, X)) == str(plain)


def test_lazy_layers_get_their_shapes_in_the_copy() -> None:
    found = diagnose(Lazy(), X)
    assert [stage.shape for stage in found.stages] == [(64, 6), (64, 6), (64, 1)]
    assert found.ntk(points=4).total().shape == (4, 4)


def test_precisions_are_said() -> None:
    torch.manual_seed(0)
    for kind, says in (
        (Casts, "Measured in float32, as the module does not run in float64, which tells singular "
         "values from 1e-06 of the largest on 64 points."),
        (CastsQuietly, "Measured in float32, through which its values pass, which tells"),
        (Chain, "Measured in float64 on 64 points."),
        (PlainFourier, "Measured in float64 on 64 points."),
    ):  # fmt: skip
        module = kind()
        found = diagnose(module, X)
        assert says in found.text
        assert found.stages[0].ranks["numerical_rank"] <= 6
    half = diagnose(Chain().half(), X)
    assert "Measured in float64" in half.text and half.ntk(points=3).total().shape == (3, 3)
    assert diagnose(Casts().float(), X).module.first.weight.dtype == torch.float32


def test_coordinates_of_numpy() -> None:
    module = Chain()
    given = X.numpy().copy()
    given.setflags(write=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert str(diagnose(module, given)) == str(diagnose(module, X))


def test_one_output_of_several() -> None:
    torch.manual_seed(0)
    module = Heads()
    rgb = diagnose(module, X, output="rgb")
    assert rgb.ntk(points=4, outputs=2).total().shape == (4, 4)
    assert "Z of density is its own output" in rgb.text
    assert "Z of rgb" not in rgb.text
    assert {"output['rgb']", "output['density']"} <= {
        reader for stage in diagnose(module, X).stages for reader in stage.readers
    }
    with pytest.raises(InputError, match="output='rbg': expected one of rgb, density; did you"):
        diagnose(module, X, output="rbg")
    with pytest.raises(InputError, match="expected one tensor"):
        diagnose(module, X).ntk(points=4)

    class Numbered(Net):
        def forward(self, x):
            return {0: self.last(self.first(x)), 1: x}

    assert diagnose(Numbered(), X, output=0).ntk(points=4).size == 4

    class Pair(Net):
        def forward(self, x):
            return self.last(self.first(x)), x

    assert diagnose(Pair(), X, output=0).ntk(points=4).size == 4
    with pytest.raises(InputError, match="output=2: expected an index from 0 to 1"):
        diagnose(Pair(), X, output=2)


def test_layers_that_no_submodule_holds_are_named() -> None:
    class Listed(Net):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(6, 6)]

        def forward(self, x):
            return self.last(self.layers[0](self.first(x)))

    text = diagnose(Listed(), X).text
    assert "Not measured, as no submodule of the network holds them: Linear." in text


def test_kernels_through_checkpoints() -> None:
    torch.manual_seed(0)
    module = Checkpointed()
    plain = Chain()
    plain.load_state_dict(module.state_dict())
    expected = diagnose(plain, X).ntk(points=5).total()
    assert torch.allclose(diagnose(module, X).ntk(points=5).total(), expected, rtol=1e-10)


def test_a_picture_of_coordinates() -> None:
    found = diagnose(nn.Conv2d(2, 5, 3), X.T.reshape(1, 2, 8, 8))
    assert [stage.shape for stage in found.stages] == [(36, 5)]
    assert "on an input of shape (1, 2, 8, 8)." in found.text
