"""Statistics against hand-made numbers, slow twins and simulations."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, t, ttest_1samp

from inr_experiments.statistics import (
    exceeds,
    holm,
    items_needed,
    max_t,
    permutation_p,
    power_of_t,
    rank_correlation,
    sign_flip_p,
    smallest_p,
    spearman,
    summarise,
)
from tests.reference import statistics as reference
from tests.reference.statistics import sign_flip_p_flip_by_flip

#: Draws with mean 0, of a given shape.
SYMMETRIC = {
    "normal": lambda rng, shape: rng.normal(0, 1, shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "Laplace": lambda rng, shape: rng.laplace(0, 1, shape),
    "two points": lambda rng, shape: rng.choice((-1.0, 1.0), shape),
}

# Intervals.


@pytest.mark.parametrize("n", [2, 3, 8, 40])
def test_interval_is_students(n):
    x = np.random.default_rng(n).normal(5, 2, n)
    estimate = summarise(x)
    half = t.ppf(0.975, n - 1) * np.std(x, ddof=1) / np.sqrt(n)
    assert (estimate.low, estimate.high) == pytest.approx((x.mean() - half, x.mean() + half))
    assert (estimate.mean, estimate.std) == pytest.approx((x.mean(), np.std(x, ddof=1)))
    assert estimate.n == n
    scipys = ttest_1samp(x, 0).confidence_interval(0.95)
    assert (estimate.low, estimate.high) == pytest.approx((scipys.low, scipys.high))


def test_interval_by_a_printed_table():
    # t(0.975, 4) = 2.776; the spread of 1 … 5 is √2.5.
    estimate = summarise([1, 2, 3, 4, 5])
    assert estimate.high - estimate.mean == pytest.approx(2.776 * np.sqrt(2.5 / 5), abs=1e-3)


def test_one_item_or_two_equal_ones_have_no_interval():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, two = summarise([3.0]), summarise([3.0, 3.0])
    assert one.mean == 3.0 and np.isnan([one.std, one.low, one.high]).all()
    assert two.std == 0.0 and np.isnan([two.low, two.high]).all()


@pytest.mark.parametrize("value", [3.0, 0.1, 1 / 3, 0.0])
def test_equal_items_are_an_interval_of_one_number_to_the_last_bit(value):
    estimate = summarise([value] * 7)
    assert (estimate.mean, estimate.std, estimate.low, estimate.high) == (value, 0.0, value, value)


def _coverage(draws: np.ndarray, true: float) -> float:
    estimates = [summarise(x) for x in draws]
    return float(np.mean([e.low <= true <= e.high for e in estimates]))


@pytest.mark.parametrize("n", [8, 16])
def test_interval_covers_normal_items_as_often_as_it_says(n):
    draws = np.random.default_rng(n).normal(5, 1, (2_000, n))
    assert _coverage(draws, 5.0) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 2_000))


def test_interval_covers_skewed_items_less_often():
    draws = np.random.default_rng(0).lognormal(0, 1, (1_000, 8))
    assert _coverage(draws, np.exp(0.5)) < 0.95


# One paired test.


@pytest.mark.parametrize("differences", [[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])
def test_three_differences_of_one_sign_have_the_least_p(differences):
    assert sign_flip_p(differences) == smallest_p(3) == 0.25


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=8))
def test_sign_flips_are_all_counted_and_rounding_breaks_no_tie(tenths):
    # A tenth is no binary fraction, so the sums tie only up to rounding.
    exact = sign_flip_p_flip_by_flip([Fraction(value, 10) for value in tenths])
    for scale in (0.1, 1e-13, 1e9 / 3):
        assert sign_flip_p(np.array(tenths) * scale) == exact


def test_decimals_that_cancel_have_p_one():
    assert sign_flip_p([0.1, 0.2, -0.3, 0.4, 0.5, -0.6, -0.7, 0.3, 0.1]) == 1.0  # scipy: 0.957


@pytest.mark.parametrize("seed", range(4))
def test_sign_flips_of_continuous_items(seed):
    d = np.random.default_rng(seed).normal(0.4, 1, 10)
    assert sign_flip_p(d) == sign_flip_p_flip_by_flip(d)


@pytest.mark.parametrize("n", [1, 2, 4, 8, 16])
def test_least_p_of_n_items(n):
    assert sign_flip_p(np.arange(1, n + 1)) == smallest_p(n) == 2 / 2**n
    assert max_t(np.arange(1, n + 1)[:, None] * [1.0, 2.0]) == [smallest_p(n)] * 2


def test_least_p_of_no_items_is_one():
    assert smallest_p(0) == sign_flip_p([]) == 1.0


def test_many_items_are_sampled_and_agree():
    d = np.random.default_rng(0).normal(0.3, 1, 18)
    signs = 1.0 - 2.0 * ((np.arange(2**18)[:, None] >> np.arange(18)) & 1)
    exact = (np.abs(signs @ d) >= abs(d.sum()) - 1e-12).mean()
    assert sign_flip_p(d) == pytest.approx(exact, abs=0.012)
    assert max_t(d[:, None]) == pytest.approx([exact], abs=0.012)
    assert sign_flip_p(d) == sign_flip_p(d)


def test_observed_signs_count_as_one_of_the_draws():
    d = np.full(60, 0.1)  # no other flip of 60 items is ever drawn with as large a mean
    assert sign_flip_p(d) == smallest_p(60) == 1 / 20_001
    assert max_t(np.stack([d, d], axis=1)) == [smallest_p(60)] * 2


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_differences_that_are_not_finite_have_no_p(value):
    assert np.isnan(sign_flip_p([1.0, 2.0, value]))


# Verdicts.


def test_exceeds_asks_the_interval_and_the_flips():
    assert exceeds(np.arange(1, 9), 1.0)
    assert not exceeds(np.arange(1, 9), 3.0)  # the interval begins at 2.45
    # Seven of eight: t is sure, the flips are not.
    values = np.array([1.0] * 7 + [-1.0])
    assert summarise(values).low > 0 and not exceeds(values, 0.0)


def test_exceeds_of_equal_values_and_of_few():
    assert exceeds([0.3] * 6, 0.2) and not exceeds([0.3] * 6, 0.3) and not exceeds([0.3] * 6, 0.4)
    assert not exceeds([0.3] * 5, 0.2)
    assert not exceeds([0.3], 0.2)
    assert not exceeds([0.3] * 7 + [np.nan], 0.2)


@pytest.mark.parametrize("n", [8, 16])
@pytest.mark.parametrize("name", SYMMETRIC)
def test_exceeds_errs_at_most_as_often_as_it_says(name, n):
    rng = np.random.default_rng(10)
    draws, threshold = 4_000, 0.3
    values = threshold + SYMMETRIC[name](rng, (draws, n))
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = (values.mean(1) - threshold) / (values.std(1, ddof=1) / np.sqrt(n))
    # Values far below the interval's demand are never shown to exceed: left out for speed.
    near = values[~(scores < t.ppf(0.97, n - 1))]
    found = sum(exceeds(x, threshold) for x in near)
    assert found / draws <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / draws)


# Correlation.


def test_spearman_is_the_correlation_of_ranks():
    x, y = np.array([3.0, 1.0, 2.0, 2.0]), np.array([30.0, 9.0, 20.0, 10.0])
    by_hand = np.corrcoef([4, 1, 2.5, 2.5], [4, 1, 3, 2])[0, 1]
    assert spearman(x, y) == pytest.approx(by_hand)
    assert spearman(x, y) == pytest.approx(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    assert spearman(x, np.exp(y)) == spearman(x, y)


def test_spearman_of_a_constant_is_nan_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan([spearman([1, 2, 3], [5, 5, 5]), spearman([5, 5, 5], [1, 2, 3])]).all()
        assert np.isnan([spearman([1], [2]), spearman([], [])]).all()
        assert spearman([1, 2], [4, 3]) == pytest.approx(-1)


def test_interval_of_spearman_by_hand():
    rho = rank_correlation([1, 2, 3, 4, 5, 6, 7], [2, 1, 3, 5, 4, 7, 6])
    assert rho.mean == pytest.approx(1 - 6 * 6 / (7 * 48)) and rho.n == 7
    # 1.95996 √((1 + 0.89286² / 2) / 4) = 1.15895, artanh 0.89286 = 1.43584.
    assert (rho.low, rho.high) == pytest.approx((0.27002, 0.98891), abs=1e-5)
    assert np.isnan(rho.std)


def test_interval_of_spearman_at_its_ends():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        up, down = rank_correlation(range(8), range(8)), rank_correlation(range(8), range(8, 0, -1))
        few, constant = rank_correlation([1, 2, 3], [1, 3, 2]), rank_correlation(range(8), [1] * 8)
    assert (up.mean, up.low, up.high) == pytest.approx((1, 1, 1))
    assert (down.mean, down.low, down.high) == pytest.approx((-1, -1, -1))
    assert few.mean == 0.5 and np.isnan([few.low, few.high]).all()
    assert np.isnan([constant.mean, constant.low, constant.high]).all()


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_interval_of_spearman_holds_the_true_one_as_often_as_it_says(rho):
    """Of pairs from a normal distribution, where ρ = 6/π asin(r/2); Pearson 1907."""
    rng, r = np.random.default_rng(0), 2 * np.sin(np.pi * rho / 6)
    x = rng.normal(size=(1_000, 16))
    y = r * x + np.sqrt(1 - r**2) * rng.normal(size=x.shape)
    found = [rank_correlation(*pairs) for pairs in zip(x, y, strict=True)]
    assert np.mean([e.low <= rho <= e.high for e in found]) == pytest.approx(0.96, abs=0.02)


@pytest.mark.parametrize(
    ("x", "y"), [([1, 2, 3, 4, 5, 6], [2, 1, 3, 6, 4, 5]), ([1, 1, 2, 3, 3, 4], [1, 2, 2, 2, 5, 3])]
)
def test_permutations_of_a_few_pairs_agree_with_all_of_them(x, y):
    exact = reference.permutation_p_order_by_order(x, y)
    found = permutation_p(x, y, draws=400_000)
    assert found == pytest.approx(exact, abs=0.003)
    assert found == permutation_p(x, np.negative(y), draws=400_000)


def test_permutations_at_their_ends():
    assert np.isnan(permutation_p(range(8), [1] * 8))
    # No other order of 16 is ever drawn with as large a ρ.
    assert permutation_p(range(16), range(16), draws=60_000) == 1 / 60_001


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=6))
def test_holms_steps(p_values):
    assert holm(p_values) == reference.holm(p_values)


# Power.


@pytest.mark.parametrize(("effect", "n"), [(1.0, 8), (0.5, 16), (-1.5, 5)])
def test_power_is_how_often_a_simulated_t_test_finds_it(effect, n):
    draws = np.random.default_rng(2).normal(effect, 1, (20_000, n))
    found = (ttest_1samp(draws, 0, axis=1).pvalue < 0.05).mean()
    assert power_of_t(effect, n) == pytest.approx(found, abs=0.015)


def test_items_needed_as_published_tables_have_it():
    assert items_needed(0.5) == 34 and items_needed(0.8) == 15  # Cohen 1988; G*Power
    n = items_needed(0.3, power=0.95)
    assert power_of_t(0.3, n) >= 0.95 > power_of_t(0.3, n - 1)
    assert items_needed(0.0) is None
    assert power_of_t(3.74, 16) == pytest.approx(1.0)  # scipy's far tail is NaN here
