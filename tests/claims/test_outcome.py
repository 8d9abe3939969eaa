"""Outcomes of each kind of test, and how often chance alone shows one."""

import numpy as np
import pytest
from scipy import stats

from inr_experiments.claims.evidence import number
from inr_experiments.claims.hypothesis import Hypothesis
from inr_experiments.claims.outcome import OUTCOMES, SHOWN, outcome_of
from inr_experiments.statistics import max_t, smallest_p, summarise
from tests.claims.asking import BASE, asks, weighed
from tests.reporting.made_up import WOBBLE, made_up


def outcome(shift: float, *, kind="gain", threshold=2.0, n=8, scale="laptop", wobble=1.0):
    base = np.linspace(20, 30, n)
    frame = made_up({"relu": base, "mine": base + shift + wobble * WOBBLE[:n]}, scale=scale)
    (found,) = weighed(frame, asks(kind=kind, threshold=threshold))
    return found


@pytest.mark.parametrize(
    ("shift", "wanted", "why"),
    [
        (4.0, "shown", "above 2 dB"),
        (2.0, "partly", "on both sides of 2 dB"),
        (1.0, "partly", "below 2 dB"),
        (0.1, "refuted", "below 2 dB"),
        (-3.0, "refuted", "below zero"),
    ],
)
def test_a_gain(shift, wanted, why):
    found = outcome(shift)
    assert found.outcome == wanted and why in found.sentence
    assert found.estimate.mean == pytest.approx(shift)
    assert found.size == pytest.approx(shift / WOBBLE.std(ddof=1))
    assert (found.estimate.n, found.items, found.seeds, found.scale) == (8, 8, 2, "laptop")
    assert f"{shift:+.3g} dB" in found.sentence and "over 8 images" in found.sentence


def test_a_gain_whose_interval_holds_zero_and_the_threshold_is_undecided():
    wide = outcome(1.0, wobble=4.0)
    assert wide.estimate.low < 0 < 2 < wide.estimate.high
    assert wide.outcome == "undecided" and "both zero and 2 dB" in wide.sentence
    none = outcome(0.0, threshold=0.0)
    assert none.outcome == "undecided" and "holds zero" in none.sentence


@pytest.mark.parametrize(
    ("shift", "wanted", "why"),
    [
        (0.0, "undecided", "the interval holds zero"),
        (-0.5, "undecided", "below zero, and the interval lies above -1 dB"),
        (-1.0, "undecided", "below zero, and the interval lies on both sides of -1 dB"),
        (-3.0, "refuted", "the whole interval is below -1 dB"),
    ],
)
def test_a_gain_that_may_be_a_loss(shift, wanted, why):
    found = outcome(shift, threshold=-1.0, wobble=0.1)
    assert found.outcome == wanted and why in found.sentence


def test_numbers_of_a_sentence_have_no_exponent_where_they_are_large():
    assert [number(x) for x in (2.0, 999.4, 999.7, -12345.6)] == ["+2", "+999", "+1000", "-12346"]


@pytest.mark.parametrize(
    ("shift", "wobble", "wanted"),
    [(0.1, 0.1, "shown"), (0.5, 0.1, "partly"), (-0.5, 0.1, "partly"), (3.0, 0.1, "refuted"),
     (-3.0, 0.1, "refuted"), (0.1, 2.0, "undecided")],
)  # fmt: skip
def test_an_equivalence(shift, wobble, wanted):
    found = outcome(shift, kind="equivalence", threshold=0.5, wobble=wobble)
    assert found.outcome == wanted
    assert np.isnan(found.p) and "p =" not in found.sentence


def test_a_relative_margin_is_as_many_per_cent_on_both_sides():
    asked = asks(kind="equivalence", threshold=10, relative=True)
    for ratio, wanted in ((0.905, "shown"), (1.095, "shown"), (0.89, "refuted"), (1.11, "refuted")):
        d = np.log(ratio) + np.linspace(-1e-3, 1e-3, 8)
        assert outcome_of(asked, d, np.nan)[0] == wanted, ratio


def test_equal_to_the_last_bit_is_equivalent():
    found = outcome(0.0, kind="equivalence", threshold=0.1, wobble=0.0)
    assert found.outcome == "shown" and found.estimate.low == found.estimate.high == 0


@pytest.mark.parametrize("kind", ["gain", "equivalence"])
def test_smoke_scale_and_few_images_decide_nothing(kind):
    shift, threshold = (9.0, 2.0) if kind == "gain" else (0.0, 5.0)
    given = {"kind": kind, "threshold": threshold}
    assert outcome(shift, **given).outcome == "shown"
    smoke = outcome(shift, scale="smoke", **given)
    assert smoke.outcome == "undecided" and "smoke" in smoke.sentence
    for n in (1, 4, 5):
        few = outcome(shift, n=n, **given)
        assert few.outcome == "undecided" and f"{2 / 2**n:.2g}" in few.sentence
        assert "nan" not in few.sentence
    assert outcome(shift, n=6, **given).outcome == "shown"


#: Six values on one side of zero, but for one: t says 2.5 %, the sign flips 4/2⁶.
LOPSIDED = np.array([0.6, 0.7, 0.8, 0.9, 1.0, -0.05])


@pytest.mark.parametrize(
    ("kind", "values", "wanted", "why"),
    [
        ("gain", 2 + LOPSIDED, "partly", "above zero, and the interval above 2 dB, which sign"),
        ("gain", 2 - 3 * LOPSIDED, "undecided", "the interval is below 2 dB, which sign flips"),
        ("equivalence", 2 - LOPSIDED, "partly", "the interval is within ±2 dB, which sign flips"),
        ("equivalence", 2 + LOPSIDED, "partly", "the interval is beyond ±2 dB, which sign flips"),
        ("equivalence", -2 - LOPSIDED, "partly", "the interval is beyond ±2 dB, which sign flips"),
    ],
)
def test_beyond_a_threshold_counts_only_what_sign_flips_confirm(kind, values, wanted, why):
    d = summarise(values)
    assert d.low > 2 or d.high < 2, "by its t interval"
    found = outcome_of(asks(kind=kind, threshold=2), values, p=2 / 2**6)
    assert found[0] == wanted and why in found[1]


def test_zero_is_excluded_by_interval_and_p_together():
    gain = np.array([0.1, 0.2, 0.3, 0.3, 0.5, 0.6, 1.2, -0.05])
    assert 0 < summarise(gain).low < 0.5 < summarise(gain).high

    def asked(threshold: float, values: np.ndarray, p: float):
        return outcome_of(asks(threshold=threshold), values, p)

    assert asked(2.0, gain, 0.04)[0] == "partly"
    far, near, zero = (asked(threshold, gain, 0.06) for threshold in (2.0, 0.5, 0.0))
    assert far == ("refuted", "the whole interval is below 2 dB"), "whatever p says of zero"
    for found in (near, zero):
        assert found == ("undecided", "the interval excludes zero but p = 0.06 exceeds 0.05")
    assert asked(0.0, -gain, 0.06)[0] == "undecided"
    assert asked(0.0, -gain, 0.04) == ("refuted", "the whole interval is below zero")
    assert asked(0.1, -gain, 0.06) == ("refuted", "the whole interval is below zero")


def test_more_images_than_are_enumerated_are_decided_by_the_familys_p():
    values = 0.4 + np.random.default_rng(0).normal(size=40)
    (p,) = max_t(values[:, None])
    assert p <= 0.05 and outcome_of(asks(), values, p)[0] == "shown"
    assert outcome_of(asks(), values, 0.051)[0] == "undecided"


@pytest.mark.parametrize(
    ("shift", "wobble", "wanted", "why"),
    [
        (3.0, 0.5, "shown", "the whole interval lies within 2 to 4 dB"),
        (6.0, 1.0, "partly", "larger than 4 dB: the whole interval is above it"),
        (4.0, 0.5, "partly", "above 2, but the interval lies on both sides of 4 dB"),
        (2.0, 0.5, "partly", "on both sides of 2 dB"),
        (1.0, 0.5, "partly", "below 2 dB"),
        (0.1, 1.0, "refuted", "below 2 dB"),
        (2.0, 4.0, "undecided", "both zero and 2 dB"),
    ],
)
def test_a_gain_in_a_band(shift, wobble, wanted, why):
    frame = made_up({"relu": BASE, "mine": BASE + shift + wobble * WOBBLE})
    (found,) = weighed(frame, asks(threshold=2, ceiling=4))
    assert found.outcome == wanted and why in found.sentence


@pytest.mark.parametrize(("sign", "why"), [(-1, "within 2 to 4 dB"), (1, "is above 4 dB")])
def test_beyond_a_ceiling_counts_only_what_sign_flips_confirm(sign, why):
    outcome, told = outcome_of(asks(threshold=2, ceiling=4), 4 + sign * LOPSIDED, p=2 / 2**6)
    assert outcome == "partly" and why in told and "which sign flips do not confirm" in told


def test_a_band_in_per_cent():
    frame = made_up({"relu": BASE, "mine": BASE * (1.2 + 0.01 * WOBBLE)}, seeds=1)
    asked = [asks(threshold=10, ceiling=c, unit="%", relative=True) for c in (30, 15)]
    assert [e.outcome for e in weighed(frame, *asked)] == ["shown", "partly"]


# ---- How often a claim that does not hold is shown all the same.

SYMMETRIC = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, size=shape),
    "Laplace": lambda rng, shape: rng.laplace(size=shape),
    "two-point": lambda rng, shape: rng.choice((-1.0, 1.0), size=shape),
}
#: By images: 2¹⁵ sign flips take longer than 2⁷.
DRAWS = {8: 5000, 16: 1000}
NULLS = {
    "gain of nothing": (asks(threshold=0), 0.0, 1.0),
    # Far from zero, so that the threshold alone holds it back.
    "gain at its threshold": (asks(threshold=1), 1.0, 0.2),
    "equivalence at its margin": (asks(kind="equivalence", threshold=1), 1.0, 0.2),
}


def shown(asked: Hypothesis, d: np.ndarray) -> bool:
    """As `weigh` has it of a family of one."""
    p = max_t(d[:, None])[0] if asked.tested else np.nan
    return outcome_of(asked, d, p)[0] == SHOWN


def beyond(asked: Hypothesis, draws: np.ndarray) -> np.ndarray:
    """Where the t interval lies on the side of the threshold where a test may be shown."""
    n = draws.shape[1]
    half = stats.t.ppf(0.975, n - 1) * draws.std(axis=1, ddof=1) / np.sqrt(n)
    past = draws.mean(axis=1) - asked.threshold
    return (past - half if asked.tested else -past - half) >= -1e-9


@pytest.mark.parametrize("n", DRAWS)
@pytest.mark.parametrize("distribution", SYMMETRIC)
@pytest.mark.parametrize("null", NULLS)
def test_a_claim_at_its_threshold_is_seldom_shown(null, distribution, n):
    asked, mean, spread = NULLS[null]
    draws = mean + spread * SYMMETRIC[distribution](np.random.default_rng(0), (DRAWS[n], n))
    # Sign flips are slow, and only what the interval admits can be shown.
    open_ = beyond(asked, draws)
    assert not any(shown(asked, d) for d in draws[~open_][:20])
    false = sum(shown(asked, d) for d in draws[open_]) / len(draws)
    assert false <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / len(draws))
    assert false >= 0.002, "a test that shows nothing would pass as well"


def test_of_a_family_of_nothing_something_is_seldom_shown():
    rng, draws, asked, false = np.random.default_rng(0), 2000, asks(threshold=0), 0
    for _ in range(draws):
        d = rng.normal(size=(8, 4))
        p = max_t(d)
        false += any(outcome_of(asked, d[:, j], p[j])[0] == SHOWN for j in np.flatnonzero(
            np.array(p) <= 0.05
        ))  # fmt: skip
    assert 0.01 < false / draws <= 0.05


def test_outcomes_are_told_apart():
    assert len(set(OUTCOMES)) == 7 and smallest_p(6) <= 0.05 < smallest_p(5)
