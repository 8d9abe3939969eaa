"""Open units and patterns against a plain loop."""

import torch
from torch import nn

from inr_experiments.ranks.patterns import distinct_patterns, open_units
from tests.cases import field, points


def test_open_units_and_patterns() -> None:
    module, x = field("bn", 2, 1).eval(), points(50, 2)
    units = open_units(module, x, rows=7)
    assert list(units) == ["inlet.activation", "hidden.0.activation", "hidden.1.activation"]
    expected = module.inlet.linear(x) > 0
    assert torch.equal(units["inlet.activation"], expected)
    assert distinct_patterns(expected) == len({tuple(row.tolist()) for row in expected})


def test_one_relu_for_several_layers_in_place() -> None:
    relu = nn.ReLU(inplace=True)
    module = nn.Sequential(nn.Linear(2, 4), relu, nn.Linear(4, 9), relu).double()
    units = open_units(module, points(20, 2), rows=6)
    assert list(units) == ["1", "1#2"]
    assert units["1"].shape == (20, 4) and units["1#2"].shape == (20, 9)


def test_no_units() -> None:
    assert open_units(field("siren", 2, 1), points(5, 2)) == {}
