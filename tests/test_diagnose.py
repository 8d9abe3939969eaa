"""The paragraph is true: on a collapsed net, on a healthy one, and on modules that are not ours."""

import re

import pytest
import torch
from torch import nn

from inr_experiments import diagnose as door
from inr_experiments.checks import InputError
from inr_experiments.diagnose import diagnose
from inr_experiments.models.inits.rank_expanding import RankExpanding
from tests.cases import field, points

GRID = torch.cartesian_prod(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 64))


def relu_net() -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Linear(2, 256), nn.ReLU()]
    for _ in range(2):
        layers += [nn.Linear(256, 256), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(256, 3))


class Waves(nn.Module):
    """A sine net with layers of other names, in another order, and a residual."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.out, self.two, self.one = nn.Linear(64, 1), nn.Linear(64, 64), nn.Linear(2, 64)

    def forward(self, x):
        z = torch.sin(30 * self.one(x))
        return self.out(z + torch.sin(self.two(z)))


def kept(A: torch.Tensor) -> int:
    sigma = torch.linalg.svdvals(A.detach().double())
    return int((sigma > 1e-2 * sigma[0]).sum())


def test_a_collapsed_net() -> None:
    module = relu_net()
    found = diagnose(module, GRID)
    module, x = module.double(), GRID.double()
    inlet = module[:2](x)
    expected = kept(inlet)
    assert expected < 25
    assert f"The inlet (0) keeps {expected} of 256 directions at 1e-2" in found.text
    assert "fewer than 10%: its rank has collapsed" in found.text
    dead = int((inlet.amax(0) == inlet.amin(0)).sum())
    assert f"{dead} units of it constant" in found.text
    hidden = [kept(module[:4](x)), kept(module[:6](x))]
    weights = [kept(module[2].weight), kept(module[4].weight)]
    more = sum(h > expected for h in hidden)
    assert f"Downstream {more} of 2 hidden layers keep" in found.text
    assert f"{max(hidden)} of 256" in found.text and f"{min(hidden)} of 256" in found.text
    assert "In 2 of 2 hidden layers the weights keep a larger part" in found.text
    assert f"({min(weights)} of 256 at the least)" in found.text
    assert str(found) == found.text and found.text.endswith("on 4096 points.")


def test_a_healthy_net() -> None:
    module = relu_net()
    RankExpanding(epsilon=None)(module[0], torch.Generator())
    found = diagnose(module, GRID)
    expected = kept(module[:2](GRID))
    assert f"keeps {expected} of 256 directions" in found.text
    assert "10% or more: its rank has not collapsed" in found.text
    assert "fewer than" not in found.text and "constant" not in found.text


def test_a_module_that_is_not_ours_in_the_order_it_runs() -> None:
    module = Waves()
    found = diagnose(module, GRID)
    assert [stage.name for stage in found.stages] == ["one", "two", "out"]
    assert [stage.shape for stage in found.stages] == [(4096, 64), (4096, 64), (4096, 1)]
    z = torch.sin(30 * module.double().one(GRID.double()))
    sigma = torch.linalg.svdvals(z.detach())
    assert found.stages[0].singular_values == pytest.approx(sigma.numpy(), rel=1e-9)
    ntk = found.ntk(points=20, outputs=0)
    assert ntk.total().shape == (20, 20) and ntk.names == ("out", "two", "one")
    v = torch.randn(20, dtype=torch.float64)
    assert torch.allclose(ntk @ v, ntk.total() @ v)
    assert found.ntk(points=None).size == 4096


def test_batch_norm_by_the_batch_or_frozen() -> None:
    module, x = field("bn", 2, 1, width=40), points(50, 2)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    batch, frozen = diagnose(module, x), diagnose(module, x, freeze=True)
    assert "BatchNorm statistics of the batch" in batch.text
    assert "BatchNorm statistics frozen" in frozen.text
    assert batch.stages[0].singular_values == pytest.approx(frozen.stages[0].singular_values)
    assert batch.ntk().method.startswith("full-batch Jacobian, as BatchNorm")
    assert frozen.ntk().frozen_statistics and "statistics frozen" in frozen.ntk().method
    assert all(torch.equal(v, before[name]) for name, v in module.state_dict().items())
    assert module.training and diagnose(module.eval(), x).text.count("frozen") == 1


def test_a_single_layer_and_a_single_point() -> None:
    text = diagnose(nn.Linear(2, 1), GRID[:1]).text
    assert text.startswith("The only layer keeps 1 of 1 direction at 1e-2")
    assert text.endswith("on 1 point.")
    assert not re.search(r"\b1 (points|units|directions)\b", text)


def test_table_and_figure() -> None:
    found = diagnose(Waves(), GRID)
    table = found.table()
    assert list(table["stage"]) == ["one", "two", "out"]
    assert list(table["inlet"]) == [True, False, False]
    assert list(table["read by"]) == ["two", "out", "output"]
    assert list(table["holds beside"]) == ["", "one", ""]
    assert list(table["kept"]) == [stage.kept for stage in found.stages]
    spectra, ranks, shares = found.plot(points=16).axes
    inlet = spectra.lines[0].get_ydata()
    assert inlet == pytest.approx(found.inlet.singular_values / found.inlet.singular_values[0])
    assert [bar.get_width() for bar in ranks.patches] == [100 * s.share for s in found.stages]
    expected = found.ntk(points=16).shares()
    assert [bar.get_width() for bar in shares.patches] == pytest.approx(
        [100 * share for share in expected.values()]
    )
    frozen = diagnose(Waves().requires_grad_(False), GRID[:9]).plot()
    assert "only frozen" in frozen.axes[2].texts[0].get_text().replace("\n", " ")


@pytest.mark.parametrize(
    ("module", "x", "message"),
    [
        (relu_net(), GRID[:0], r"expected \(N, P\)"),
        (relu_net(), GRID * torch.nan, "NaN"),
        (relu_net(), points(5, 3), "shape"),
        (relu_net(), GRID.numpy() + 1j, "coordinates of dtype complex64: expected real"),
        (relu_net(), GRID + 1j, "coordinates of dtype torch.complex64: expected real"),
        (relu_net, GRID, r"module relu_net: expected a torch\.nn\.Module"),
        (nn.Linear(2, 3, device="meta"), GRID, "no numbers yet"),
        (nn.ReLU(), GRID, "no parameters"),
        (nn.RMSNorm(2), GRID, "no layer that the coordinates reach"),
        (nn.Sequential(nn.Linear(2, 3), nn.Dropout()), GRID, r"module\.eval\(\)"),
    ],
)
def test_bad_input(module, x, message) -> None:
    with pytest.raises(InputError, match=message):
        diagnose(module, x)


class OneByOne(nn.Module):
    """Takes its points one at a time."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inlet, self.out = nn.Linear(2, 8), nn.Linear(8, 1)

    def forward(self, x):
        return torch.stack([self.out(self.inlet(point).relu()) for point in x])


def test_points_that_are_taken_one_at_a_time_are_rows() -> None:
    net = OneByOne()
    inlet = diagnose(net, GRID[::64]).inlet
    assert inlet.shape == (64, 8)
    assert inlet.kept == kept(net.inlet(GRID[::64]).relu())


class Gated(OneByOne):
    """Chooses between two layers by where a point lies."""

    def __init__(self) -> None:
        super().__init__()
        self.other = nn.Linear(2, 8)

    def forward(self, x):
        return self.out(torch.where(x[:, :1] > 0, self.inlet(x), self.other(x)))


def test_a_mask_of_coordinates_is_no_data_beside() -> None:
    inlet = diagnose(Gated(), GRID[::64]).inlet
    assert sorted(inlet.layers) == ["inlet", "other"] and inlet.others == ()


def test_it_exports_one_name() -> None:
    assert door.__all__ == ["diagnose"]
