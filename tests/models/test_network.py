"""Networks that are no field: complex ones, convolutions, a table that is learned."""

import numpy as np
import pytest
import torch
from torch import nn

from inr_experiments.building import build_settings, build_task
from inr_experiments.checks import InputError
from inr_experiments.diagnostics.activation_pattern import ActivationPattern
from inr_experiments.diagnostics.spectra import Spectra
from inr_experiments.fit.loop import fit
from inr_experiments.fit.snapshot import Snapshot
from inr_experiments.models.batch_norm import freeze_statistics
from inr_experiments.models.network import Network, fault_of
from tests.fields import config_of

SPECTRA = Spectra(
    stages=["encoding", "inlet", "hidden", "head"],
    weights=True,
    jacobians=False,
    points=None,
    arrays=True,
)


class Wavelets(Network):
    """Complex layers with a real inlet and the real part of the head, as WIRE has them."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inlet = nn.Linear(2, width)
        self.hidden = nn.Linear(width, width, dtype=torch.complex64)
        self.head = nn.Linear(width, 3, dtype=torch.complex64)

    def stages(self):
        yield from (("inlet", self.inlet), ("hidden.0", self.hidden), ("head", self.head))

    def forward(self, x):
        z = torch.exp(5j * self.inlet(x))
        return self.head(torch.exp(1j * self.hidden(z) - self.hidden(z).abs().square())).real


class Convolutions(Network):
    """Two convolutions over the 16 × 16 points, whose rows they take as a picture."""

    couples_samples = True

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inlet = nn.Sequential(nn.Conv2d(2, 12, 3, padding=1), nn.ReLU())
        self.hidden = nn.Sequential(nn.Conv2d(12, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Conv2d(8, 3, 1)

    def stages(self):
        yield from (("inlet", self.inlet), ("hidden.0", self.hidden), ("head", self.head))

    def forward(self, x):
        z = x.T.reshape(1, 2, 16, 16)
        for _, stage in self.stages():
            z = stage(z)
        return z[0].flatten(1).T


class Table(Network):
    """A learned vector for every cell of a 4 × 4 grid before a small ReLU network."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoding = Cells()
        self.inlet = nn.Sequential(nn.Linear(4, 9), nn.ReLU())
        self.head = nn.Linear(9, 3)

    def stages(self):
        yield from (("encoding", self.encoding), ("inlet", self.inlet), ("head", self.head))


class Cells(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(16, 4)

    def forward(self, x):
        row, column = ((x + 1) * 1.999).long().clamp(0, 3).unbind(dim=1)
        return self.table(4 * row + column)


def task():
    return build_task(config_of("task.side=16", "task.fitted=all"))


def settings(*words: str):
    return build_settings(config_of("fit.steps=30", "fit.milestone_every=30", *words))


@pytest.mark.parametrize("network", [Wavelets, Convolutions, Table])
def test_it_is_fitted_predicted_and_diagnosed(network):
    made, fitted = network(), task()
    assert fault_of(made) is None
    losses = []
    for snapshot in fit(made, fitted, settings("fit.lr=1e-2"), seed=0):
        losses += snapshot.losses
        assert fitted.evaluate(snapshot.predict)["psnr"] > 0
        found = SPECTRA(snapshot, fitted)
        assert all(np.isfinite(value).all() for value in found.values())
        assert 1 <= found["inlet/effective_rank"] <= 12
        assert len(found["inlet/singular_values"]) == (9 if network is Table else 12)
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("network", [Wavelets, Convolutions, Table])
def test_patterns_of_units_are_counted(network):
    made, x = network(), task().coordinates
    freeze_statistics(made, x)
    found = ActivationPattern()(Snapshot(0, made, x), task())
    assert found["head/constant_units"] == 0
    units = {Wavelets: None, Convolutions: 12, Table: 9}[network]
    assert ("inlet/open_share" in found) == (units is not None)
    assert units is None or len(found["inlet/open_share"]) == units


def test_spectra_of_complex_features_are_those_of_the_definition():
    made = Wavelets()
    x = task().coordinates
    freeze_statistics(made, x)
    exact = Snapshot(0, made, x).float64()
    Z = exact.features()["hidden.0"]
    assert Z.dtype == torch.complex128
    sigma = torch.linalg.svdvals(Z).numpy()
    found = SPECTRA(Snapshot(0, made, x), task())
    assert found["hidden.0/singular_values"] == pytest.approx(sigma, abs=1e-12 * sigma[0])
    centred = torch.linalg.svdvals(Z - Z.mean(dim=0)).numpy()
    assert found["hidden.0/centred_singular_values"] == pytest.approx(centred, abs=1e-12 * sigma[0])


def test_rows_of_a_convolution_are_its_positions():
    made = Convolutions().eval()
    Z = Snapshot(0, made, task().coordinates).features()
    assert Z["inlet"].shape == (256, 12) and Z["head"].shape == (256, 3)
    assert Z["head"].equal(made(task().coordinates))


def test_statistics_of_channels_are_those_of_all_positions():
    made = Convolutions()
    x = task().coordinates
    whole = made.train()(x)
    freeze_statistics(made, x)
    torch.testing.assert_close(made(x), whole, rtol=1e-4, atol=1e-5)


def test_a_table_has_options_of_its_own():
    one = settings("+fit.groups.encoding.lr=0.1", "fit.schedule=null", "fit.lr=1e-3")
    before, after = Table(), Table()
    list(fit(after, task(), one, seed=0))
    moved = {
        name: (value - before.state_dict()[name]).abs().max().item()
        for name, value in after.state_dict().items()
    }
    assert moved["encoding.table.weight"] > 10 * moved["inlet.0.weight"]


def test_what_is_no_network_is_refused():
    assert "Linear is no network; expected a subclass of" in fault_of(nn.Linear(2, 3))


def test_what_cannot_be_copied_is_refused():
    made = Table()
    nn.utils.weight_norm(made.head)
    with pytest.raises(InputError, match=r"cannot be copied .*parametrizations\.weight_norm"):
        settings().check(made)


class Flat(Table):
    def forward(self, x):
        return super().forward(x)[:, 0]


def test_values_of_another_shape_are_refused_before_a_loss_broadcasts_them():
    with pytest.raises(InputError, match=r"network: gives shape \(2,\); expected \(2, 3\)"):
        next(fit(Flat(), task(), settings(), seed=0))


def test_a_module_in_two_stages_is_refused():
    made = Table()
    made.stages = lambda: iter(
        [("inlet", made.inlet), ("hidden.0", made.inlet), ("head", made.head)]
    )
    assert "one module stands in two; expected one for each" in fault_of(made)


def test_frozen_statistics_are_of_features_without_dropout():
    x = torch.rand(200, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    made = nn.Sequential(nn.Linear(2, 8), nn.Dropout(), nn.BatchNorm1d(8)).double()
    features = made[0](x)
    freeze_statistics(made, x)
    assert torch.allclose(made[2].running_var, features.var(dim=0, unbiased=False))
    assert torch.allclose(made[2].running_mean, features.mean(dim=0))
    assert not any(module.training for module in made)
