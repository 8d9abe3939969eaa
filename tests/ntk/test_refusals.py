"""Modules and input that the identity does not cover: handled rightly, or refused in a sentence."""

import copy

import pytest
import torch
from inr_experiments.ntk.operator import ntk_operator
from torch import nn

from inr_experiments.checks import InputError
from inr_experiments.ntk.explicit import layer_kernels, total_kernel
from tests.cases import field, points
from tests.reference import ntk as reference

X = points(8, 2)


def net(*middle: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 5), *middle, nn.Linear(5, 1)).double()


class Tied(nn.Module):
    """One hidden layer used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(2, 5), nn.Linear(5, 5), nn.Linear(5, 1)

    def forward(self, x):
        return self.last(torch.tanh(self.middle(torch.tanh(self.middle(self.first(x))))))


class Learned(nn.Module):
    """A learned frequency beside the Linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.omega = nn.Parameter(torch.tensor(3.0))
        self.first, self.last = nn.Linear(2, 5), nn.Linear(5, 1)

    def forward(self, x):
        return self.last(torch.sin(self.omega * self.first(x)))


class Mixing(nn.Module):
    """Samples interact, and nothing in the module says so."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(2, 5), nn.Linear(5, 1)

    def forward(self, x):
        z = torch.tanh(self.first(x))
        return self.last(z - z.mean(dim=0))


class Shared(nn.Module):
    """Two Linear layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.a, self.b = nn.Linear(2, 5), nn.Linear(5, 5), nn.Linear(5, 5)
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.b(torch.tanh(self.a(torch.tanh(self.first(x)))))


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (Tied(), "used twice"),
        (Shared(), "share a trained parameter"),
        (Learned(), "trained parameter of its own"),
        (Mixing(), "not known"),
        (net(nn.BatchNorm1d(5), nn.ReLU()), "normalises by the batch"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_uncovered_modules_are_refused_and_the_jacobian_serves(module, reason) -> None:
    module = module.double()
    with pytest.raises(InputError, match=reason) as refusal:
        layer_kernels(module, X, method="identity")
    assert "method='jacobian'" in str(refusal.value)
    J = reference.full_batch_jacobians(module, X)
    expected = sum(reference.kernels(J).values())
    exact = layer_kernels(module, X, outputs="blocks", method="jacobian").total()
    assert (exact - expected).norm() <= 1e-10 * expected.norm()
    v = torch.randn(8, dtype=torch.float64)
    product = ntk_operator(module, X, outputs=0, method="jacobian")(v)
    assert (product - expected[0, 0] @ v).norm() <= 1e-10 * (expected[0, 0] @ v).norm()


@pytest.mark.parametrize("method", ["auto", "identity", "jacobian"])
def test_dropout_in_train_mode(method: str) -> None:
    module = net(nn.ReLU(), nn.Dropout(0.5))
    with pytest.raises(InputError, match=r"dropout '2'.*module.eval\(\)"):
        layer_kernels(module, X, method=method)
    assert layer_kernels(module.eval(), X, method=method).total().shape == (8, 8)


def test_in_place_activations_and_layer_norm_are_covered() -> None:
    for middle in ([nn.ReLU(inplace=True)], [nn.LayerNorm(5), nn.SiLU(inplace=True)]):
        module = net(*middle)
        with torch.no_grad():
            for p in module.parameters():
                p.add_(0.1 * torch.randn_like(p))
        expected = reference.kernels(reference.jacobians(module, X))
        kernels = layer_kernels(module, X)
        assert set(kernels.parts) == set(expected)
        for key, K in kernels.parts.items():
            theirs = expected[key][0, 0]
            assert (K - theirs).norm() <= 1e-10 * theirs.norm()


def test_residual_and_one_dimensional_outputs() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.middle, self.last = nn.Linear(2, 5), nn.Linear(5, 5), nn.Linear(5, 1)

        def forward(self, x):
            z = torch.tanh(self.first(x))
            return self.last(z + torch.relu(self.middle(z)))[:, 0]

    module = Residual().double()
    K = layer_kernels(module, X).total()
    exact = layer_kernels(module, X, method="jacobian").total()
    assert (K - exact).norm() <= 1e-10 * exact.norm()


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
        (nn.Sequential(nn.ReLU()), X, "no Linear layer"),
        (net(nn.ReLU()).requires_grad_(False), X, "frozen"),
        (net(nn.ReLU()).half(), X, "float16"),
        (net(nn.ReLU()).bfloat16(), X, "bfloat16"),
        (Pair().double(), X, "tuple"),
        (net(nn.BatchNorm1d(5)), X[:1], r"shape \(1, 2\).*more than 1 value"),
    ],
)
def test_bad_input_is_one_sentence(module, x, message) -> None:
    for call in (layer_kernels, total_kernel, ntk_operator):
        with pytest.raises(InputError, match=message) as error:
            call(module, x)
        assert "\n" not in str(error.value)


def test_a_single_point() -> None:
    module = field("relu", 2, 1)
    J = reference.jacobians(module, X[:1])
    expected = sum(float(j.square().sum()) for j in J.values())
    assert total_kernel(module, X[:1]).values.item() == pytest.approx(expected, rel=1e-12)


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
        layer_kernels(field("relu", 2, 1), X, **arguments)


def test_what_does_not_fit_is_refused_with_its_size_and_the_way_out() -> None:
    module = field("relu", 2, 3)
    for call, size in ((layer_kernels, 8 * 8 * 8 * 8), (total_kernel, 8 * 8 * 8)):
        with pytest.raises(InputError, match=r"GiB needed.*8² entries.*ntk_operator"):
            call(module, X, memory=size - 1)
        call(module, X, memory=size)
    with pytest.raises(InputError, match=r"Jacobian of 8 points.*ntk_operator"):
        layer_kernels(module, X, method="jacobian", memory=8 * 8 * 8 * 8)
    with pytest.raises(InputError, match="one output at a time"):
        ntk_operator(module, X, memory=100)
    with pytest.raises(InputError, match=r"1000000² entries"):
        total_kernel(module, points(1_000_000, 2))


def test_a_refusal_leaves_the_module_as_it_was() -> None:
    module = Tied().double()
    before = copy.deepcopy(module.state_dict())
    with pytest.raises(InputError):
        layer_kernels(module, X)
    assert not any(m._forward_hooks for m in module.modules())
    assert all(torch.equal(module.state_dict()[name], value) for name, value in before.items())
