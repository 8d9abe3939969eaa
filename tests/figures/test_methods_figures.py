"""Figures and tables of the field's methods, from a frame whose answers are known."""

import pytest

from inr_experiments.reporting.methods import (
    INLET,
    LAST_HIDDEN,
    NTK,
    ranks,
    relu_family,
)  # fmt: skip
from tests.reporting.made_up import joined, made_up, measured
from tests.scripts import load

TABLE = load("tables/table_methods")

RANKS = {"relu": 5.0, "pe": 9.0, "siren": 14.0, "wire": 16.0, "hash_grid": 3.0}


def frame():
    """PSNR grows with the rank at the inlet; one network has a single hidden layer."""
    found = []
    for model, rank in RANKS.items():
        own = made_up(
            {model: [20 + rank, 22 + rank]}, seeds=1, ssim=0.5, parameters=1000, seconds=7.0
        )
        own = measured(own, "psnr_heldout", {0: 5.0, 9: [20.0, 21.0]})
        own = measured(own, "spectra/inlet/centred_effective_rank", {0: rank, 9: rank + 1})
        own = measured(own, "spectra/hidden.0/centred_effective_rank", {0: 2.0, 9: 2.0})
        if model != "hash_grid":
            own = measured(own, "spectra/hidden.2/centred_effective_rank", {0: 30.0, 9: 31.0})
        found.append(measured(own, "layer_ntk/total/centred_effective_rank", {0: 1.0, 9: 2.0}))
    return joined(*found)


def test_ranks_are_of_the_inlet_of_the_last_hidden_layer_there_is_and_of_the_kernel():
    made = frame()
    assert ranks(made, INLET, "first").to_dict() == RANKS
    last = ranks(made, LAST_HIDDEN, "last")
    assert last["siren"] == 31 and last["hash_grid"] == 2
    assert set(ranks(made, NTK, "last")) == {2.0}


def test_methods_with_a_relu_behind_the_inlet():
    assert relu_family(frame()) == ["relu", "pe", "hash_grid"]


def test_the_table_holds_methods_against_the_default_and_against_siren():
    table = TABLE.rows(frame())
    assert len(table.header) == len(table.body[0]) == 14
    row = {line[0]: line for line in table.body}
    assert row["siren"][1] == "1,000" and row["siren"][-2:] == ["0.500", "7"]
    assert row["siren"][3].startswith("+9.00") and row["siren"][5] == "–"
    assert row["pe"][5].startswith("-5.00")


@pytest.mark.parametrize("model", ["relu", "wire"])
def test_every_method_has_a_row(model):
    assert model in [line[0] for line in TABLE.rows(frame()).body]
