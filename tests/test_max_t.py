"""Families of tests, step-down max-T: against hand-made numbers, a slow twin and simulations."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inr_experiments.statistics import max_t, sign_flip_p
from tests.reference.statistics import holm, max_t_flip_by_flip


@pytest.mark.parametrize("seed", range(6))
def test_max_t_of_random_families_equals_its_twin(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(4, 9)), int(rng.integers(2, 6))
    d = rng.normal(0, 1, (n, 1)) + rng.normal(0.5, 1, (n, m))
    d[rng.random((n, m)) < 0.15 * (seed % 2)] = np.nan
    twin = max_t_flip_by_flip([[None if np.isnan(x) else float(x) for x in row] for row in d])
    assert max_t(d) == twin


FAMILIES = st.integers(1, 4).flatmap(
    lambda m: st.lists(
        st.lists(st.none() | st.integers(-3, 3), min_size=m, max_size=m), min_size=1, max_size=6
    )
)


@settings(max_examples=80, deadline=None)
@given(FAMILIES)
def test_max_t_with_ties_lacking_items_and_no_variance_equals_its_twin(rows):
    """Every column also comes thrice as large, which ties with it up to rounding."""
    tripled = [[*row, *(None if x is None else 3 * x for x in row)] for row in rows]
    d = np.array([[np.nan if x is None else x * 0.1 for x in row] for row in tripled])
    assert max_t(d) == max_t_flip_by_flip(tripled)


def test_max_t_by_hand():
    # t of the first is 3.9. It is reached by the observed signs, by + − + −, which give the second
    # 5.2, and by the opposites of both: 4 of 16. The second has t = 0, which every flip reaches.
    assert max_t([[1.0, 1.0], [2.0, -1.0], [3.0, 2.0], [4.0, -2.0]]) == [0.25, 1.0]
    assert max_t(np.empty((4, 0))) == []


def test_equal_differences_have_the_least_p_and_zeros_the_largest():
    d = np.stack([np.full(8, 0.1), np.zeros(8), np.full(8, -0.7)], axis=1)
    assert max_t(d) == [2 / 2**8, 1.0, 2 / 2**8]


def test_tests_of_one_item_or_none_cost_the_others_nothing():
    d = np.arange(1.0, 9.0)
    one, none = np.full((2, 8), np.nan)
    one[0] = 5.0
    assert max_t(np.stack([one, d, none], axis=1)) == [1.0, 2 / 2**8, 1.0]


@pytest.mark.parametrize("scale", [1.0, 0.1, 1e-9])
@pytest.mark.parametrize("n", [2, 5, 11, 16])
def test_family_of_one_is_a_sign_flip_test(n, scale):
    rng = np.random.default_rng(n)
    for d in (rng.normal(0.4, 1, n), rng.integers(-2, 4, n), np.full(n, 1.0)):
        assert max_t(d[:, None] * scale) == [sign_flip_p(d * scale)]


def test_lacking_items_are_as_good_as_left_out():
    d = np.random.default_rng(5).normal(0.5, 1, 20)
    d[::2] = np.nan
    assert max_t(d[:, None]) == [sign_flip_p(d[1::2])]


def test_order_of_the_tests_does_not_matter():
    d = np.random.default_rng(6).normal(0.6, 1, (9, 5))
    p = max_t(d)
    assert max_t(d[:, ::-1]) == p[::-1]
    assert max_t(-d) == p


def test_tests_that_agree_cost_each_other_nothing():
    d = np.random.default_rng(7).normal(1.5, 1, 8)
    alone = sign_flip_p(d)
    assert max_t(np.outer(d, np.arange(1, 11))) == [alone] * 10
    assert alone <= 0.05 < min(holm([alone] * 10))


@pytest.mark.parametrize("false_nulls", [0, 1])
def test_family_seldom_errs_where_tests_are_correlated(false_nulls):
    """Also where one test is rightly found: the later steps err as seldom."""
    rng = np.random.default_rng(8)
    draws, errs = 1_500, 0
    for _ in range(draws):
        d = rng.normal(0, 1, (8, 1)) + rng.normal(0, 0.7, (8, 5))
        d[:, :false_nulls] += 4.0
        errs += min(max_t(d)[false_nulls:]) <= 0.05
    assert errs / draws <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)


def test_large_families_need_little_memory():
    d = np.random.default_rng(9).normal(0, 1, (16, 20))
    tracemalloc.start()
    max_t(d)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


@pytest.mark.parametrize("d", [np.ones(3), [[1.0, np.inf]]])
def test_vectors_and_infinities_are_no_family(d):
    with pytest.raises(ValueError, match="must be finite, items × tests"):
        max_t(d)
