"""One test of a claim on a frame: effect, interval, p and what they decide.

Every test is of one quantity d per unit (a picture, a solid, a seed) whose mean has Student's t
interval. Where zero and the threshold T lie in it decides:

    gain, correlation   low ≥ T, low > 0   shown     equivalence   −T ≤ low, high ≤ T   shown
                        0 < low < T        partly                  zero outside, else   partly
                        low ≤ 0, high ≥ T  undecided               low ≤ 0 ≤ high       undecided
                        high < T, low ≤ 0  refuted                 wholly beyond ±T     refuted

Of a gain or correlation, zero counts as outside only where the family's p ≤ 0.05 as well; beyond a
threshold counts only what the sign flips of d − T confirm (`statistics.exceeds`). So a claim whose
mean lies at its threshold is shown in at most 2.5 % of symmetric samples.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..runs.frame import Frame
from ..statistics import Estimate, exceeds, max_t, smallest_p, summarise
from .hypothesis import Hypothesis
from .samples import MissingError, Sample, sample_of

#: Of a family of tests.
ALPHA = 0.05
#: Of what the interval shows and `statistics.exceeds` does not.
UNCONFIRMED = "which sign flips do not confirm"
SHOWN, PARTLY, REFUTED, UNDECIDED, NOT_RUN = OUTCOMES = (
    "shown", "partly", "refuted", "undecided", "not run",
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """The outcome of a test. `size` is Cohen's d_z; numbers are in the hypothesis' unit."""

    hypothesis: Hypothesis
    outcome: str
    sentence: str
    estimate: Estimate | None = None
    size: float = math.nan
    p: float = math.nan
    items: int = 0
    seeds: int = 0
    scale: str = ""


def weigh(frames: Mapping[str, Frame], hypotheses: Sequence[Hypothesis]) -> list[Evidence]:
    """Evidence for each hypothesis from the frame of its experiment.

    p-values are adjusted, by step-down max-T, over the gains and correlations that could be taken;
    an equivalence is decided by its interval and has none.
    """
    samples: list[Sample | str] = []
    for hypothesis in hypotheses:
        try:
            samples.append(sample_of(frames[hypothesis.experiment], hypothesis))
        except MissingError as error:
            samples.append(str(error))
    asked = list(zip(hypotheses, samples, strict=True))
    p = _adjusted({h: s for h, s in asked if isinstance(s, Sample) and h.tested})
    return [
        Evidence(hypothesis, NOT_RUN, f"{hypothesis.about}: {sample}.")
        if isinstance(sample, str)
        else _judge(hypothesis, sample, p.get(hypothesis, math.nan))
        for hypothesis, sample in asked
    ]


def _adjusted(family: Mapping[Hypothesis, Sample]) -> dict[Hypothesis, float]:
    """The p-values of a family; a unit flips its sign in all of its tests together."""
    if not family:
        return {}
    # Seeds and items are units apart, whatever they are called.
    columns = [
        sample.values.rename(index=lambda unit, per=h.per: f"{per} {unit}")
        for h, sample in family.items()
    ]
    return dict(zip(family, max_t(pd.concat(columns, axis=1).to_numpy()), strict=True))


def _judge(hypothesis: Hypothesis, sample: Sample, p: float) -> Evidence:
    outcome, why = outcome_of(hypothesis, sample.values, p, sample.scale)
    d = summarise(sample.values)
    size = d.mean / d.std if d.std else math.nan
    if hypothesis.relative:
        mean, std, low, high = map(_per_cent, (d.mean, d.std, d.low, d.high))
        d = Estimate(mean, std, low, high, d.n)
    noun = "initialisation" if hypothesis.per == "seed" else sample.noun
    facts = [f"scale {sample.scale}"]
    facts += [] if math.isnan(p) else [f"p = {p:.2g}"]
    facts += [] if hypothesis.published is None else [f"published {hypothesis.published:+g}"]
    interval = "" if math.isnan(d.low) else f" [{number(d.low)}, {number(d.high)}]"
    sentence = (
        f"{hypothesis.about}: {number(d.mean)} {hypothesis.unit}{interval} over {d.n} {noun}"
        f"{'s' if d.n != 1 else ''} ({', '.join(facts)}); {why}."
    )
    return Evidence(
        hypothesis, outcome, sentence, d, size, p, sample.items, sample.seeds, sample.scale
    )


def number(value: float) -> str:
    """A signed number of three digits at the least, never with an exponent for a large one."""
    return f"{value:+.0f}" if abs(value) >= 1000 else f"{value:+.3g}"


def outcome_of(
    hypothesis: Hypothesis, values: pd.Series | Sequence[float], p: float, scale: str = ""
) -> tuple[str, str]:
    """The outcome of a test and why, from its value per unit and its family's p."""
    d = np.asarray(values, dtype=np.float64)
    least = smallest_p(len(d))
    if scale == "smoke":
        return UNDECIDED, "the smoke scale decides nothing"
    if least > ALPHA:
        return UNDECIDED, f"the smallest p that so few can give, {least:.2g}, exceeds {ALPHA}"
    if hypothesis.kind == "equivalence":
        return _by_margin(hypothesis, d)
    return _by_threshold(hypothesis, d, p)


def _by_threshold(hypothesis: Hypothesis, d: np.ndarray, p: float) -> tuple[str, str]:
    threshold, limit = hypothesis.bound, f"{hypothesis.threshold:g} {hypothesis.unit}"
    mean, significant = summarise(d), p <= ALPHA
    # Of zero the family's p is asked, not the flips of this test alone.
    if mean.low > 0 and significant:
        if threshold <= 0 or exceeds(d, threshold):
            return SHOWN, f"the whole interval is above {limit}"
        if mean.low >= threshold:
            return PARTLY, f"above zero, and the interval above {limit}, {UNCONFIRMED}"
        lies = "below" if mean.high < threshold else "on both sides of"
        return PARTLY, f"above zero, but the interval lies {lies} {limit}"
    if mean.high < threshold and (significant if threshold <= 0 else exceeds(-d, -threshold)):
        return REFUTED, f"the whole interval is below {limit if mean.high >= 0 else 'zero'}"
    if mean.high < threshold and threshold > 0:
        return UNDECIDED, f"the interval is below {limit}, {UNCONFIRMED}"
    if mean.low > 0 or mean.high < 0:
        return UNDECIDED, f"the interval excludes zero but p = {p:.2g} exceeds {ALPHA}"
    both = "zero" if threshold == 0 else f"both zero and {limit}"
    return UNDECIDED, f"the interval holds {both}"


def _by_margin(hypothesis: Hypothesis, d: np.ndarray) -> tuple[str, str]:
    margin, limit = hypothesis.bound, f"±{hypothesis.threshold:g} {hypothesis.unit}"
    mean = summarise(d)
    differ = mean.low > 0 or mean.high < 0
    if exceeds(d, -margin) and exceeds(-d, -margin):
        return SHOWN, f"the whole interval is within {limit}"
    if exceeds(d, margin) or exceeds(-d, margin):
        return REFUTED, f"the whole interval is beyond {limit}"
    inside = -margin <= mean.low and mean.high <= margin
    if inside or mean.low > margin or mean.high < -margin:
        lies = "within" if inside else "beyond"
        return PARTLY if differ else UNDECIDED, f"the interval is {lies} {limit}, {UNCONFIRMED}"
    if differ:
        return PARTLY, f"they differ, but the interval does not lie beyond {limit}"
    return UNDECIDED, f"the interval holds zero and reaches beyond {limit}"


def _per_cent(log_ratio: float) -> float:
    return 100.0 * math.expm1(log_ratio)
