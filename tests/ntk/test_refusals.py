"""Modules and input that the identity does not cover: handled rightly, or refused in a sentence."""

import copy
import re

import pytest
import torch
from torch import nn

from inr_experiments.checks import InputError
from inr_experiments.ntk.empirical import EmpiricalNtk
from tests.cases import field, points
from tests.layers import Frequency, SharedWeight
from tests.ntk.close import close
from tests.reference import ntk as reference

X = points(8, 2)


def net(*middle: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 5), *middle, nn.Linear(5, 1)).double()


class Mixing(nn.Module):
    """Samples interact, and nothing in the module says so."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(2, 5), nn.Linear(5, 1)

    def forward(self, x):
        z = torch.tanh(self.first(x))
        return self.last(z - z.mean(dim=0))


class Coupled(nn.Sequential):
    """Samples do not interact, but the module says that they do."""

    couples_samples = True


class Once(torch.autograd.Function):
    """The square, with a derivative that cannot be differentiated again."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.square()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        return 2 * ctx.saved_tensors[0] * gradient


class Squares(nn.Module):
    """A module that cannot be differentiated twice, with a trained parameter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.omega = nn.Parameter(torch.tensor(3.0))
        self.first, self.last = nn.Linear(2, 5), nn.Linear(5, 1)

    def forward(self, x):
        return self.last(Once.apply(self.omega * self.first(x)))


@pytest.mark.parametrize(
    ("module", "reason", "whole"),
    [
        (SharedWeight(2, 1), "share a trained parameter", False),
        (Frequency(2, 1), "trained parameter of its own", False),
        (Squares(), "trained parameter of its own", False),
        (Mixing(), "not known", True),
        (Coupled(nn.Linear(2, 1)), "couples_samples", True),
        (net(nn.BatchNorm1d(5), nn.ReLU()), "normalises by the batch", True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_uncovered_modules_are_refused_by_the_identity_alone(module, reason, whole) -> None:
    module = module.double()
    with pytest.raises(InputError, match=reason) as refusal:
        EmpiricalNtk(module, X, method="identity")
    assert "method='jacobian'" in str(refusal.value) and "\n" not in str(refusal.value)
    J = reference.jacobians_row_by_row(module, X)
    expected = sum(reference.blocks(j) for j in J.values())[0, 0]
    v = torch.randn(8, dtype=torch.float64)
    for method in ("auto", "jacobian"):
        ntk = EmpiricalNtk(module, X, method=method)
        assert close(ntk.total(), expected) and close(ntk @ v, expected @ v)
        assert ntk.by_jacobian and (ntk.difference is None) == (whole or method == "jacobian")
    assert not whole or re.search(reason, EmpiricalNtk(module, X).method)


@pytest.mark.parametrize("method", ["auto", "identity", "jacobian"])
def test_dropout_in_train_mode(method: str) -> None:
    module = net(nn.ReLU(), nn.Dropout(0.5))
    with pytest.raises(InputError, match=r"dropout '2'.*module.eval\(\)"):
        EmpiricalNtk(module, X, method=method)
    assert EmpiricalNtk(module.eval(), X, method=method).total().shape == (8, 8)


def test_in_place_activations_and_layer_norm_are_covered() -> None:
    for middle in ([nn.ReLU(inplace=True)], [nn.LayerNorm(5), nn.SiLU(inplace=True)]):
        module = net(*middle)
        with torch.no_grad():
            for p in module.parameters():
                p.add_(0.1 * torch.randn_like(p))
        J = reference.jacobians_row_by_row(module, X)
        ntk = EmpiricalNtk(module, X, method="identity")
        assert close(ntk.total(), sum(reference.blocks(j)[0, 0] for j in J.values()))


def test_a_point_at_which_the_derivative_is_not_finite() -> None:
    class Root(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(2, 5, bias=False), nn.Linear(5, 1)

        def forward(self, x):
            return self.last((self.first(x) ** 2).sqrt())  # its derivative at 0 is 0 · ∞

    x = torch.rand(200, 2).double()
    x[1] = 0  # none of the points that are checked
    ntk = EmpiricalNtk(Root().double(), x)
    products = (lambda: ntk @ torch.ones(200), ntk.diagonal, ntk.trace, ntk.shares)
    for ask in (ntk.total, ntk.layers, *products):
        with pytest.raises(InputError, match="the kernel is not finite"):
            ask()


def test_lower_precision_inside_goes_by_jacobian() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(2, 5), nn.Linear(5, 1)

        def forward(self, x):
            with torch.autocast("cpu", torch.bfloat16):
                z = torch.tanh(self.first(x))
            return self.last(z.float())

    ntk = EmpiricalNtk(Mixed(), X.float())
    assert ntk.by_jacobian == ("first.weight", "first.bias") and ntk.total().isfinite().all()


def test_residual_and_one_dimensional_outputs() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.middle, self.last = nn.Linear(2, 5), nn.Linear(5, 5), nn.Linear(5, 1)

        def forward(self, x):
            z = torch.tanh(self.first(x))
            return self.last(z + torch.relu(self.middle(z)))[:, 0]

    module = Residual().double()
    K = EmpiricalNtk(module, X, method="identity").total()
    assert close(K, EmpiricalNtk(module, X, method="jacobian").total())


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def forward(self, x):
        return self.linear(x), x


@pytest.mark.parametrize(
    ("module", "x", "message"),
    [
        (net(nn.ReLU()), points(8, 3), r"shape \(8, 3\)"),
        (net(nn.ReLU()), X[:0], r"\(0, 2\).*expected \(N, P\)"),
        (net(nn.ReLU()), X[:, 0], r"expected \(N, P\)"),
        (net(nn.ReLU()), None, r"NoneType.*expected \(N, P\)"),
        (net(nn.ReLU()), X * torch.nan, "NaN"),
        (net(nn.ReLU()), X.to("meta"), "on the meta device: expected a dense tensor"),
        (net(nn.ReLU()), X.to_sparse(), "in torch.sparse_coo: expected a dense tensor"),
        (nn.Linear, X, "module Linear: expected a torch.nn.Module, built"),
        (nn.Sequential(nn.ReLU()), X, "Sequential has no parameters"),
        (net(nn.ReLU()).requires_grad_(False), X, "frozen"),
        (net(nn.ReLU()).half(), X, "float16"),
        (net(nn.ReLU()).bfloat16(), X, "bfloat16"),
        (Pair().double(), X, "tuple"),
        (net(nn.BatchNorm1d(5)), X[:1], r"shape \(1, 2\).*more than 1 value"),
    ],
)
def test_bad_input_is_one_sentence(module, x, message) -> None:
    with pytest.raises(InputError, match=message) as error:
        EmpiricalNtk(module, x)
    assert "\n" not in str(error.value)


def test_a_single_point() -> None:
    module = field("relu", 2, 1)
    J = reference.jacobians(module, X[:1])
    expected = sum(float(j.square().sum()) for j in J.values())
    assert EmpiricalNtk(module, X[:1]).total().item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"outputs": 1}, "outputs=1"),
        ({"outputs": "all"}, "outputs='all'"),
        ({"method": "fast"}, "method='fast'"),
        ({"stage": "hiden.1"}, "did you mean 'hidden.1'"),
        ({"stage": "inlet.activation", "outputs": 7}, "0 to 6"),
    ],
)
def test_bad_arguments(arguments, message) -> None:
    with pytest.raises(InputError, match=message):
        EmpiricalNtk(field("relu", 2, 1), X, **arguments)


def test_what_does_not_fit_is_refused_with_its_size_and_the_way_out() -> None:
    module = field("relu", 2, 3)
    for name, size in (("layers", 4 * 8 * 8 * 8), ("total", 8 * 8 * 8)):
        with pytest.raises(InputError, match=r"GiB needed.*8² entries.*EmpiricalNtk\(.*@ v"):
            getattr(EmpiricalNtk(module, X, memory=size - 1), name)()
        getattr(EmpiricalNtk(module, X, memory=size), name)()
    with pytest.raises(InputError, match=r"Jacobian of 8 points.*EmpiricalNtk\(.*@ v"):
        EmpiricalNtk(module, X, method="jacobian", memory=8 * 8 * 8 * 8).layers()
    with pytest.raises(InputError, match="one output at a time"):
        EmpiricalNtk(module, X, memory=100) @ torch.ones(8)
    with pytest.raises(InputError, match=r"1000000² entries"):
        EmpiricalNtk(module, points(1_000_000, 2)).total()


def test_a_refusal_leaves_the_module_as_it_was() -> None:
    module = Frequency(2, 1).double()
    before = copy.deepcopy(module.state_dict())
    with pytest.raises(InputError):
        EmpiricalNtk(module, X, method="identity")
    assert not any(m._forward_hooks for m in module.modules())
    assert all(torch.equal(module.state_dict()[name], value) for name, value in before.items())
