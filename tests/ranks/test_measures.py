"""The rank family: invariances, known matrices, and its definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inr_experiments.ranks import measures as ranks
from tests.reference import linear_algebra as reference

settings.register_profile("short", max_examples=60, deadline=None)
settings.load_profile("short")

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))


@st.composite
def matrices(draw, least_rank: int = 0):
    """A random matrix of a random rank, well conditioned on its range."""
    rows, columns = draw(SHAPES)
    rank = draw(st.integers(least_rank, min(rows, columns)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    left = np.linalg.qr(rng.standard_normal((rows, rows)))[0][:, :rank]
    right = np.linalg.qr(rng.standard_normal((columns, columns)))[0][:, :rank]
    return left * rng.uniform(0.1, 2, rank) @ right.T, rank


def family(A):
    return ranks.rank_family(np.linalg.svd(A, compute_uv=False), A.shape)


@given(matrices())
def test_definitions(pair) -> None:
    A, rank = pair
    values = family(A)
    assert values["numerical_rank"] == reference.numerical_rank(A) == rank
    for name in ("stable_rank", "effective_rank", "participation_ratio"):
        if rank:
            assert values[name] == pytest.approx(getattr(reference, name)(A), rel=1e-9, abs=1e-9)


@given(matrices(least_rank=1))
def test_order_of_the_measures(pair) -> None:
    A, rank = pair
    values = family(A)
    assert 1 - 1e-9 <= values["stable_rank"] <= values["effective_rank"] + 1e-9 <= rank + 2e-9
    assert 1 - 1e-9 <= values["participation_ratio"] <= rank + 1e-9
    assert values["rank_0.01"] <= values["rank_0.001"] <= values["numerical_rank"]


@given(matrices(), st.integers(0, 2**32 - 1))
def test_orthogonal_invariance(pair, seed) -> None:
    A, _ = pair
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((len(A), len(A))))[0]
    for name, value in family(A).items():
        if A.any():
            assert family(Q @ A)[name] == pytest.approx(value, rel=1e-8), name


@given(matrices(), st.floats(1e-150, 1e150))
def test_scale_invariance(pair, scale) -> None:
    A, _ = pair
    sigma = np.linalg.svd(A, compute_uv=False)
    ours = ranks.rank_family(sigma, A.shape)
    theirs = ranks.rank_family(sigma * scale, A.shape)
    for name, value in ours.items():
        assert theirs[name] == pytest.approx(value, rel=1e-8), name


@given(SHAPES)
def test_zero_matrices_have_rank_zero(shape) -> None:
    assert set(family(np.zeros(shape)).values()) == {0}


@given(SHAPES, st.integers(0, 2**32 - 1))
def test_rank_one_matrices_have_rank_one(shape, seed) -> None:
    rng = np.random.default_rng(seed)
    A = np.outer(rng.uniform(1, 2, shape[0]), rng.uniform(1, 2, shape[1]))
    for name, value in family(A).items():
        assert value == pytest.approx(1, rel=1e-9), name


@given(st.integers(1, 40))
def test_the_identity_has_full_rank_by_every_measure(size) -> None:
    for name, value in family(np.eye(size)).items():
        assert value == pytest.approx(size), name


def test_a_known_spectrum() -> None:
    values = ranks.rank_family([4.0, 2.0, 0.02, 1e-20], (4, 4))
    assert values["numerical_rank"] == 3 and values["rank_0.001"] == 3 and values["rank_0.01"] == 2
    assert values["stable_rank"] == pytest.approx((16 + 4 + 4e-4) / 16)
    assert values["participation_ratio"] == pytest.approx(20.0004**2 / (256 + 16 + 1.6e-7))
    assert ranks.relative_rank([], 0.1) == 0


@pytest.mark.parametrize("bad", [[1.0, np.nan], [np.inf], [-1.0, 2.0], [[1.0]]])
def test_what_is_no_spectrum_is_refused(bad) -> None:
    for measure in (ranks.stable_rank, ranks.effective_rank, ranks.participation_ratio):
        with pytest.raises(ValueError, match="finite, non-negative"):
            measure(bad)
    with pytest.raises(ValueError, match="finite, non-negative"):
        ranks.rank_family(bad, (2, 2))
