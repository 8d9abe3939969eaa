"""Every layer kind against Jacobians taken row by row, in float64 to 1e-10."""

from functools import cache

import pytest
import torch
from torch import Tensor, nn

from inr_experiments.ntk.empirical import EmpiricalNtk
from inr_experiments.ntk.spectrum import matrix
from tests.layers import LAYER_CASES, Grid, LayerCase
from tests.ntk.close import close
from tests.reference import ntk as reference

EVERY = pytest.mark.parametrize("case", LAYER_CASES, ids=lambda case: case.name)


@cache
def expected_of(case: LayerCase) -> dict[str, Tensor]:
    """Kernels of blocks by parameter."""
    J = reference.jacobians_row_by_row(case.module, case.x)
    return {name: reference.blocks(j) for name, j in J.items()}


def of_outputs(K: Tensor, outputs: int | str) -> Tensor:
    if outputs == "blocks":
        return K
    return K.diagonal().sum(-1) if outputs == "trace" else K[outputs, outputs]


@EVERY
def test_kernels(case: LayerCase) -> None:
    expected = expected_of(case)
    for outputs in ("trace", "blocks", case.outputs - 1):
        ntk = EmpiricalNtk(case.module, case.x, outputs=outputs)
        assert set(ntk.by_jacobian) == case.by_jacobian
        assert ntk.difference is not None and ntk.difference < 1e-10
        whole = of_outputs(sum(expected.values()), outputs)
        assert close(ntk.total(), whole)
        kernels = ntk.layers()
        assert tuple(kernels) == ntk.names
        for layer, K in kernels.items():
            own = [k for name, k in expected.items() if name.rpartition(".")[0] == layer]
            assert close(K, of_outputs(sum(own), outputs)), layer
        assert close(sum(kernels.values()), whole)


@EVERY
def test_products_diagonals_and_traces(case: LayerCase) -> None:
    expected = expected_of(case)
    for outputs in ("trace", "blocks"):
        ntk = EmpiricalNtk(case.module, case.x, outputs=outputs)
        v = torch.randn(ntk.size, dtype=torch.float64)
        whole = matrix(of_outputs(sum(expected.values()), outputs))
        assert close(ntk @ v, whole @ v)
        for value, exact in (
            (ntk.diagonal(probes=None), whole.diagonal()),
            (ntk.trace(probes=None), whole.trace()),
        ):
            assert close(value.value, exact) and not value.standard_error.any()
        for name, blocks in expected.items():
            layer, _, parameter = name.rpartition(".")
            K = matrix(of_outputs(blocks, outputs))
            product = ntk.product(v, layer=layer, parameter=parameter)
            assert close(product, K @ v), name
            trace = ntk.trace(layer, parameter, probes=None)
            assert close(trace.value, K.trace()), name


@EVERY
def test_the_jacobian_method(case: LayerCase) -> None:
    for outputs in ("trace", "blocks"):
        whole = of_outputs(sum(expected_of(case).values()), outputs)
        ntk = EmpiricalNtk(case.module, case.x, outputs=outputs, method="jacobian")
        assert ntk.method == "full-batch Jacobian" and ntk.difference is None
        assert close(ntk.total(), whole)
        v = torch.randn(ntk.size, dtype=torch.float64)
        assert close(ntk @ v, matrix(whole) @ v)


@pytest.mark.parametrize(
    "case", [c for c in LAYER_CASES if "-P3-C3" in c.name], ids=lambda c: c.name
)
def test_chunks_of_points_units_and_outputs_do_not_matter(case: LayerCase, monkeypatch) -> None:
    whole = {
        outputs: EmpiricalNtk(case.module, case.x, outputs=outputs).total()
        for outputs in ("trace", "blocks")
    }
    monkeypatch.setattr("inr_experiments.ntk.explicit.SIDE", 4)
    monkeypatch.setattr("inr_experiments.ntk.factors.ROWS", 5)
    monkeypatch.setattr("inr_experiments.ntk.factors.ENTRIES", 1)
    monkeypatch.setattr("inr_experiments.ntk.request.GROUP", 2)
    monkeypatch.setattr("inr_experiments.ntk.capture.ROWS", 4)
    for outputs, K in whole.items():
        ntk = EmpiricalNtk(case.module, case.x, outputs=outputs)
        assert close(ntk.total(), K)
        v = torch.randn(ntk.size, dtype=torch.float64)
        assert close(ntk @ v, matrix(K) @ v)
        assert close(ntk.diagonal(probes=None).value, matrix(K).diagonal())


def test_sparse_gradients_of_a_table_are_covered() -> None:
    torch.manual_seed(0)
    module = Grid(2, 1).double()
    x = LAYER_CASES[0].x.new_tensor([[0.1, 0.2], [-0.4, 0.9], [0.1, -0.3]])
    expected = EmpiricalNtk(module, x).total()
    module.table = nn.Embedding.from_pretrained(module.table.weight.detach(), False, sparse=True)
    assert close(EmpiricalNtk(module, x).total(), expected)


def test_samples_may_be_pictures_or_tokens() -> None:
    torch.manual_seed(0)
    pictures = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 6, 3, stride=2), nn.GroupNorm(2, 6),
        nn.ReLU(), nn.Flatten(), nn.Linear(54, 2),
    ).double()  # fmt: skip
    tokens = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.Flatten(), nn.Linear(32, 2))
    for module, shape in ((pictures, (5, 3, 8, 8)), (tokens.double(), (5, 4, 6))):
        x = torch.randn(shape, dtype=torch.float64)
        J = reference.jacobians_row_by_row(module, x)
        expected = of_outputs(sum(reference.blocks(j) for j in J.values()), "trace")
        found = EmpiricalNtk(module, x)
        assert found.by_jacobian == ()
        assert close(found.total(), expected)


def test_one_sample_of_many_points_goes_by_jacobian() -> None:
    """A convolution over the points, as a coordinate CNN has, mixes samples."""

    class OverPoints(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.conv, self.last = (
                nn.Linear(2, 3),
                nn.Conv1d(3, 4, 3, padding=1),
                nn.Linear(4, 1),
            )

        def forward(self, x):
            z = torch.relu(self.conv(self.first(x).T[None]))
            return self.last(z[0].T)

    torch.manual_seed(0)
    module, x = OverPoints().double(), torch.rand(6, 2, dtype=torch.float64)
    ntk = EmpiricalNtk(module, x)
    J = reference.jacobians_row_by_row(module, x)
    assert close(ntk.total(), sum(reference.blocks(j)[0, 0] for j in J.values()))
    assert ntk.method.startswith("full-batch Jacobian, as the layer-wise identity differs")
