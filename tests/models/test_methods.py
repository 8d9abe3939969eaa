"""The field's methods: forward passes against their equations, first draws, numbers trained."""

import math

import numpy as np
import pytest
import torch

from inr_experiments.building import build_settings
from inr_experiments.checks import InputError
from inr_experiments.domain import Domain
from inr_experiments.fit.loop import fit
from inr_experiments.fit.snapshot import doubled
from inr_experiments.models.activations.finer import Finer
from inr_experiments.models.activations.gabor import Gabor
from inr_experiments.models.encodings.hash_grid import HashGrid
from inr_experiments.models.inits.fourier_bases import FourierBases, bases
from inr_experiments.models.inits.siren import SirenFirst
from inr_experiments.seeding import generator
from tests.cases import points
from tests.fields import build_model, config_of, field_and_task
from tests.reference import methods as reference

#: The numbers of conf/model, by the arguments of the twins.
METHODS = {
    "finer": {"first": 31, "rest": 56},
    "gauss": {"scale": 20},
    "h_siren": {"omega": 30},
    "wire": {"omega": 13, "scale": 8},
    "fr_inr": {"frequencies": 128, "phases": 32, "alpha": 0.05},
    "sl2a": {"degree": 128},
    "hash_grid": {"levels": 16, "rows": 2**15, "base": 16, "growth": 1.5},
}
EVERY = pytest.mark.parametrize("model", METHODS)
#: So wide that the ends of a distribution are met.
WIDE = 64


@EVERY
@pytest.mark.parametrize("P", [1, 2, 3])
def test_forward_is_the_equation(model, P):
    torch.set_default_dtype(torch.float64)  # what is fixed is not rounded either
    try:
        network = doubled(build_model(model, P=P, C=2, width=12)).eval()
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.no_grad():
        for p in network.parameters():  # biases, scales and tables away from where they begin
            p.add_(0.02 * torch.randn_like(p))
    x = points(5, P)
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    twin = getattr(reference, model)
    expected = np.array([twin(state, point, **METHODS[model]) for point in x.numpy()])
    found = network(x).detach()
    torch.testing.assert_close(found, torch.from_numpy(expected), rtol=1e-8, atol=1e-9)


@EVERY
@pytest.mark.parametrize("task", ["image", "occupancy"])
def test_a_fit_lowers_the_loss(model, task):
    fit_of_hash = ("fit=instant_ngp",) if model == "hash_grid" else ()
    words = (f"task={task}", f"model={model}", "fit.steps=12", "fit.batch=1024", *fit_of_hash)
    network, fitted = field_and_task(*words)
    losses = []
    for snapshot in fit(network, fitted, build_settings(config_of(*words)), seed=0):
        losses += snapshot.losses
    assert sum(losses[-3:]) < sum(losses[:3])


def uniform_within(values, bound):
    """True where draws fill U(±bound)."""
    assert values.abs().max() <= bound * (1 + 1e-6)
    assert values.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)


def test_finer_is_drawn_as_siren_and_its_biases_may_be_spread():
    network = build_model("finer", width=WIDE)
    uniform_within(network.inlet.linear.weight, 1 / 2)
    for layer in (*(hidden.linear for hidden in network.hidden), network.head):
        uniform_within(layer.weight, math.sqrt(6 / WIDE) / 56)
    linear = torch.nn.Linear(2, 4000)
    SirenFirst(bias_bound=10)(linear, generator(0))
    uniform_within(linear.bias, 10)
    uniform_within(linear.weight, 1 / 2)


def test_the_gradient_of_finer_leaves_its_factor_out():
    a = torch.linspace(-1, 1, 9, dtype=torch.float64, requires_grad=True)
    Finer(omega=5).forward(a).sum().backward()
    factor = 5 * (a.detach().abs() + 1)
    torch.testing.assert_close(a.grad, factor * torch.cos(factor * a.detach()))


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_the_gradient_of_a_wavelet_is_that_of_autograd(dtype):
    a = (0.3 * torch.randn(20, dtype=dtype)).requires_grad_()
    g = torch.randn(20, dtype=torch.complex128)
    expected = torch.exp(4j * a - (2 * a).abs().square())
    found = Gabor(omega=4, scale=2)(a)
    torch.testing.assert_close(found, expected)
    ours, theirs = (torch.autograd.grad(y, a, g)[0] for y in (found, expected))
    torch.testing.assert_close(ours, theirs)


def test_gauss_is_drawn_as_pytorch_draws():
    network = build_model("gauss", width=WIDE)
    uniform_within(network.hidden[0].linear.weight, 1 / math.sqrt(WIDE))


def test_coefficients_of_cosines_give_weights_of_he():
    network, relu = build_model("fr_inr", width=WIDE), build_model("relu", width=WIDE)
    linear = network.hidden[1].linear
    B = torch.tensor(reference.cosines(WIDE, frequencies=128, phases=32, alpha=0.05))
    norms, drawn = B.norm(dim=1), linear.parametrizations.weight.original
    there = norms > 0
    uniform_within(drawn[:, there] * norms[there] / math.sqrt(6 / len(B)), 1)
    assert not there.all() and not drawn[:, ~there].any()  # sines that vanish at 64 points
    assert linear.weight.std().item() == pytest.approx(math.sqrt(2 / WIDE), rel=0.05)
    assert not linear.bias.any()
    assert network.inlet.linear.weight.equal(relu.inlet.linear.weight)


def test_bases_may_be_as_many_as_make_the_coefficients_as_large_as_the_weights():
    init = FourierBases(frequencies=None, phases=3, alpha=0.05)
    relu = build_model("relu", width=16)
    network = build_model("fr_inr", width=16, hidden_init=init)
    assert network.parameter_count() == relu.parameter_count()
    # Phases of a frequency span two directions, whatever their number.
    assert torch.linalg.matrix_rank(bases(144, frequencies=24, phases=3)) <= 4 * 24


def test_sl2a_is_drawn_by_xavier_and_its_factors_as_published():
    network = build_model("sl2a", width=WIDE)
    uniform_within(network.inlet[0].weight, math.sqrt(6 / ((2 + WIDE) * 129)))
    layer = network.hidden[0]
    assert layer.down.weight.shape == (WIDE // 2, WIDE)
    uniform_within(layer.down.weight, 1 / math.sqrt(WIDE // 2))
    uniform_within(layer.up.weight, 1 / math.sqrt(WIDE))
    assert layer.up.bias.abs().max() <= 1 / math.sqrt(WIDE // 2)
    uniform_within(network.head.weight, 1 / math.sqrt(WIDE))


def test_both_parts_of_complex_weights_are_drawn():
    network = build_model("wire", width=WIDE)
    units = int(WIDE / math.sqrt(2))
    weight = network.hidden[0].linear.weight
    assert weight.shape == (units, units)
    for part in (weight.real, weight.imag):
        uniform_within(part, 1 / math.sqrt(units))
    assert not weight.real.equal(weight.imag)


def test_a_hash_grid_begins_near_zero_and_shares_rows_where_it_has_too_few():
    grid = HashGrid(
        domain=Domain.cube(2, density=8), generator=generator(0),
        levels=3, features=2, rows=100, base=4, growth=2.0,
    )  # fmt: skip
    uniform_within(grid.table.weight, 1e-4)
    assert grid.table.weight.shape == (25 + 81 + 100, 2)
    assert grid(torch.rand(7, 2)).shape == (7, 6)
    assert grid.rows_of(torch.full((1, 3, 2), 3)).max() < 206


def test_a_hash_grid_is_continuous_across_cells():
    grid = build_model("hash_grid", width=12).double().encoding
    edge = torch.tensor([[0.25, 0.5]], dtype=torch.float64)
    step = torch.full_like(edge, 1e-9)
    torch.testing.assert_close(grid(edge - step), grid(edge + step), rtol=1e-4, atol=1e-9)


def test_a_hash_grid_of_four_dimensions_is_refused():
    with pytest.raises(InputError, match="domain of 4 dimensions: expected 1 to 3"):
        build_model("hash_grid", P=4)


@pytest.mark.parametrize(
    ("model", "count"),
    [
        ("finer", 12 * 3 + 3 * 12 * 13 + 3 * 13),
        ("h_siren", 12 * 3 + 3 * 12 * 13 + 3 * 13),
        ("gauss", 12 * 3 + 3 * 12 * 13 + 3 * 13),
        ("fr_inr", 12 * 3 + 3 * 12 * (2 * 128 * 32 + 1) + 3 * 13),
        ("sl2a", 12 * 2 * 129 + 2 * 12 + 3 * (2 * 12 * 6 + 12) + 3 * 13),
        ("wire", 8 * 3 + 2 * (3 * 8 * 9 + 3 * 9)),
    ],
)
def test_parameters_are_counted_complex_ones_as_two(model, count):
    network = build_model(model, width=12)
    assert network.parameter_count() == network.parameter_count(trained=True) == count
    network.inlet.requires_grad_(False)
    inlet = sum(p.numel() for p in network.inlet.parameters())
    assert network.parameter_count(trained=True) == count - inlet
