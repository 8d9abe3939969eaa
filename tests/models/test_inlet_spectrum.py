"""The spectrum of Z₀, replaced: singular values, directions, size; the frozen network it is of."""

import numpy as np
import pytest
import torch
from torch import nn

from inr_experiments.building import build_settings
from inr_experiments.checks import ArgumentError, InputError
from inr_experiments.domain import Domain
from inr_experiments.fit.loop import fit
from inr_experiments.fit.snapshot import Snapshot
from inr_experiments.models.inits.rank_expanding import RankExpanding
from inr_experiments.models.inits.torch_default import TorchDefault
from inr_experiments.models.inlet_spectrum import Flat, OfInlet, Own, PowerLaw
from inr_experiments.seeding import generator
from tests.fields import config_of, field_and_task
from tests.reference.inlet_spectrum import with_spectrum

PARTS = "inr_experiments.models.inlet_spectrum"
REI = "inr_experiments.models.inits.rank_expanding.RankExpanding"
WORDS = ("task.side=24", "model.width=20")
#: Cells of the experiment, and the singular values that each is to have, from those of both spans.
CELLS = {
    "own": ([], lambda default, rei, i: default),
    "rotated": (["+model.inlet_spectrum.rotate=true"], lambda default, rei, i: default),
    "REI's": (
        [
            f"model.inlet_spectrum._target_={PARTS}.OfInlet",
            f"+model.inlet_spectrum.init._target_={REI}",
            "+model.inlet_spectrum.init.epsilon=null",
        ],
        lambda default, rei, i: rei,
    ),
    "power law": (
        [f"model.inlet_spectrum._target_={PARTS}.PowerLaw", "+model.inlet_spectrum.alpha=0.5"],
        lambda default, rei, i: i**-0.5,
    ),
    "flat": ([f"model.inlet_spectrum._target_={PARTS}.Flat"], lambda default, rei, i: i**0.0),
}


def inlet(*words: str) -> np.ndarray:
    """Z₀ at the fitted points in float64."""
    field, task = field_and_task(*WORDS, *words)
    return Snapshot(0, field, task.coordinates).float64().features()["inlet"].numpy()


def centred_values(Z: np.ndarray) -> np.ndarray:
    return np.linalg.svd(Z - Z.mean(axis=0), compute_uv=False)


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_has_the_singular_values_that_it_is_to_have(cell):
    words, wanted = CELLS[cell]
    Z, default, rei = (
        inlet("model=relu_span", *words),
        *map(inlet, ("model=relu_frozen", "model=rei_frozen")),
    )
    s_default, s_rei = centred_values(default), centred_values(rei)
    new = wanted(s_default, s_rei, np.arange(1.0, 21.0))
    expected = with_spectrum(default, new, [s_default, s_rei])
    np.testing.assert_allclose(Z.mean(axis=0), default.mean(axis=0), atol=1e-7)
    got, told = centred_values(Z), centred_values(expected)
    kept = told > 1e-9 * told[0]
    np.testing.assert_allclose(got[kept], told[kept], rtol=1e-6)
    assert (got[~kept] < 1e-9 * told[0]).all()
    if cell != "rotated":
        np.testing.assert_allclose(Z, expected, atol=1e-7 * told[0])
    else:
        assert np.abs(Z - expected).max() > 0.01 * np.abs(expected).max()


def test_both_spans_have_one_size_and_as_many_directions():
    found = [centred_values(inlet(f"model={model}")) for model in ("relu_span", "rei_span")]
    assert len({int((s > 1e-6 * s[0]).sum()) for s in found}) == 1
    np.testing.assert_allclose(*[np.linalg.norm(s) for s in found], rtol=1e-9)


def test_own_alone_is_the_frozen_network_to_rounding():
    words = ("model.inlet_spectrum.common=null", "model.hidden_layers=1", "fit.steps=5")
    ends = []
    for model, more in (("relu_frozen", ()), ("relu_span", words[:1])):
        field, task = field_and_task(*WORDS, words[1], f"model={model}", *more)
        *_, last = fit(field, task, build_settings(config_of(words[2])), seed=0)
        ends.append(last.predict(task.coordinates))
    torch.testing.assert_close(*ends, atol=1e-5, rtol=0)


def test_the_factor_stays_while_the_inlet_is_trained():
    field, task = field_and_task(*WORDS, "model=rei_white")
    before = {name: value.clone() for name, value in field.state_dict().items()}
    *_, last = fit(field, task, build_settings(config_of("fit.steps=3")), seed=0)
    moved = {n for n, value in field.state_dict().items() if not value.equal(before[n])}
    assert moved == {name for name in before if not name.startswith("inlet.after.")}
    assert before["inlet.after.factor"].dtype == torch.float64
    whitened = centred_values(inlet("model=rei_white"))
    np.testing.assert_allclose(whitened, whitened[0], rtol=1e-6)
    assert last.predict(task.coordinates).dtype == torch.float32


def test_the_factor_sees_coordinates_and_no_target():
    noisy, clean, smaller = (
        field_and_task(*WORDS, "model=rei_white", *more)[0].inlet.after.factor
        for more in (["task.noise=0.3"], [], ["task.side=22"])
    )
    assert noisy.equal(clean) and not smaller.equal(clean)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["task.side=8", "model=rei_white"],
            r"model\.width=20: expected fewer units than the 16 fitted points",
        ),
        (
            ["model=bn", f"+model.inlet_spectrum._target_={PARTS}.Flat"],
            r"model\.batch_norm: expected null where inlet_spectrum is given",
        ),
        (
            [
                "model=relu_span",
                f"model.inlet_spectrum._target_={PARTS}.PowerLaw",
                "+model.inlet_spectrum.alpha=-1",
            ],
            r"model\.inlet_spectrum\.alpha=-1",
        ),
    ],
)
def test_what_cannot_be_replaced_is_told_with_its_key(words, said):
    with pytest.raises(InputError, match=said):
        field_and_task("model.width=20", *words)


def test_parts_are_of_use_without_a_config():
    x = torch.rand(50, 2) * 2 - 1

    def inlet_of(init):
        linear = nn.Linear(2, 6)
        init(linear, generator(0), Domain.cube(2, density=8))
        return nn.Sequential(linear, nn.ReLU())

    rei = RankExpanding(epsilon=None)
    for part in (Own(), Flat(), PowerLaw(alpha=1.0), OfInlet(init=rei), Own(common=[rei])):
        factor = part(TorchDefault(), inlet_of, x, generator(1))
        assert factor(inlet_of(TorchDefault())(x)).shape == (50, 6)
    with pytest.raises(ArgumentError, match="domain: expected one that tells its points"):
        Flat()(TorchDefault(), inlet_of, None, generator(1))
