"""Ranks of gradient matrices, their bounds, the linear oracle, and feature Jacobians."""

import pytest
import torch
from torch import nn
from torch.func import jacrev, vmap

from inr_experiments.checks import InputError
from inr_experiments.ntk import bounds
from inr_experiments.ntk.feature_jacobian import feature_jacobian_ranks, feature_jacobians
from tests.cases import CASES, Case, field, points
from tests.reference import ntk as reference


def rank(A: torch.Tensor) -> int:
    return int(torch.linalg.matrix_rank(A))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ranks_of_the_gradient_matrices(case: Case) -> None:
    J = reference.jacobians(case.module, case.x)
    for name, ranks in bounds.layer_ranks(case.module, case.x, outputs="blocks").items():
        assert ranks.gradient == rank(reference.gradient_matrix(J, name)), name
        assert ranks.gradient <= ranks.bound
    linear = {n for n, m in case.module.named_modules() if isinstance(m, nn.Linear)}
    found = bounds.gradient_rank_bounds(case.module, case.x)
    assert found.rank == rank(reference.gradient_matrix(J, *linear))
    assert found.holds


def test_a_layer_whose_weight_is_made_of_another_matrix_is_left_out() -> None:
    """Its weight is trained, and no parameter: its bias alone would pass for the layer."""
    ranks = bounds.layer_ranks(field("fr_inr", 2, 1), points(6, 2))
    assert list(ranks) == ["inlet.linear", "head"]


def test_chunks_of_units_do_not_matter(monkeypatch) -> None:
    module, x = field("relu", 2, 3), points(5, 2)
    whole = bounds.layer_ranks(module, x, outputs="blocks")
    monkeypatch.setattr(bounds, "ROWS", 1)
    assert bounds.layer_ranks(module, x, outputs="blocks") == whole


@pytest.mark.parametrize("bias", [True, False])
def test_prop_3_on_random_nets_with_dead_samples(bias: bool) -> None:
    """In its testable form it holds; as printed it fails on some of these nets."""
    printed_fails = 0
    for seed in range(60):
        torch.manual_seed(seed)
        depth, width = 1 + seed % 3, 2 + seed % 4
        layers: list[nn.Module] = [nn.Linear(2, width, bias=bias), nn.ReLU()]
        for _ in range(depth):
            layers += [nn.Linear(width, width, bias=bias), nn.ReLU()]
        module, x = nn.Sequential(*layers).double(), points(8, 2, seed)
        found = bounds.gradient_rank_bounds(module, x)
        assert found.holds, (seed, found)
        Z, ranks = x, [rank(x)]
        for i in range(0, len(layers) - 2, 2):
            Z = module[i + 1](module[i](Z))
            ranks.append(rank(Z))
        printed_fails += not max(ranks) <= found.rank <= width * sum(ranks)
    assert printed_fails > 0


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_gradients_of_linear_layers_have_the_rank_of_their_inputs(bias: bool, inputs: int) -> None:
    """Exact for generic weights, no activation and widths of at least the rows' number."""
    torch.manual_seed(0)
    width, outputs = 6, 3
    module = nn.Sequential(
        nn.Linear(inputs, width, bias=bias),
        nn.Linear(width, width, bias=bias),
        nn.Linear(width, outputs, bias=bias),
    ).double()
    x = points(20, inputs)
    found = bounds.gradient_rank_bounds(module, x)
    assert found.rank == outputs * (inputs + bias)
    hidden = bounds.gradient_rank_bounds(module, x, stage="1")
    assert hidden.rank == width * (inputs + bias)


def test_linear_oracle_with_a_frozen_inlet() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 6), nn.Linear(6, 6), nn.Linear(6, 3)).double()
    module[0].requires_grad_(False)
    x = points(20, 2)
    Z = torch.cat([module[0](x), torch.ones(20, 1).double()], dim=1)
    assert bounds.gradient_rank_bounds(module, x, stage="1").rank == 6 * rank(Z)


def test_float32_ranks_are_refused() -> None:
    with pytest.raises(InputError, match="float64"):
        bounds.layer_ranks(field("relu", 2, 1).float(), points(8, 2))


@pytest.mark.parametrize("kind", ["relu", "pe", "siren", "bn", "bn_all_pre"])
def test_feature_jacobians(kind: str) -> None:
    module, x = field(kind, 2, 3).eval(), points(9, 2)
    found = feature_jacobians(module, x)
    z = x
    for name, stage in module.stages():
        if name != "encoding":
            expected = vmap(jacrev(lambda point, f=stage: f(point[None])[0]))(z)
            key = name if name == "head" else f"{name}.linear"
            assert (found[key] - expected).norm() <= 1e-12 * expected.norm(), name
        z = stage(z).detach()
    ranks = feature_jacobian_ranks(module, x, samples=4)
    assert ranks["inlet.linear"]["rank_most"] <= min(found["inlet.linear"].shape[1:])
    for values in ranks.values():
        assert values["rank_least"] <= values["rank_mean"] <= values["rank_most"]


def test_a_complex_feature_counts_as_two_real_ones() -> None:
    module, x = field("wire", 2, 1), points(5, 2)

    def by_parts(pair: torch.Tensor) -> torch.Tensor:
        z = module.hidden[0](torch.view_as_complex(pair.reshape(-1, 2))[None])[0]
        return torch.view_as_real(z).flatten()

    Z = torch.view_as_real(module.inlet(x).detach()).flatten(1)
    expected = torch.stack([torch.autograd.functional.jacobian(by_parts, z) for z in Z])
    torch.testing.assert_close(feature_jacobians(module, x)["hidden.0.linear"], expected)


def test_a_layer_that_the_next_does_not_read_is_left_out() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wave, self.gate, self.last = nn.Linear(2, 5), nn.Linear(2, 5), nn.Linear(5, 1)

        def forward(self, x):
            return self.last(torch.relu(self.wave(x)) * self.gate(x))

    module, x = Gated().double(), points(5, 2)
    found = feature_jacobians(module, x)
    expected = torch.relu(module.wave(x))[:, :, None] * module.gate.weight
    assert set(found) == {"gate", "last"}
    torch.testing.assert_close(found["gate"], expected.detach())


def test_a_layer_that_runs_twice_has_no_one_jacobian() -> None:
    again = nn.Linear(2, 2)
    with pytest.raises(InputError, match="layer '0' runs twice"):
        feature_jacobians(nn.Sequential(again, nn.ReLU(), again), points(5, 2).float())


def test_feature_jacobians_of_interacting_samples_are_refused() -> None:
    with pytest.raises(InputError, match="normalises by the batch"):
        feature_jacobians(field("bn", 2, 1), points(8, 2))
