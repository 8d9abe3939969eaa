"""Lanczos and its quadrature against dense eigenvalues."""

import pytest
import torch

from inr_experiments.checks import InputError
from inr_experiments.ntk.explicit import total_kernel
from inr_experiments.ntk.lanczos import largest_eigenvalues
from inr_experiments.ntk.operator import ntk_operator
from inr_experiments.ntk.quadrature import spectral_density
from tests.cases import field, points


def draw(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def symmetric(values: torch.Tensor, seed: int = 0) -> torch.Tensor:
    size = len(values)
    Q = torch.linalg.qr(torch.randn(size, size, generator=draw(seed), dtype=torch.float64)).Q
    return Q * values @ Q.T


@pytest.mark.parametrize(
    "values",
    [
        torch.logspace(3, -9, 200, dtype=torch.float64),
        torch.linspace(-5, 5, 200, dtype=torch.float64),
        torch.ones(50, dtype=torch.float64),
        torch.cat([torch.full((3,), 2.0), torch.zeros(60)]).double(),
        torch.zeros(20, dtype=torch.float64),
        torch.tensor([7.0], dtype=torch.float64),
    ],
)
def test_largest_eigenvalues(values) -> None:
    A = symmetric(values)
    found = largest_eigenvalues(lambda v: A @ v, len(A), count=6, draw=draw())
    expected = values.sort(descending=True).values[:6]
    scale = max(values.abs().max().item(), 1e-300)
    assert (found.values - expected).abs().max() <= 1e-6 * scale
    assert found.residuals.max() <= 2e-6 * scale
    X = found.vectors
    assert (X.T @ X - torch.eye(len(expected)).double()).abs().max() < 1e-10
    measured = (A @ X - X * found.values).norm(dim=0)
    assert torch.allclose(found.residuals, measured, atol=1e-12 * scale)


def test_few_steps_say_so_by_their_residuals() -> None:
    A = symmetric(torch.linspace(0, 1, 300, dtype=torch.float64))
    found = largest_eigenvalues(lambda v: A @ v, 300, count=5, steps=8, draw=draw())
    assert found.steps == 8 and found.residuals.max() > 1e-3
    exact = torch.linalg.eigvalsh(A)
    for value, residual in zip(found.values, found.residuals, strict=True):
        assert (exact - value).abs().min() <= residual + 1e-12


def test_a_kernel_that_is_never_formed() -> None:
    module, x = field("siren", 2, 3, width=16), points(150, 2)
    expected = torch.linalg.eigvalsh(total_kernel(module, x).values).flip(0)
    operator = ntk_operator(module, x)
    found = largest_eigenvalues(operator, operator.size, count=10, draw=draw())
    assert torch.allclose(found.values, expected[:10], rtol=1e-6)
    single = ntk_operator(module.float(), x)
    coarse = largest_eigenvalues(single, operator.size, count=3, draw=draw())
    assert torch.allclose(coarse.values, expected[:3], rtol=1e-4)


def test_density_has_the_moments_and_counts_of_the_spectrum() -> None:
    values = torch.cat([torch.full((150,), 1.0), torch.full((50,), 4.0)]).double()
    A = symmetric(values)
    density = spectral_density(lambda v: A @ v, 200, probes=20, steps=10, draw=draw())
    assert density.weights.sum().item() == pytest.approx(200)
    assert (density.nodes[:-1] >= density.nodes[1:]).all()
    assert density.count_above(2.0) == pytest.approx(50, rel=0.1)
    assert abs(density.trace() - 350) <= 5 * density.standard_error


def test_density_with_all_steps_is_exact_in_the_mean_of_its_probe() -> None:
    A = symmetric(torch.linspace(0, 1, 30, dtype=torch.float64))
    density = spectral_density(lambda v: A @ v, 30, probes=1, steps=30, draw=draw())
    exact = torch.linalg.eigvalsh(A).flip(0)
    assert torch.allclose(density.nodes, exact, atol=1e-10)
    assert density.standard_error != density.standard_error  # NaN: one probe has no spread


def test_operator_arguments() -> None:
    operator = ntk_operator(field("relu", 2, 1), points(8, 2))
    with pytest.raises(InputError, match=r"expected \(8,\)"):
        operator(torch.ones(9))
    with pytest.raises(InputError, match="layer='trunk'"):
        operator(torch.ones(8), layer="trunk")
    exact = ntk_operator(field("relu", 2, 1), points(8, 2), method="jacobian")
    with pytest.raises(InputError, match="diagonal"):
        exact.diagonal()
