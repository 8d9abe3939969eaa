"""Where REI's lattice may lie."""

import pytest
import torch
from torch import nn

from inr_experiments.checks import InputError
from inr_experiments.domain import Domain
from inr_experiments.models.inits.lattice import lattice_for
from inr_experiments.models.inits.rank_expanding import RankExpanding, epsilon_bound
from tests.fields import field_and_task

HALF = [0.84, 1.0, 0.76]
DOMAIN = Domain(half_extents=HALF, radius=1.7, density=8)


def rei(width: int = 216, **where) -> nn.Linear:
    linear = nn.Linear(3, width).double()
    RankExpanding(epsilon=None, **where)(linear, torch.Generator(), DOMAIN)
    return linear


@pytest.mark.parametrize("width", [1, 2, 7, 64, 216, 256])
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_the_default_is_the_cube(width, dimensions):
    p = 1
    while p**dimensions < width:
        p += 1
    assert torch.equal(lattice_for(width, dimensions), lattice_for(width, dimensions, points=p))


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"points": 8},
        {"over": "box", "half_extents": HALF},
        {"over": "ball", "radius": 1.23},
        {"over": "ball", "radius": 1.0, "points": 10},
    ],
    ids=["cube", "subset", "box", "ball", "ball subset"],
)
def test_triangular_on_its_own_lattice(where):
    linear = rei(**where)
    radius = where.get("radius")
    V = lattice_for(
        216,
        3,
        points=where.get("points"),
        half_extents=where.get("half_extents"),
        radius=radius,
    )
    assert (V.norm(dim=1).diff() > -1e-12).all()
    reach = torch.tensor(where.get("half_extents", [radius or 1.0] * 3))
    assert (V.abs().max(dim=0).values <= reach + 1e-6).all()
    if radius:
        assert (V.norm(dim=1) <= radius + 1e-9).all()
    Z = torch.relu(linear(V)).detach()
    epsilon = 0.9 * epsilon_bound(V)
    assert epsilon > 0
    assert Z.diagonal() == pytest.approx(epsilon, abs=1e-12)
    # Rows in norm order: point i opens no unit of a point farther out.
    assert (Z.triu(1) == 0).all()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"over": "sphere"}, "over='sphere'"),
        ({"over": "cube", "radius": 1.0}, "radius=1.0"),
        ({"over": "ball", "radius": -1.0}, "radius=-1.0"),
        ({"over": "box", "half_extents": [1.0, 1.0]}, "expected 3 numbers"),
        ({"over": "box", "half_extents": [1.0, 0.0, 1.0]}, "half_extents=0.0"),
        ({"points": 5}, "points=5: gives 125"),
        ({"points": 0}, "points=0"),
    ],
)
def test_values_that_cannot_be_used(where, said):
    with pytest.raises(InputError) as refused:
        rei(**where)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("over", "size"), [("box", "half_extents"), ("ball", "radius"), ("cube", "")]
)
def test_the_task_says_how_large_its_object_is(over, size):
    field, task = field_and_task(
        "task=occupancy",
        "task.shape=torus_knot",
        "model.width=64",
        f"+model.inlet_init.over={over}",
    )
    V = lattice_for(64, 3, **({size: task.facts[size]} if size else {}))
    found = V.norm(dim=1) + field.inlet.linear.bias.detach().double()
    assert found == pytest.approx(0.9 * epsilon_bound(V), abs=1e-6)


def test_a_size_that_is_given_is_not_the_objects():
    for options, radius in (({"radius": 0.5}, 0.5), ({}, DOMAIN.radius)):
        linear = rei(64, over="ball", **options)
        V = lattice_for(64, 3, radius=radius)
        assert linear.bias.detach() == pytest.approx(0.9 * epsilon_bound(V) - V.norm(dim=1))
