"""Outcomes of a test from its values: interval, p and what they decide.

Every test is of one quantity d per unit (a picture, a solid, a seed) whose mean has Student's t
interval, or of one ρ over variants. Where zero and the threshold T lie in the interval decides:

    gain, correlation   low ≥ T, low > 0   shown     equivalence   −T ≤ low, high ≤ T   shown
                        0 < low < T        partly                  zero outside, else   partly
                        low ≤ 0, high ≥ T  undecided               low ≤ 0 ≤ high       undecided
                        high < T, low ≤ 0  refuted                 wholly beyond ±T     refuted

A gain with a ceiling C is shown only with high ≤ C as well, else partly: larger than C, or not
known to be smaller. Of a gain or correlation, zero counts as outside only where the family's
p ≤ 0.05 as well; beyond a threshold or ceiling counts only what the sign flips of d − T confirm
(`statistics.exceeds`). So a claim whose mean lies at its threshold is shown in at most 2.5 % of
symmetric samples. A ρ over variants has no signs to flip: its interval alone tells.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from ..statistics import Estimate, exceeds, rank_correlation, smallest_p, summarise
from .hypothesis import Hypothesis

#: Of a family of tests.
ALPHA = 0.05
#: Of what the interval shows and `statistics.exceeds` does not.
UNCONFIRMED = "which sign flips do not confirm"
SHOWN, PARTLY, REFUTED, REGIME, UNDECIDED, NOT_RUN, REPORTED = OUTCOMES = (
    "shown", "partly", "refuted", "regime not comparable", "undecided", "not run", "reported",
)  # fmt: skip


def outcome_of(
    hypothesis: Hypothesis,
    values: pd.Series | Sequence[float],
    p: float,
    x: pd.Series | Sequence[float] | None = None,
) -> tuple[str, str]:
    """The outcome of a test and why, from its value per unit, not too few, and its family's p.

    Args:
        x: what the values are correlated with, where they are of variants.
    """
    d = np.asarray(values, dtype=np.float64)
    if x is not None:
        rho = rank_correlation(x, d)
        return _by_threshold(hypothesis, rho, p, partial(_interval_is_beyond, rho))
    if hypothesis.kind == "equivalence":
        return _by_margin(hypothesis, d)
    outcome = _by_threshold(hypothesis, summarise(d), p, partial(_values_are_beyond, d))
    if outcome[0] == SHOWN and hypothesis.ceiling is not None:
        return _by_ceiling(hypothesis, hypothesis.ceiling, d)
    return outcome


def _values_are_beyond(d: np.ndarray, limit: float, side: int) -> bool:
    return exceeds(side * d, side * limit)


def _interval_is_beyond(rho: Estimate, limit: float, side: int) -> bool:
    return rho.low >= limit if side > 0 else rho.high <= limit


def _by_threshold(
    hypothesis: Hypothesis, mean: Estimate, p: float, beyond: Callable[[float, int], bool]
) -> tuple[str, str]:
    threshold = hypothesis.bound(hypothesis.threshold)
    limit = f"{hypothesis.threshold:g} {hypothesis.unit}"
    significant = p <= ALPHA
    # Of zero the family's p is asked, not the flips of this test alone.
    if mean.low > 0 and significant:
        if threshold <= 0 or beyond(threshold, 1):
            return SHOWN, f"the whole interval is above {limit}"
        if mean.low >= threshold:
            return PARTLY, f"above zero, and the interval above {limit}, {UNCONFIRMED}"
        lies = "below" if mean.high < threshold else "on both sides of"
        return PARTLY, f"above zero, but the interval lies {lies} {limit}"
    if mean.high < threshold and (significant if threshold <= 0 else beyond(threshold, -1)):
        least = limit if mean.high >= 0 or threshold < 0 else "zero"
        return REFUTED, f"the whole interval is below {least}"
    if mean.high < threshold and threshold > 0:
        return UNDECIDED, f"the interval is below {limit}, {UNCONFIRMED}"
    if mean.high < 0 and significant:
        lies = "above" if mean.low >= threshold else "on both sides of"
        return UNDECIDED, f"below zero, and the interval lies {lies} {limit}"
    if mean.low > 0 or mean.high < 0:
        return UNDECIDED, f"the interval excludes zero but p = {p:.2g} exceeds {ALPHA}"
    both = threshold != 0 and mean.low <= threshold <= mean.high
    return UNDECIDED, f"the interval holds {f'both zero and {limit}' if both else 'zero'}"


def _by_ceiling(hypothesis: Hypothesis, most: float, d: np.ndarray) -> tuple[str, str]:
    """The outcome of a gain that is confirmed to be above its threshold."""
    ceiling, limit = hypothesis.bound(most), f"{most:g} {hypothesis.unit}"
    if exceeds(-d, -ceiling):
        return SHOWN, f"the whole interval lies within {hypothesis.limits}"
    if exceeds(d, ceiling):
        return PARTLY, f"larger than {limit}: the whole interval is above it"
    mean = summarise(d)
    if mean.high <= ceiling:
        return PARTLY, f"the interval lies within {hypothesis.limits}, {UNCONFIRMED}"
    if mean.low >= ceiling:
        return PARTLY, f"the interval is above {limit}, {UNCONFIRMED}"
    return PARTLY, f"above {hypothesis.threshold:g}, but the interval lies on both sides of {limit}"


def _by_margin(hypothesis: Hypothesis, d: np.ndarray) -> tuple[str, str]:
    # Of a relative margin the two differ: ten per cent less is further by logarithms than ten more.
    least, most = (hypothesis.bound(sign * hypothesis.threshold) for sign in (-1, 1))
    limit = hypothesis.limits
    mean = summarise(d)
    differ = mean.low > 0 or mean.high < 0
    if exceeds(d, least) and exceeds(-d, -most):
        return SHOWN, f"the whole interval is within {limit}"
    if exceeds(d, most) or exceeds(-d, -least):
        return REFUTED, f"the whole interval is beyond {limit}"
    inside = least <= mean.low and mean.high <= most
    if inside or mean.low > most or mean.high < least:
        lies = "within" if inside else "beyond"
        return PARTLY if differ else UNDECIDED, f"the interval is {lies} {limit}, {UNCONFIRMED}"
    if differ:
        return PARTLY, f"they differ, but the interval does not lie beyond {limit}"
    return UNDECIDED, f"the interval holds zero and reaches beyond {limit}"


def too_few(units: int, scale: str) -> str | None:
    """The reason why runs of so many units can decide nothing; None where they can."""
    if scale == "smoke":
        return "the smoke scale decides nothing"
    if (least := smallest_p(units)) > ALPHA:
        return f"the smallest p that so few can give, {least:.2g}, exceeds {ALPHA}"
    return None
