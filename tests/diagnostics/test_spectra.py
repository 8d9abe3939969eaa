"""The first-layer facts: how far each inlet's spectrum reaches at initialisation."""

import numpy as np
import pytest
import torch
from torch import nn

from inr_experiments.checks import InputError
from inr_experiments.diagnostics.spectra import Spectra
from inr_experiments.fit.snapshot import Snapshot
from inr_experiments.models.batch_norm import freeze_statistics
from inr_experiments.tasks.grid_signal import grid
from tests.fields import build_model, field_and_task
from tests.reference.linear_algebra import effective_rank


def measure(snapshot: Snapshot, **options):
    """The inlet's and an encoding's spectra, unless the options ask for more."""
    chosen = {
        "stages": ["encoding", "inlet"], "weights": False, "jacobians": False, "points": None,
        "arrays": True,
    }  # fmt: skip
    return Spectra(**{**chosen, **options})(snapshot, None)


def spectrum(model, points=64, coordinates="symmetric", width=256, **changes):
    field = build_model(model, width=width, **changes)
    x = grid((points, points), coordinates=coordinates, aspect="per_axis")
    freeze_statistics(field, x)
    return measure(Snapshot(0, field, x))


def test_against_numpy():
    field = build_model("relu", width=32)
    x = grid((20, 20), coordinates="symmetric", aspect="per_axis")
    measured = measure(Snapshot(0, field, x))
    W = field.inlet.linear.weight.detach().double()
    Z = torch.relu(x.double() @ W.T + field.inlet.linear.bias.detach().double()).numpy()
    sigma = np.linalg.svd(Z, compute_uv=False)
    found = measured["inlet/singular_values"]
    np.testing.assert_allclose(found, sigma, atol=1e-10 * sigma[0])
    assert measured["inlet/numerical_rank"] == np.linalg.matrix_rank(Z)
    sigma = np.linalg.svd(Z - Z.mean(axis=0), compute_uv=False)
    found = measured["inlet/centred_singular_values"]
    np.testing.assert_allclose(found, sigma, atol=1e-10 * sigma[0])
    assert measured["inlet/centred_stable_rank"] == pytest.approx((sigma**2).sum() / sigma[0] ** 2)


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


def test_features_of_held_out_points_and_negative_entries():
    field, task = field_and_task("task.side=24", "model=siren", "model.width=12")
    snapshot = Snapshot(0, field, task.coordinates)
    options = {"weights": False, "jacobians": False, "points": None, "arrays": False}
    measured = Spectra(stages=["inlet"], **options, heldout=True)(snapshot, task)
    assert len(task.heldout) == 24**2 - len(task.coordinates)
    Z, other = (
        snapshot.float64().network.inlet(x.double()).detach()
        for x in (task.coordinates, task.heldout)
    )
    assert measured["inlet/negative_share"] == pytest.approx(
        (Z < 0).double().mean().item(), abs=0.01
    )
    found = measured["inlet/heldout_centred_effective_rank"]
    assert found == pytest.approx(effective_rank((other - other.mean(dim=0)).numpy()))
    everything = field_and_task("task.side=24", "task.fitted=all")[1]
    measured = Spectra(stages=["inlet"], **options, heldout=True)(snapshot, everything)
    assert not any("heldout" in name for name in measured)  # nothing is held out


def test_options_choose_stages_weights_points_and_arrays():
    field = build_model("relu", width=12, hidden_layers=2)
    snapshot = Snapshot(0, field, grid((16, 16), coordinates="symmetric", aspect="per_axis"))
    everything = measure(
        snapshot, stages=["encoding", "inlet", "hidden", "head"], weights=True, jacobians=True
    )
    stages = {key.split("/")[0] for key in everything}
    named = {"inlet", "hidden.0", "hidden.1", "head"}
    assert stages == {f"{s}{part}" for s in named for part in ("", ".weight", ".jacobian")}
    some = measure(snapshot, stages=["hidden"], points=20, arrays=False)
    assert {key.split("/")[0] for key in some} == {"hidden.0", "hidden.1"}
    assert not any(isinstance(value, np.ndarray) for value in some.values())
    few = snapshot.coordinates[torch.linspace(0, 255, 20).round().long()]
    again = measure(Snapshot(0, field, few), stages=["hidden"])
    assert some["hidden.0/effective_rank"] == pytest.approx(again["hidden.0/effective_rank"])


def test_a_stage_that_is_none_is_refused():
    snapshot = Snapshot(0, build_model("relu", width=8), torch.rand(9, 2))
    with pytest.raises(InputError, match=r"stages='inlets': expected one of .*; did you mean"):
        measure(snapshot, stages=["inlets"])
    with pytest.raises(InputError, match="the model has none of them"):
        measure(snapshot, stages=["encoding"])


def test_several_matrices_of_a_stage_go_by_their_own_names():
    field, task = field_and_task("model=coordinate_transformer", "task.side=16")
    snapshot = Snapshot(0, field.eval(), task.coordinates)
    options = {"jacobians": False, "points": None, "arrays": False}
    found = Spectra(stages=["inlet", "hidden"], weights=True, **options)(snapshot, task)
    named = {key.split(".weight/")[0] for key in found if ".weight/" in key}
    linear = {n for n, m in field.named_modules() if isinstance(m, nn.Linear)}
    inlet = {n for n in linear if n.startswith("inlet")}
    assert named == {n for n in linear if n.startswith("hidden")} | {"inlet"} and len(inlet) == 1
