"""Prop. 4 and the lattice rules, as paper and formulas say them."""

import math

import pytest
import torch
from torch import nn

from inr_experiments.checks import InputError
from inr_experiments.domain import Domain
from inr_experiments.models.inits.lattice import lattice, lattice_for
from inr_experiments.models.inits.rank_expanding import RankExpanding, directions, epsilon_bound
from inr_experiments.models.inits.torch_default import TorchDefault
from inr_experiments.seeding import generator
from tests.fields import config_of


def filled(width: int, P: int, epsilon: float | None) -> nn.Linear:
    linear = nn.Linear(P, width, dtype=torch.float64)
    RankExpanding(epsilon=epsilon)(linear, generator(0))
    return linear


@pytest.mark.parametrize(
    ("P", "p", "bound"),
    [(2, 8, 0.0404), (2, 16, 0.00887), (2, 32, 0.0021), (3, 6, 0.056), (3, 8, 0.0287),
     (1, 256, 0.0078)],
)  # fmt: skip
def test_bound_of_prop_4(P, p, bound):
    assert epsilon_bound(lattice(p, P)) == pytest.approx(bound, rel=0.015)


@pytest.mark.parametrize(("P", "width"), [(1, 12), (2, 64), (2, 49), (2, 100), (3, 27), (3, 50)])
def test_inlet_on_the_lattice_is_lower_triangular_with_diagonal_epsilon(P, width):
    V = lattice_for(width, P)
    epsilon = 0.9 * epsilon_bound(V)
    Z = torch.relu(filled(width, P, None)(V))
    assert (Z.triu(1) == 0).all(), "a unit opens on a point nearer than its own"
    torch.testing.assert_close(Z.diagonal(), torch.full((width,), epsilon, dtype=Z.dtype))


def test_too_large_an_epsilon_breaks_the_triangle():
    V = lattice(8, 2)
    Z = torch.relu(filled(64, 2, 1.5 * epsilon_bound(V))(V))
    assert (Z.triu(1) > 0).any()


def test_weights_and_biases_are_the_formula():
    linear = filled(64, 2, 0.01)
    V = lattice(8, 2)
    for j, v in enumerate(V):
        norm = v.square().sum().sqrt()
        torch.testing.assert_close(linear.weight[j], v / norm)
        torch.testing.assert_close(linear.bias[j], 0.01 - norm)


def test_origin_gets_the_first_axis_and_comes_first():
    V = lattice(5, 2)
    assert (V[0] == 0).all()
    assert directions(V)[0].tolist() == [1.0, 0.0]
    assert filled(25, 2, 0.02).bias[0].item() == pytest.approx(0.02)


def test_subset_is_spread_over_the_whole_lattice():
    full = lattice(7, 3)
    V = lattice_for(256, 3)
    assert V.shape == (256, 3)
    assert len(torch.unique(V, dim=0)) == 256
    assert V[0].norm() == full[0].norm() and V[-1].norm() == full[-1].norm()
    gap = V.norm(dim=1).mean() - full.norm(dim=1).mean()
    assert abs(gap) < 0.02, "the subset's norms are not those of the lattice"
    assert lattice_for(343, 3).equal(full)


def test_one_unit_and_any_dimension():
    for P in (1, 2, 3, 4):
        for width in (1, 2, 3, 17):
            linear = filled(width, P, None)
            assert linear.weight.isfinite().all() and linear.bias.isfinite().all()


@pytest.mark.parametrize(("width", "r"), [(64, 2), (64, 8), (50, 7), (64, 63), (1, 1)])
def test_repeated_points_move_the_rank_and_nothing_else(width, r):
    whole, linear = filled(width, 2, None), nn.Linear(2, width, dtype=torch.float64)
    RankExpanding(epsilon=None, distinct=r)(linear, generator(0))
    units = torch.cat([linear.weight, linear.bias[:, None]], dim=1)
    different, counts = torch.unique(units, dim=0, return_counts=True)
    assert len(different) == r and counts.max() - counts.min() <= 1
    torch.testing.assert_close(linear.weight.norm(dim=1), whole.weight.norm(dim=1))
    every = torch.cat([whole.weight, whole.bias[:, None]], dim=1)
    assert torch.cdist(different, every).min(dim=1).values.max() < 1e-6, "units of the whole"
    V = lattice_for(width, 2)
    rank = torch.linalg.matrix_rank(torch.relu(linear(V)), rtol=1e-9)
    assert rank == r


def test_as_many_distinct_as_units_or_more_is_the_lattice():
    for r in (25, 26, 400):
        linear = nn.Linear(2, 25, dtype=torch.float64)
        RankExpanding(epsilon=None, distinct=r)(linear, generator(0))
        assert linear.weight.equal(filled(25, 2, None).weight)


@pytest.mark.parametrize("P", [1, 2, 3])
def test_matched_norms_are_those_of_the_default(P):
    default = nn.Linear(P, 100_000)
    TorchDefault()(default, generator(0), Domain.cube(P, density=8))
    scale = config_of("model=rei_matched")["model"]["inlet_init"]["scale"]
    rms = default.weight.square().sum(dim=1).mean().sqrt().item()
    assert scale == pytest.approx(1 / math.sqrt(3)) == pytest.approx(rms, rel=0.01)
    linear = nn.Linear(P, 49, dtype=torch.float64)
    RankExpanding(epsilon=0.01, scale=scale)(linear, generator(0))
    torch.testing.assert_close(linear.weight, scale * filled(49, P, 0.01).weight)
    torch.testing.assert_close(linear.bias, scale * filled(49, P, 0.01).bias)


def test_behind_an_encoding_the_lattice_is_over_the_coordinates():
    linear = nn.Linear(26, 49, dtype=torch.float64)
    RankExpanding(epsilon=0.01, coordinates=2)(linear, generator(0))
    torch.testing.assert_close(linear.weight[:, :2], filled(49, 2, 0.01).weight)
    torch.testing.assert_close(linear.bias, filled(49, 2, 0.01).bias)
    assert 0 < linear.weight[:, 2:].abs().max() <= 1 / math.sqrt(26)


@pytest.mark.parametrize(
    ("options", "said"),
    [({}, r"2\^26 points"), ({"coordinates": 27}, "coordinates=27"), ({"distinct": 0}, "distinct"),
     ({"scale": 0.0}, "scale")],
)  # fmt: skip
def test_what_cannot_be_laid_out_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        RankExpanding(epsilon=None, **options)(
            nn.Linear(26, 49), generator(0), Domain.cube(26, density=8)
        )
