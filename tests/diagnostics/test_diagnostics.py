"""Every diagnostic on every kind of field, for pictures and for volumes, with checked numbers."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf

from inr_experiments.checks import InputError
from inr_experiments.diagnostics.activation_pattern import ActivationPattern
from inr_experiments.diagnostics.layer_ntk import LayerNtk
from inr_experiments.diagnostics.ntk_convergence import NtkConvergence
from inr_experiments.diagnostics.spectra import Spectra
from inr_experiments.domain import Domain
from inr_experiments.fit.snapshot import Snapshot
from inr_experiments.models.batch_norm import freeze_statistics
from inr_experiments.ranks.measures import rank_family
from tests.cases import KINDS, field, points
from tests.fields import build_model
from tests.reference import ntk as reference

DIAGNOSTICS = {
    "spectra": Spectra(
        stages=["encoding", "inlet", "hidden", "head"],
        weights=True,
        jacobians=True,
        points=None,
        arrays=True,
    ),
    "layer_ntk": LayerNtk(points=16, rank_points=8, stage=None),
    "ntk_convergence": NtkConvergence(points=16, steps=100, lr=None),
    "activation_pattern": ActivationPattern(),
}
STAGES = ("inlet", "hidden.0", "hidden.1", "head")


@dataclass
class SmallTask:
    """Values at random points: colours with the squared error, or occupancies with their own."""

    in_features: int
    out_features: int

    def __post_init__(self) -> None:
        self.domain = Domain.cube(self.in_features, density=8)
        self.coordinates = points(40, self.in_features).float()
        draw = torch.Generator().manual_seed(1)
        self.targets = torch.rand(40, self.out_features, generator=draw)
        self.pool = self.coordinates, self.targets

    def loss(self, prediction, target):
        if self.in_features == 3:
            occupied = (target > 0.5).to(prediction)
            return nnf.binary_cross_entropy_with_logits(prediction, occupied, reduction="sum")
        return (prediction - target).square().mean(dim=1).sum()


TASKS = {"picture": SmallTask(2, 3), "volume": SmallTask(3, 1)}


def single(t: torch.Tensor) -> torch.Tensor:
    return t.to(torch.complex64) if t.is_complex() else t.float() if t.is_floating_point() else t


def snapshot_of(kind: str, task: SmallTask) -> Snapshot:
    module = field(kind, task.in_features, task.out_features)._apply(single)
    freeze_statistics(module, task.coordinates)
    return Snapshot(0, module, task.coordinates)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", DIAGNOSTICS)
def test_every_diagnostic_gives_finite_arrays_and_numbers(name, kind, task) -> None:
    snapshot = snapshot_of(kind, task)
    before = {key: value.clone() for key, value in snapshot.network.state_dict().items()}
    result = DIAGNOSTICS[name](snapshot, task)
    for key, value in result.items():
        what, _, measure = key.partition("/")
        assert what and measure and "/" not in measure
        assert isinstance(value, np.ndarray | float | int) and not isinstance(value, np.generic)
        assert np.isfinite(value).all(), key
    assert all(torch.equal(v, before[k]) for k, v in snapshot.network.state_dict().items())
    assert not snapshot.network.training


@pytest.mark.parametrize("kind", ["relu", "bn_all_pre", "siren"])
def test_layer_ntk_is_that_of_the_definition(kind: str) -> None:
    task = TASKS["picture"]
    snapshot = snapshot_of(kind, task)
    result = LayerNtk(points=40, rank_points=8, stage=None)(snapshot, task)
    exact = snapshot.float64()
    parts = reference.kernels(reference.jacobians(exact.network, exact.coordinates))
    traces = {key: K.diagonal().sum(-1) for key, K in parts.items()}
    values = torch.linalg.eigvalsh(sum(traces.values())).flip(0).numpy()
    assert result["total/eigenvalues"] == pytest.approx(values, rel=1e-8, abs=1e-8 * values[0])
    H = torch.eye(40, dtype=torch.float64) - 1 / 40
    values = torch.linalg.eigvalsh(H @ sum(traces.values()) @ H).flip(0).numpy()
    found = result["total/centred_eigenvalues"]
    assert found == pytest.approx(values, rel=1e-8, abs=1e-8 * values[0])
    assert result["total/centred_trace"] == pytest.approx(values.sum())
    assert sum(result[f"{stage}/share"] for stage in STAGES) == pytest.approx(1)
    whole = sum(K.trace() for K in traces.values())
    inlet = [K.trace() for (layer, _), K in traces.items() if layer.startswith("inlet")]
    assert result["inlet/share"] == pytest.approx(float(sum(inlet) / whole))
    assert result["total/frozen_statistics"] == int(kind.startswith("bn"))
    for stage in STAGES:
        assert result[f"{stage}/rank_gradient"] <= result[f"{stage}/rank_bound"]


def test_alignment_with_the_first_kernel() -> None:
    task = TASKS["picture"]
    first, diagnostic = snapshot_of("siren", task), LayerNtk(points=40, rank_points=4, stage=None)
    assert diagnostic(first, task)["total/alignment_with_first"] == pytest.approx(1)
    later = snapshot_of("siren", task)
    with torch.no_grad():
        for p in later.network.parameters():
            p.add_(0.05 * torch.randn(p.shape, generator=torch.Generator().manual_seed(2)))
    later = Snapshot(5, later.network, task.coordinates)
    kernels = []
    for exact in (first.float64(), later.float64()):
        J = reference.jacobians(exact.network, exact.coordinates)
        K = sum(torch.einsum("ncp,mcp->nm", j, j) for j in J.values())
        H = torch.eye(40, dtype=torch.float64) - 1 / 40
        kernels.append(H @ K @ H)
    expected = (kernels[0] * kernels[1]).sum() / (kernels[0].norm() * kernels[1].norm())
    found = diagnostic(later, task)["total/alignment_with_first"]
    assert found == pytest.approx(expected.item()) and found < 0.999
    alone = LayerNtk(points=40, rank_points=4, stage=None)(later, task)
    assert "total/alignment_with_first" not in alone


def test_convergence_has_its_kernel_centred_too() -> None:
    task = TASKS["picture"]
    snapshot = snapshot_of("siren", task)
    result = NtkConvergence(points=40, steps=10, lr=None)(snapshot, task)
    exact = snapshot.float64()
    J = reference.jacobians(exact.network, exact.coordinates)
    K = sum(reference.blocks(j) for j in J.values()).transpose(1, 2).reshape(120, 120)
    H = torch.block_diag(*[torch.eye(40, dtype=torch.float64) - 1 / 40] * 3)
    values = torch.linalg.eigvalsh(H @ K @ H).flip(0).numpy()
    found = result["kernel/centred_eigenvalues"]
    assert found == pytest.approx(values, rel=1e-8, abs=1e-8 * values[0])
    assert result["kernel/centred_trace"] == pytest.approx(values.sum())


def test_layer_ntk_of_the_last_hidden_stage() -> None:
    task = TASKS["picture"]
    result = LayerNtk(points=10, rank_points=4, stage="hidden.1")(snapshot_of("relu", task), task)
    assert "head/share" not in result and result["total/points"] == 10
    assert sum(result[f"{stage}/share"] for stage in STAGES[:3]) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["bn", "rank_expanding"])
def test_spectra_are_those_of_the_stages_and_weights(kind: str) -> None:
    task = TASKS["picture"]
    snapshot = snapshot_of(kind, task)
    result = DIAGNOSTICS["spectra"](snapshot, task)
    for name, Z in snapshot.float64().features().items():
        sigma = torch.linalg.svdvals(Z).numpy()
        assert result[f"{name}/singular_values"] == pytest.approx(sigma, abs=1e-12 * sigma[0])
        for measure, value in rank_family(sigma, tuple(Z.shape)).items():
            assert result[f"{name}/{measure}"] == pytest.approx(value)
    weight = snapshot.network.hidden[0].linear.weight.detach().double()
    sigma = torch.linalg.svdvals(weight).numpy()
    assert result["hidden.0.weight/singular_values"] == pytest.approx(sigma)
    assert result["inlet.jacobian/rank_most"] <= 2


def test_layers_that_share_a_stage_go_by_their_own_names() -> None:
    task = TASKS["picture"]
    network = build_model("sl2a", width=12)
    found = LayerNtk(points=16, rank_points=8, stage=None)(
        Snapshot(0, network, points(40, 2)), task
    )
    ranks = {key.partition("/")[0] for key in found if key.endswith("/rank_inputs")}
    assert {"hidden.0.down", "hidden.0.up", "head"} <= ranks and "hidden.0" not in ranks


def test_activation_pattern_counts() -> None:
    task = TASKS["picture"]
    snapshot = snapshot_of("relu", task)
    with torch.no_grad():
        snapshot.network.inlet.linear.weight[0] = 0
        snapshot.network.inlet.linear.bias[0] = -1
        snapshot.network.inlet.linear.weight[1] = 0
        snapshot.network.inlet.linear.bias[1] = 1
    result = ActivationPattern()(snapshot, task)
    is_open = snapshot.network.inlet.linear(task.coordinates) > 0
    assert result["inlet/open_share"] == pytest.approx(is_open.double().mean(dim=0).numpy())
    assert result["inlet/open_share"][0] == 0 and result["inlet/open_share"][1] == 1
    assert result["inlet/dead_units"] >= 1 and result["inlet/always_open_units"] >= 1
    assert result["inlet/constant_units"] >= 2
    assert result["inlet/patterns"] == len({tuple(row.tolist()) for row in is_open})
    assert result["all/patterns"] >= result["hidden.0/patterns"]
    smooth = ActivationPattern()(snapshot_of("siren", task), task)
    assert {key.split("/")[1] for key in smooth} == {"constant_units", "thresholds"}
    linear = snapshot.network.inlet.linear
    rows = torch.cat([linear.weight, linear.bias[:, None]], dim=1).detach().numpy()
    assert (result["inlet/thresholds"] == rows).all()
    some = result["inlet/open_share"]
    assert result["inlet/rare_units"] == ((some > 0) & (some < 0.01)).sum()
    assert "inlet/thresholds" not in ActivationPattern()(snapshot_of("pe", task), task)


def test_convergence_energy_and_the_rate_given() -> None:
    task = TASKS["picture"]
    snapshot = snapshot_of("siren", task)
    result = NtkConvergence(points=40, steps=10, lr=1e-3)(snapshot, task)
    assert result["error/energy"].sum() == pytest.approx(1)
    assert result["gd/lr"] == 1e-3
    factor = (1 - 2e-3 * result["kernel/eigenvalues"] / 120) ** 10
    assert result["gd/mode_factor"] == pytest.approx(factor)
    assert result["gd/steps"][0] == 0 and result["gd/predicted_error"][0] == pytest.approx(1)
    assert result["gd/predicted_error"][-1] == pytest.approx(
        float(result["error/energy"] @ factor**2)
    )


def test_numbers_that_cannot_be_used() -> None:
    with pytest.raises(InputError, match="points=0"):
        LayerNtk(points=0, rank_points=8, stage=None)
    with pytest.raises(InputError, match=r"lr=-1\.0"):
        NtkConvergence(points=8, steps=10, lr=-1.0)
    with pytest.raises(InputError, match="stage='hiden'"):
        LayerNtk(points=8, rank_points=8, stage="hiden")(
            snapshot_of("relu", TASKS["picture"]), TASKS["picture"]
        )
