"""One test of a claim on a frame: effect, interval, p and what they decide.

Every test is of one quantity per unit (a picture, a shape, a seed) whose mean has an interval.
Where zero and the threshold T lie in it decides:

    gain, correlation   low ≥ T, low > 0   shown     equivalence   −T ≤ low, high ≤ T   shown
                        0 < low < T        partly                  zero outside, else   partly
                        low ≤ 0, high ≥ T  undecided               low ≤ 0 ≤ high       undecided
                        high < T, low ≤ 0  refuted                 wholly beyond ±T     refuted

Of a gain or correlation, zero counts as outside only where p ≤ 0.05 as well.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ..statistics import Mean, holm
from .question import Question
from .samples import MissingError, Sample, sample_of
from .tables import smallest_p

SHOWN, PARTLY, REFUTED, UNDECIDED, NOT_RUN = OUTCOMES = (
    "shown", "partly", "refuted", "undecided", "not run",
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What came of a question. `size` is Cohen's d_z; numbers are in the question's unit."""

    question: Question
    outcome: str
    sentence: str
    estimate: Mean | None = None
    size: float = math.nan
    p: float = math.nan
    images: int = 0
    seeds: int = 0
    scale: str = ""


def weigh(frame: pd.DataFrame, questions: Sequence[Question]) -> list[Evidence]:
    """Evidence for each question.

    p-values are Holm-adjusted over the gains and correlations that could be taken; an equivalence
    is decided by its interval and has none.
    """
    samples: list[Sample | str] = []
    for question in questions:
        try:
            samples.append(sample_of(frame, question))
        except MissingError as error:
            samples.append(str(error))
    asked = list(zip(questions, samples, strict=True))
    tested = {q: s.result.p_flip for q, s in asked if isinstance(s, Sample) and q.tested}
    adjusted = dict(zip(tested, holm(list(tested.values())), strict=True))
    return [
        Evidence(question, NOT_RUN, f"{question.about}: {sample}.")
        if isinstance(sample, str)
        else _judge(question, sample, adjusted.get(question, math.nan), len(tested))
        for question, sample in asked
    ]


def _judge(question: Question, sample: Sample, p: float, tests: int) -> Evidence:
    d = sample.result.difference
    size = d.mean / d.std if d.std else math.nan
    if question.relative:
        mean, std, low, high = map(_per_cent, (d.mean, d.std, d.low, d.high))
        d = Mean(mean, std, low, high, d.n)
    outcome, why = _outcome(question, d, p, tests, sample.scale)
    noun = {"image": "image", "shape": "shape", "seed": "initialisation"}[question.per]
    facts = [f"scale {sample.scale}"]
    facts += [] if math.isnan(p) else [f"p = {p:.2g}"]
    facts += [] if question.published is None else [f"published {question.published:+g}"]
    sentence = (
        f"{question.about}: {number(d.mean)} {question.unit} [{number(d.low)}, {number(d.high)}] "
        f"over {d.n} {noun}{'s' if d.n != 1 else ''} ({', '.join(facts)}); {why}."
    )
    return Evidence(
        question, outcome, sentence, d, size, p, sample.images, sample.seeds, sample.scale
    )


def number(value: float) -> str:
    """A signed number of three digits at the least, never with an exponent for a large one."""
    return f"{value:+.0f}" if abs(value) >= 1000 else f"{value:+.3g}"


def _outcome(question: Question, mean: Mean, p: float, tests: int, scale: str) -> tuple[str, str]:
    """The outcome and why."""
    least = smallest_p(mean.n, tests if question.tested else 1)
    if scale == "smoke":
        return UNDECIDED, "the smoke scale decides nothing"
    if least > 0.05:
        return UNDECIDED, f"the smallest p that so few can give, {least:.2g}, exceeds 0.05"
    if math.isnan(mean.low):
        return UNDECIDED, "it has no interval"
    if question.kind == "equivalence":
        return _by_margin(mean.low, mean.high, question.threshold, question.unit)
    return _by_threshold(mean, p, question.threshold, question.unit)


def _by_threshold(mean: Mean, p: float, threshold: float, unit: str) -> tuple[str, str]:
    low, high, limit = mean.low, mean.high, f"{threshold:g} {unit}"
    significant = p <= 0.05
    if low > 0 and significant:
        if low >= threshold:
            return SHOWN, f"the whole interval is above {limit}"
        lies = "below" if high < threshold else "on both sides of"
        return PARTLY, f"above zero, but the interval lies {lies} {limit}"
    if high < threshold and (threshold > 0 or significant):
        return REFUTED, f"the whole interval is below {limit if high >= 0 else 'zero'}"
    if low > 0 or high < 0:
        return UNDECIDED, f"the interval excludes zero but p = {p:.2g} exceeds 0.05"
    both = "zero" if threshold == 0 else f"both zero and {limit}"
    return UNDECIDED, f"the interval holds {both}"


def _by_margin(low: float, high: float, margin: float, unit: str) -> tuple[str, str]:
    limit = f"±{margin:g} {unit}"
    if -margin <= low and high <= margin:
        return SHOWN, f"the whole interval is within {limit}"
    if low > margin or high < -margin:
        return REFUTED, f"the whole interval is beyond {limit}"
    if low > 0 or high < 0:
        return PARTLY, f"they differ, but the interval does not lie beyond {limit}"
    return UNDECIDED, f"the interval holds zero and reaches beyond {limit}"


def _per_cent(log_ratio: float) -> float:
    return 100.0 * math.expm1(log_ratio)
