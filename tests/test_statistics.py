"""Statistics against hand-made numbers and slow twins."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from inr_experiments.statistics import (
    holm,
    items_needed,
    paired,
    power_of_t,
    sign_flip_p,
    summarise,
)


def test_sign_flip_enumerates_all_signs():
    d = np.array([0.5, 1.0, -0.2, 2.0, 0.7])
    hits = sum(
        abs(np.mean(np.array(s) * d)) >= abs(d.mean()) - 1e-12 for s in product((1, -1), repeat=5)
    )
    assert sign_flip_p(d) == hits / 32


@pytest.mark.parametrize(("n", "least"), [(4, 0.125), (8, 2 / 2**8), (16, 2 / 2**16)])
def test_least_p_of_n_items(n, least):
    assert sign_flip_p(np.arange(1, n + 1)) == pytest.approx(least)


def test_many_items_are_sampled_and_agree():
    d = np.random.default_rng(0).normal(0.3, 1, 18)
    signs = np.array(list(product((1.0, -1.0), repeat=18)))
    exact = (np.abs(signs @ d / 18) >= abs(d.mean()) - 1e-12).mean()
    assert sign_flip_p(d) == pytest.approx(exact, abs=0.006)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    for order in permutations([0.01, 0.02, 0.5, 0.9]):
        adjusted = dict(zip(order, holm(list(order)), strict=True))
        assert adjusted == pytest.approx({0.01: 0.04, 0.02: 0.06, 0.5: 1.0, 0.9: 1.0})
    assert holm([]) == []


def test_interval_covers_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(60):
        mean = summarise(rng.normal(5, 1, 16))
        hits += mean.low < 5 < mean.high
    assert hits >= 50


def test_means_of_one_or_equal_items_have_no_interval():
    assert np.isnan(summarise([3.0]).low) and np.isnan(summarise([3.0]).std)
    assert np.isnan(summarise([3.0, 3.0, 3.0]).low)


def test_paired_takes_differences_item_by_item():
    result = paired([3.0, 5.0, 9.0], [2.0, 3.0, 6.0])
    assert result.difference.mean == 2.0 and result.difference.n == 3
    assert result.p_t == pytest.approx(0.0742, abs=1e-4)


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
