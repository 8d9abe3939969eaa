"""Folded QR against the dense decomposition."""

import pytest
import torch

from inr_experiments.ranks import singular
from inr_experiments.ranks.singular import singular_values, singular_values_of_rows, with_centred
from tests.reference import linear_algebra as reference


def decaying(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    """A matrix whose singular values fall over 18 decades."""
    draw = torch.Generator().manual_seed(seed)
    A = torch.randn(rows, columns, generator=draw, dtype=torch.float64)
    return A * torch.logspace(0, -18, columns, dtype=torch.float64) + 3


@pytest.mark.parametrize(
    "shape", [(1000, 40), (64, 64), (65, 64), (10, 40), (1, 5), (5, 1), (97, 3)]
)
@pytest.mark.parametrize("rows", [7, 64, 8192])
def test_agrees_with_the_dense_decomposition(shape, rows, monkeypatch) -> None:
    monkeypatch.setattr(singular, "ROWS", rows)
    A = decaying(*shape)
    theirs = [reference.singular_values(A, centre=centre) for centre in (False, True)]
    for ours, dense in zip(
        (singular_values(A), *with_centred(A)),
        (theirs[0], *theirs),
        strict=True,
    ):
        assert ours.shape == dense.shape
        assert (ours - dense).abs().max() <= 1e-10 * A.abs().max()


def test_constant_columns_are_nothing_when_centred() -> None:
    A = torch.arange(1.0, 9.0, dtype=torch.float64).expand(5000, 8) / 3
    plain, centred = with_centred(A)
    assert plain[0] > 1 and (centred == 0).all()


def test_a_large_mean_costs_the_centred_spectrum_no_digit() -> None:
    A = torch.randn(200, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    _, far = with_centred(A + 1e6)
    _, near = with_centred(A)
    assert (far - near).abs().max() <= 1e-8 * near[0]


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
    assert [sigma.numel() for sigma in with_centred(A[:0])] == [0, 0]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("decompose", [singular_values, with_centred])
def test_non_finite_numbers_are_refused(bad, decompose) -> None:
    A = torch.ones(100, 3)
    A[77, 1] = bad
    with pytest.raises(ValueError, match="non-finite"):
        decompose(A)


def test_a_vector_is_no_matrix() -> None:
    with pytest.raises(ValueError, match=r"got shape \(3,\)"):
        singular_values(torch.ones(3))
