"""A Transformer on patches of photographs, and the initialisations of its embedding."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from inr_experiments.checks import InputError
from inr_experiments.diagnostics.oversmoothing import Oversmoothing
from inr_experiments.domain import Domain
from inr_experiments.fit.snapshot import Snapshot
from inr_experiments.models.inits.normal import Normal
from inr_experiments.models.inits.orthogonal import Orthogonal
from inr_experiments.models.inits.whitening import Whitening
from inr_experiments.models.patch_transformer import Patches
from inr_experiments.ranks.singular import singular_values
from inr_experiments.seeding import generator
from tests.fields import field_and_task


def data(count: int = 200, inputs: int = 6) -> torch.Tensor:
    """Correlated points of different scales, away from the origin."""
    drawn = torch.randn(count, inputs, generator=torch.Generator().manual_seed(0))
    return drawn @ torch.diag(2.0 ** -torch.arange(inputs)) @ torch.ones(inputs, inputs).tril() + 3


def embedded(init, points: torch.Tensor) -> torch.Tensor:
    """What a square layer so filled puts out, in float64."""
    layer = nn.Linear(points.shape[1], points.shape[1])
    domain = Domain(half_extents=(1.0,) * points.shape[1], radius=1, density=1, points=points)
    init(layer, generator(0), domain)
    with torch.no_grad():
        return layer.double()(points.double())


@pytest.mark.parametrize("epsilon", [1e-1, 1e-3])
def test_whitening_evens_the_spectrum_out_down_to_its_ridge(epsilon):
    points = data()
    values = torch.linalg.eigvalsh(torch.cov(points.T.double())).flip(0)
    wanted = values / (values + epsilon * values[0])
    Z = embedded(Whitening(epsilon=epsilon), points)
    torch.testing.assert_close(Z.mean(dim=0), torch.zeros(6).double(), rtol=0, atol=1e-4)
    found = torch.linalg.eigvalsh(torch.cov(Z.T)).flip(0)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=0)
    assert torch.allclose(torch.linalg.eigvalsh(torch.cov(points.T)).flip(0).double(), values)


def test_an_orthogonal_embedding_keeps_the_spectrum():
    points = data()
    found = singular_values(embedded(Orthogonal(), points))
    torch.testing.assert_close(found, singular_values(points.double()), rtol=1e-5, atol=1e-5)


def test_normal_weights_have_their_spread_and_no_bias():
    layer = nn.Linear(300, 300)
    Normal(std=0.02)(layer, generator(0))
    assert layer.weight.std().item() == pytest.approx(0.02, rel=0.01)
    assert not layer.bias.any()


@pytest.mark.parametrize(
    ("init", "points", "said"),
    [
        (Whitening(epsilon=1e-2), torch.ones(9, 6), "points that are not all alike"),
        (Whitening(epsilon=1e-2), torch.ones(9, 5), "expected one that tells points of 6 numbers"),
    ],
)
def test_what_cannot_be_whitened_is_refused(init, points, said):
    domain = Domain(half_extents=(1.0,) * 6, radius=1, density=1, points=points)
    with pytest.raises(InputError, match=said):
        init(nn.Linear(6, 6), generator(0), domain)
    with pytest.raises(InputError, match="width=4: expected that of the inputs, 6"):
        init(nn.Linear(6, 4), generator(0), replace(domain, points=data()))


def test_patches_are_cut_row_by_row():
    pictures = torch.arange(2 * 6 * 6 * 3.0).reshape(2, 6, 6, 3)
    cut = Patches(inputs=108, size=2, channels=3)
    found = cut(pictures.flatten(1))
    assert found.shape == (2, 9, 12)
    for t in range(9):
        top, left = 2 * (t // 3), 2 * (t % 3)
        assert found[1, t].equal(pictures[1, top : top + 2, left : left + 2].flatten())


@pytest.mark.parametrize(("patch", "channels"), [(7, 3), (8, 5), (8, 1)])
def test_pictures_of_no_whole_patches_are_refused(patch, channels):
    words = ("model=vit_patches", "task=quadrants")
    with pytest.raises(InputError, match=f"model.patch={patch}: expected a divisor of the side"):
        field_and_task(*words, f"model.patch={patch}", f"model.channels={channels}")


def test_positions_stand_behind_z0_and_decide_what_is_told():
    network, task = field_and_task("model=vit_patches", "task=quadrants")
    snapshot = Snapshot(0, network.eval(), task.coordinates)
    Z, told = snapshot.features()["inlet"], snapshot.predict(task.coordinates)
    assert Z.shape == (16 * len(task.coordinates), 192)
    with torch.no_grad():
        network.positions.mul_(50)
    assert snapshot.features()["inlet"].equal(Z)
    assert not torch.allclose(snapshot.predict(task.coordinates), told, atol=1e-3)


def test_whitening_raises_the_rank_of_the_patches_that_are_fitted():
    ranks = []
    for name in ("vit_patches", "vit_whitening"):
        network, task = field_and_task(f"model={name}", "task=quadrants")
        Z = Snapshot(0, network.eval(), task.coordinates).features()["inlet"].double()
        sigma = singular_values(Z - Z.mean(dim=0))
        ranks.append((sigma > 1e-1 * sigma[0]).sum().item())
    assert ranks[1] > 2 * ranks[0]


def test_residual_and_gradient_are_those_of_the_definition():
    network, task = field_and_task("model=vit_patches", "task=quadrants")
    found = Oversmoothing()(Snapshot(0, network.eval(), task.coordinates), task)
    exact = network.double()
    X = exact.inlet(exact.encoding(task.coordinates.double())).flatten(0, 1)
    residual = (X - X.mean(dim=0)).norm() / X.norm()
    assert found["inlet/residual"] == pytest.approx(residual.item(), rel=1e-9)
    loss = nn.functional.cross_entropy(exact(task.coordinates.double()), task.targets.argmax(dim=1))
    loss.backward()
    slope = exact.hidden[0].attention.query.weight.grad.norm().item()
    assert found["hidden.0.query/gradient_norm"] == pytest.approx(slope, rel=1e-6)
