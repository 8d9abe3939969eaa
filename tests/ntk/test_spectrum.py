"""Measures of a kernel's spectrum, and the training that it predicts."""

import numpy as np
import pytest
import torch
from torch import nn

from inr_experiments.checks import InputError
from inr_experiments.ntk import spectrum as measures
from inr_experiments.ntk.empirical import EmpiricalNtk
from tests.cases import field, points


def psd(size: int, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    A = torch.randn(size, size, generator=draw, dtype=torch.float64)
    return A @ A.T


def test_dispersion_is_its_formula() -> None:
    K = psd(9)
    expected = (K @ K).trace() / 9 - (K.trace() / 9) ** 2
    family = measures.kernel_family(measures.eigenvalues(K))
    assert family["dispersion"] == pytest.approx(expected.item())
    assert family["trace"] == pytest.approx(K.trace().item())
    assert measures.kernel_family(np.zeros(4))["relative_dispersion"] == 0


def test_blocks_are_one_matrix() -> None:
    K = EmpiricalNtk(field("siren", 2, 3), points(7, 2), outputs="blocks").total()
    M = measures.matrix(K)
    assert M.shape == (21, 21) and torch.equal(M, M.T)
    assert M[7 * 2 + 3, 7 * 1 + 5] == K[2, 1, 3, 5]
    assert measures.eigenvalues(K).min() >= 0


def test_alignment() -> None:
    Y = torch.randn(9, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert measures.alignment(Y @ Y.T, Y) == pytest.approx(1)
    K = psd(9)
    expected = (K * (Y @ Y.T)).sum() / (K.norm() * (Y @ Y.T).norm())
    assert measures.alignment(K, Y) == pytest.approx(expected.item())
    assert measures.alignment(K * 0, Y) == 0
    blocks = psd(27).reshape(3, 9, 3, 9).transpose(1, 2)
    y = Y.T.reshape(-1)
    M = measures.matrix(blocks)
    expected = y @ M @ y / (M.norm() * y @ y)
    assert measures.alignment(blocks, Y) == pytest.approx(expected.item())
    with pytest.raises(InputError, match="8 rows"):
        measures.alignment(K, Y[:8])


def test_centred_alignment_is_its_formula() -> None:
    K, other = psd(9), psd(9, seed=1)
    H = torch.eye(9, dtype=torch.float64) - 1 / 9
    left, right = H @ K @ H, H @ other @ H
    expected = (left @ right).trace() / (left.norm() * right.norm())
    assert measures.centred_alignment(K, other) == pytest.approx(expected.item())
    assert measures.centred_alignment(K, 3 * K + 2) == pytest.approx(1)
    constant = torch.full((64, 64), 0.1, dtype=torch.float64)
    for kernel in (torch.ones(64, 64), constant, constant.float()):
        assert measures.centred_alignment(kernel, kernel) == 0, "what rounding left is no kernel"
    blocks = psd(27).reshape(3, 9, 3, 9).transpose(1, 2)
    assert measures.centred_alignment(blocks, blocks) == pytest.approx(1)
    wide = torch.block_diag(H, H, H)
    assert torch.allclose(
        measures.matrix(measures.centred(blocks)), wide @ measures.matrix(blocks) @ wide
    )
    with pytest.raises(InputError, match=r"\(4, 4\)"):
        measures.centred_alignment(K, psd(4))


@pytest.mark.parametrize("outputs", [1, 3])
def test_mode_factors_are_what_gradient_descent_does(outputs: int) -> None:
    """A net that is linear in its parameters trains exactly as its kernel says."""
    torch.manual_seed(0)
    module, x = nn.Sequential(nn.Linear(2, outputs)).double(), points(12, 2)
    y = torch.randn(12, outputs, dtype=torch.float64)
    values, U = measures.eigenpairs(EmpiricalNtk(module, x, outputs="blocks").total())
    lr = 0.3 * measures.fastest_rate(values, entries=y.numel())
    before = (module(x) - y).detach().T.reshape(-1)
    optimiser = torch.optim.SGD(module.parameters(), lr=lr)
    for _ in range(5):
        optimiser.zero_grad()
        (module(x) - y).square().mean().backward()
        optimiser.step()
    after = (module(x) - y).detach().T.reshape(-1)
    factors = measures.mode_factors(values, lr=lr, steps=5, entries=y.numel())
    predicted = U @ (torch.from_numpy(factors) * (U.T @ before))
    assert torch.allclose(after, predicted, atol=1e-10)
    left = measures.predicted_error(
        values, (U.T @ before).square(), lr=lr, steps=[0, 5], entries=y.numel()
    )
    assert left[0] == pytest.approx(1)
    assert left[1] == pytest.approx((after.square().sum() / before.square().sum()).item())


def test_a_direction_that_diverges_and_holds_nothing_does_not_count() -> None:
    left = measures.predicted_error([100, 1], [0, 2], lr=1.0, steps=[0, 400], entries=2)
    assert left.tolist() == [1, 0], "100 is far above the largest rate that converges"
    assert measures.predicted_error([1], [0], lr=1.0, steps=[3], entries=2) == [0]
    assert np.isnan(measures.predicted_error([1], [np.nan], lr=1.0, steps=[3], entries=2))


def test_the_fastest_rate_clears_the_first_direction() -> None:
    values = np.array([4.0, 2.0, 0.0])
    rate = measures.fastest_rate(values, entries=10)
    factors = measures.mode_factors(values, lr=rate, steps=1, entries=10)
    assert factors == pytest.approx([0, 0.5, 1])
    assert measures.fastest_rate(np.zeros(3), entries=10) == 0


def test_what_is_no_kernel_is_refused() -> None:
    with pytest.raises(InputError, match="semidefinite"):
        measures.eigenvalues(-psd(4))
    with pytest.raises(InputError, match=r"\(3, 4\)"):
        measures.eigenvalues(torch.ones(3, 4))
