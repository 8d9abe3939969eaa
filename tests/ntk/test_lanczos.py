"""Lanczos and its quadrature against dense eigenvalues."""

import pytest
import torch

from inr_experiments.ntk.empirical import EmpiricalNtk
from inr_experiments.ntk.lanczos import largest_eigenvalues
from inr_experiments.ntk.quadrature import spectral_density
from tests.cases import field, points


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def symmetric(values: torch.Tensor, seed: int = 0) -> torch.Tensor:
    size = len(values)
    Q = torch.linalg.qr(torch.randn(size, size, generator=generator(seed), dtype=torch.float64)).Q
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
    found = largest_eigenvalues(lambda v: A @ v, len(A), count=6, generator=generator())
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
    found = largest_eigenvalues(lambda v: A @ v, 300, count=5, steps=8, generator=generator())
    assert found.steps == 8 and found.residuals.max() > 1e-3
    exact = torch.linalg.eigvalsh(A)
    for value, residual in zip(found.values, found.residuals, strict=True):
        assert (exact - value).abs().min() <= residual + 1e-12


def test_a_kernel_that_is_never_formed() -> None:
    module, x = field("siren", 2, 3, width=16), points(150, 2)
    ntk = EmpiricalNtk(module, x)
    expected = torch.linalg.eigvalsh(ntk.total()).flip(0)
    found = ntk.eigenvalues(10)
    assert torch.allclose(found.values, expected[:10], rtol=1e-6)
    assert found.residuals.max() <= 1e-5 * expected[0]
    density = ntk.density(probes=3, steps=40)
    assert abs(density.trace() - expected.sum()) <= 5 * density.standard_error
    single = EmpiricalNtk(module.float(), x).eigenvalues(3)
    assert torch.allclose(single.values, expected[:3], rtol=1e-4)


def test_density_has_the_moments_and_counts_of_the_spectrum() -> None:
    values = torch.cat([torch.full((150,), 1.0), torch.full((50,), 4.0)]).double()
    A = symmetric(values)
    density = spectral_density(lambda v: A @ v, 200, probes=20, steps=10, generator=generator())
    assert density.weights.sum().item() == pytest.approx(200)
    assert (density.nodes[:-1] >= density.nodes[1:]).all()
    assert float(density.weights[density.nodes > 2].sum()) == pytest.approx(50, rel=0.1)
    assert abs(density.trace() - 350) <= 5 * density.standard_error


def test_density_with_all_steps_is_exact_in_the_mean_of_its_probe() -> None:
    A = symmetric(torch.linspace(0, 1, 30, dtype=torch.float64))
    density = spectral_density(lambda v: A @ v, 30, probes=1, steps=30, generator=generator())
    exact = torch.linalg.eigvalsh(A).flip(0)
    assert torch.allclose(density.nodes, exact, atol=1e-10)
    assert density.standard_error != density.standard_error  # NaN: one probe has no spread
