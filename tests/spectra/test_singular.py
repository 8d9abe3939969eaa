"""Folded QR against the dense decomposition."""

import pytest
import torch

from inr_experiments.spectra.singular import singular_values, singular_values_of_rows
from tests.reference import linear_algebra as reference


def decaying(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    """A matrix whose singular values fall over 18 decades."""
    draw = torch.Generator().manual_seed(seed)
    A = torch.randn(rows, columns, generator=draw, dtype=torch.float64)
    return A * torch.logspace(0, -18, columns, dtype=torch.float64) + 3


@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("shape", [(1000, 40), (64, 64), (10, 40), (1, 5), (5, 1), (97, 3)])
@pytest.mark.parametrize("rows", [7, 64, 8192])
def test_agrees_with_the_dense_decomposition(shape, centre, rows) -> None:
    A = decaying(*shape)
    ours, theirs = singular_values(A, centre=centre, rows=rows), None
    theirs = reference.singular_values(A, centre=centre)
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max() <= 1e-10 * max(theirs[0].item(), A.abs().max().item())


def test_float32_is_decomposed_in_float64() -> None:
    A = torch.randn(500, 20, generator=torch.Generator().manual_seed(0))
    values = singular_values(A)
    assert values.dtype == torch.float64
    assert (values - reference.singular_values(A)).abs().max() <= 1e-10 * values[0]


def test_rows_need_never_exist_together() -> None:
    A = decaying(300, 12)
    values = singular_values_of_rows(iter(A.split(50)), width=12)
    assert (values - reference.singular_values(A)).abs().max() <= 1e-10 * values[0]
    assert singular_values_of_rows(iter([]), width=12).numel() == 0
    assert singular_values(A[:0]).numel() == 0


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("centre", [False, True])
def test_non_finite_numbers_are_refused(bad, centre) -> None:
    A = torch.ones(100, 3)
    A[77, 1] = bad
    with pytest.raises(ValueError, match="non-finite"):
        singular_values(A, centre=centre, rows=10)


def test_a_vector_is_no_matrix() -> None:
    with pytest.raises(ValueError, match=r"got shape \(3,\)"):
        singular_values(torch.ones(3))
