"""The first-layer facts: how far each inlet's spectrum reaches at initialisation."""

import numpy as np
import pytest
import torch

from inr_experiments.diagnostics.inlet_spectrum import InletSpectrum
from inr_experiments.fit.snapshot import Snapshot
from inr_experiments.models.batch_norm import freeze_statistics
from inr_experiments.tasks.image_fit import grid
from tests.fields import build_model


def spectrum(model, points=64, coordinates="symmetric", width=256, **changes):
    field = build_model(model, width=width, **changes)
    x = grid(points, points, coordinates=coordinates, aspect="per_axis")
    freeze_statistics(field, x)
    return InletSpectrum()(Snapshot(0, field, x), None)


def test_against_numpy():
    field = build_model("relu", width=32)
    x = grid(20, 20, coordinates="symmetric", aspect="per_axis")
    measured = InletSpectrum()(Snapshot(0, field, x), None)
    W = field.inlet.linear.weight.detach().double()
    Z = torch.relu(x.double() @ W.T + field.inlet.linear.bias.detach().double()).numpy()
    sigma = np.linalg.svd(Z, compute_uv=False)
    found = measured["inlet/singular_values"]
    np.testing.assert_allclose(found, sigma, atol=1e-10 * sigma[0])
    assert measured["inlet/numerical_rank"] == np.linalg.matrix_rank(Z)
    assert measured["inlet/dead_units"] == (Z == 0).all(0).sum()


# Bands around what was measured over several seeds for a 64² grid and width 256; pe with the 4
# octaves that build_model's resolution admits.
@pytest.mark.parametrize(
    ("model", "least", "most"),
    [("relu", 8, 13), ("rank_expanding", 32, 33.5), ("siren", 110, 130), ("bn", 24, 33),
     ("bn_all_pre", 5.5, 9), ("pe", 110, 125)],
)  # fmt: skip
def test_effective_rank_at_initialisation(model, least, most):
    assert least < spectrum(model)["inlet/effective_rank"] < most


def test_rank_expansion_pays_on_the_symmetric_square_only():
    symmetric = spectrum("rank_expanding")["inlet/effective_rank"]
    unit = spectrum("rank_expanding", coordinates="unit")["inlet/effective_rank"]
    assert unit < 0.5 * symmetric


def test_an_encoding_is_measured_beside_the_inlet():
    measured = spectrum("pe", points=32, width=40)
    assert measured["encoding/singular_values"].shape == (2 + 4 * 4,)
    assert measured["encoding/effective_rank"] < measured["inlet/effective_rank"]
