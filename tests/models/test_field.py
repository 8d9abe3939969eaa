"""Stages, parameter counts, and the initial distributions of every part."""

import math
from functools import partial

import pytest
import torch
from torch import nn

from inr_experiments.building import build_settings
from inr_experiments.checks import InputError
from inr_experiments.domain import Domain
from inr_experiments.fit.loop import fit
from inr_experiments.fit.snapshot import Snapshot
from inr_experiments.models.batch_norm import BatchNormAt, freeze_statistics
from inr_experiments.models.encodings.octaves import Octaves
from inr_experiments.models.encodings.random_fourier import RandomFourier
from inr_experiments.models.inits.random_thresholds import RandomThresholds
from inr_experiments.models.inits.siren import SirenFirst, SirenHidden
from inr_experiments.models.inits.torch_default import TorchDefault
from inr_experiments.ntk.empirical import EmpiricalNtk
from inr_experiments.seeding import generator
from tests.fields import build_model, config_of, field_and_task, parameters
from tests.reference.ntk import jacobians

#: 64 points along an axis of length 2.
SQUARE = Domain.cube(2, density=32)


def test_stages_compose_to_the_field():
    field = build_model("pe", width=7)
    x = torch.rand(5, 2)
    z = x
    names = []
    for name, stage in field.stages():
        names.append(name)
        z = stage(z)
    assert names == ["encoding", "inlet", "hidden.0", "hidden.1", "hidden.2", "head"]
    assert z.equal(field(x))


def test_stacked_fields_are_mapped_as_one():
    fields = [build_model("siren", width=7, seed=seed) for seed in range(3)]
    x = torch.rand(5, 2)
    weights, buffers = torch.func.stack_module_state(fields)
    one = partial(torch.func.functional_call, fields[0])
    together = torch.vmap(lambda w, b: one((w, b), (x,)))(weights, buffers)
    torch.testing.assert_close(together, torch.stack([field(x) for field in fields]))


def test_pictures_are_draws_of_their_own_and_models_are_paired():
    def inlet(*words: str) -> torch.Tensor:
        return field_and_task(*words)[0].hidden[0].linear.weight

    relu = inlet("model=relu", "task.image=astronaut")
    assert relu.equal(inlet("model=rank_expanding", "task.image=astronaut"))
    assert not relu.equal(inlet("model=relu", "task.image=coffee"))
    assert not relu.equal(inlet("model=relu", "task.image=astronaut", "seed=1"))


def test_rank_expansion_adds_no_parameter():
    assert parameters(build_model("rank_expanding", width=31)) == parameters(
        build_model("relu", width=31)
    )


def test_only_the_inlet_of_relu_and_rank_expanding_differs():
    a, b = build_model("relu", width=9), build_model("rank_expanding", width=9)
    differ = [n for n, v in a.state_dict().items() if not v.equal(b.state_dict()[n])]
    assert differ == ["inlet.linear.weight", "inlet.linear.bias"]


def test_torch_default_is_what_linear_draws():
    ours, theirs = nn.Linear(5, 300), nn.Linear(5, 300)
    TorchDefault()(ours, generator(0), SQUARE)
    for a, b in ((ours.weight, theirs.weight), (ours.bias, theirs.bias)):
        assert a.abs().max() <= 1 / math.sqrt(5)
        assert a.std().item() == pytest.approx(b.std().item(), rel=0.1)


def test_biases_can_be_spread_alone():
    one, three = nn.Linear(5, 300), nn.Linear(5, 300)
    TorchDefault()(one, generator(0), SQUARE)
    TorchDefault(bias_scale=3.0)(three, generator(0), SQUARE)
    assert one.weight.equal(three.weight)
    torch.testing.assert_close(three.bias, 3 * one.bias)


def test_random_thresholds_pass_through_the_square():
    linear = nn.Linear(2, 2000)
    RandomThresholds()(linear, generator(0), SQUARE)
    torch.testing.assert_close(linear.weight.norm(dim=1), torch.ones(2000))
    # The square's corner farthest along ±w lies beyond the line on both sides.
    assert (linear.bias.abs() <= linear.weight.abs().sum(dim=1)).all()
    assert abs(linear.weight.mean(dim=0)).max() < 0.06 and abs(linear.bias.mean()) < 0.06
    # Var(u·q) = E‖u‖²/3 for q uniform on the square.
    assert linear.bias.var().item() == pytest.approx(1 / 3, rel=0.1)


@pytest.mark.parametrize("model", ["relu_frozen", "rei_frozen"])
def test_a_frozen_inlet_stays_while_the_rest_is_trained(model):
    field, task = field_and_task("task.side=24", f"model={model}")
    before = {name: value.clone() for name, value in field.state_dict().items()}
    settings = build_settings(config_of("fit.steps=3"))
    *_, last = fit(field, task, settings, seed=0)
    moved = {n for n, v in field.state_dict().items() if not v.equal(before[n])}
    assert moved == {name for name in before if not name.startswith("inlet.")}
    exact = last.float64()
    J = jacobians(exact.network, exact.coordinates[:20])
    trained = sum(
        torch.einsum("ncp,mcp->nm", j, j) for n, j in J.items() if not n.startswith("inlet.")
    )
    torch.testing.assert_close(EmpiricalNtk(exact.network, exact.coordinates[:20]).total(), trained)


def test_siren_bounds():
    first, hidden = nn.Linear(2, 4000), nn.Linear(64, 64)
    SirenFirst()(first, generator(0), SQUARE)
    SirenHidden(omega=30)(hidden, generator(0), SQUARE)
    assert 0.49 < first.weight.abs().max() <= 0.5
    bound = math.sqrt(6 / 64) / 30
    assert 0.99 * bound < hidden.weight.abs().max() <= bound


def test_siren_inlet_is_sin_of_30_times_the_affine_map():
    field = build_model("siren", width=6)
    x = torch.rand(4, 2)
    a = x @ field.inlet.linear.weight.T + field.inlet.linear.bias
    torch.testing.assert_close(field.inlet(x), torch.sin(30 * a))


def test_octaves_against_the_equation():
    encoding = Octaves(domain=SQUARE, generator=generator(0), octaves=None, keep_coordinates=True)
    assert encoding.octaves == 5  # log2(32)
    x = torch.tensor([[0.3, -0.7]], dtype=torch.float64)
    expected = [0.3, -0.7]
    for f in (torch.sin, torch.cos):
        for c in (0.3, -0.7):
            expected += [f(torch.tensor(2.0**k * math.pi * c)).item() for k in range(5)]
    torch.testing.assert_close(
        encoding(x)[0], torch.tensor(expected, dtype=torch.float64), rtol=1e-5, atol=1e-5
    )


def test_an_axis_of_length_1_has_an_octave_more():
    counts = [
        field_and_task("model=pe", f"task.coordinates={c}")[0].encoding.octaves
        for c in ("symmetric", "unit")
    ]
    assert counts == [4, 5]  # 32 fitted points along the axis


def test_octaves_that_alias_are_said(caplog):
    Octaves(domain=SQUARE, generator=generator(0), octaves=9, keep_coordinates=False)
    assert "octaves=9: those above 5 alias" in caplog.text


def test_random_fourier_frequencies_have_the_asked_spread():
    encoding = RandomFourier(domain=SQUARE, generator=generator(0), features=4000, sigma=5.0)
    assert encoding.frequencies.std().item() == pytest.approx(5.0, rel=0.05)
    assert encoding(torch.zeros(1, 2)).sum().item() == pytest.approx(2000)  # cos 0 = 1


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("layers", ["all", [0], [1, 3]])
def test_batch_norm_stands_where_it_is_put(place, layers):
    field = build_model("relu", width=5, batch_norm=BatchNormAt(layers=layers, place=place))
    x = torch.rand(40, 2)
    for i, layer in enumerate((field.inlet, *field.hidden)):
        here = layers == "all" or i in layers
        assert isinstance(getattr(layer, place), nn.BatchNorm1d) == here
    if layers == "all" and place == "after":
        z = field.inlet(x)
        torch.testing.assert_close(z.mean(0), torch.zeros(5), atol=1e-5, rtol=0)


def test_batch_norm_changes_the_inlet_at_step_0():
    x = torch.rand(64, 2) * 2 - 1
    z = {}
    for model in ("relu", "bn"):
        field = build_model(model, width=8)
        freeze_statistics(field, x)
        z[model] = Snapshot(0, field, x).features()["inlet"]
    assert not torch.allclose(z["relu"], z["bn"], atol=0.1)


def test_frozen_statistics_are_those_of_the_whole_set():
    field = build_model("bn_all_pre", width=8).double()
    x = torch.rand(50, 2, dtype=torch.float64)
    field.train()
    whole = field(x)
    freeze_statistics(field, x)
    torch.testing.assert_close(field(x), whole)
    torch.testing.assert_close(field(x[:1]), whole[:1]), "a point depends on its batch"
    assert not field.couples_samples


def test_how_often_statistics_are_asked_for_decides_no_draw():
    network = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2))
    network[0].unused = nn.BatchNorm1d(3)
    before = torch.random.get_rng_state()
    freeze_statistics(network, torch.rand(5, 2, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_batch_norm_of_one_point_is_refused():
    with pytest.raises(InputError, match="one point has no variance"):
        freeze_statistics(build_model("bn"), torch.zeros(1, 2))


@pytest.mark.parametrize("layers", [[4], [-1], "some", []])
def test_batch_norm_at_no_layer_is_refused(layers):
    with pytest.raises(InputError, match="layers="):
        build_model("relu", batch_norm=BatchNormAt(layers=layers, place="after"))
