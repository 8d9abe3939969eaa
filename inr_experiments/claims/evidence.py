"""Evidence of one test of a claim on a frame: effect, interval, p, outcome and a sentence.

A reported test decides nothing, has no p and is in no family. A test of levels is `regime not
comparable` where the default's held-out PSNR is far from the published one, a test of overfitting
undecided where the default cannot overfit (regime.py). All else is decided as outcome.py says.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from ..checks import counted
from ..runs.frame import Frame
from ..statistics import (
    Estimate,
    holm,
    max_t,
    of_rho,
    permutation_p,
    rank_correlation,
    summarise,
)
from .hypothesis import Hypothesis
from .outcome import (
    NOT_RUN,
    PARTLY,
    REGIME,
    REPORTED,
    SHOWN,
    UNDECIDED,
    outcome_of,
    too_few,
)
from .regime import distance, foreign, gaps_in_words, without_gap
from .samples import MissingError, NoRatioError, Sample, sample_of


@dataclass(frozen=True)
class Evidence:
    """The outcome of a test. Numbers are in the hypothesis' unit.

    Attributes:
        size: Cohen's d_z; NaN of a ρ over variants.
        room: by how many half widths of its interval the mean lies inside what is asked for;
            negative outside, infinite without an interval.
        p: adjusted over the claim's tests.
    """

    hypothesis: Hypothesis
    outcome: str
    sentence: str
    estimate: Estimate | None = None
    size: float = math.nan
    room: float = math.inf
    p: float = math.nan
    items: int = 0
    seeds: int = 0
    scale: str = ""

    @property
    def effect(self) -> str:
        """The mean with its interval and unit; without one `not run`, or `no ratio`."""
        if self.estimate is None:
            return NOT_RUN if self.outcome == NOT_RUN else "no ratio"
        return _effect(self.estimate, self.hypothesis.unit)


def weigh(
    frames: Mapping[str, Frame | None], hypotheses: Sequence[Hypothesis], *, variables: str = ""
) -> list[Evidence]:
    """Evidence for each hypothesis from the frame of its experiment.

    p-values are adjusted over the gains and correlations that decide and could be taken: by
    step-down max-T, over variants by Holm's steps. An equivalence is decided by its interval and
    has none.

    Args:
        variables: those of make that lead to these frames, with a blank before them.
    """
    samples = [_sample(frames, hypothesis, variables) for hypothesis in hypotheses]
    asked = list(zip(hypotheses, samples, strict=True))
    family = {i: (h, s) for i, (h, s) in enumerate(asked) if isinstance(s, Sample) and h.tested}
    adjusted = dict(zip(family, _p_values(list(family.values())), strict=True))
    found = [
        sample if isinstance(sample, Evidence)
        else _judge(hypothesis, sample, adjusted.get(i, math.nan))
        for i, (hypothesis, sample) in enumerate(asked)
    ]  # fmt: skip
    return [_given(evidence, found[0]) for evidence in found]


def _given(evidence: Evidence, first: Evidence) -> Evidence:
    """The evidence, undecided where it would speak for a claim that the first test does not."""
    for_it = (SHOWN, PARTLY)
    if not evidence.hypothesis.given or evidence.outcome not in for_it or first.outcome in for_it:
        return evidence
    sentence = f"{evidence.sentence[:-1]}, and counts only with the claim's first test."
    return replace(evidence, outcome=UNDECIDED, sentence=sentence)


def _p_values(family: Sequence[tuple[Hypothesis, Sample]]) -> list[float]:
    """p of each test of a family; those over variants stand in one with no others."""
    if permuted := [permutation_p(s.x, s.values) for _, s in family if s.x is not None]:
        return holm(permuted)
    # Seeds and items are units apart, whatever they are called.
    columns = [s.values.rename(index=lambda unit, per=h.per: f"{per} {unit}") for h, s in family]
    return max_t(pd.concat(columns, axis=1).to_numpy()) if columns else []


def _sample(
    frames: Mapping[str, Frame | None], hypothesis: Hypothesis, variables: str
) -> Sample | Evidence:
    """The sample that a hypothesis asks for, or the evidence of there being none."""
    name, outcome = hypothesis.experiment, NOT_RUN
    try:
        if (frame := frames.get(name)) is None:
            raise MissingError(f"{name} was not run: `make {name}{variables}`")
        return sample_of(frame, hypothesis)
    except MissingError as error:
        why = str(error)
    except NoRatioError as error:
        outcome, why = REPORTED if hypothesis.reported else UNDECIDED, str(error)
    return Evidence(hypothesis, outcome, f"{hypothesis.about}: {why}.")


def _judge(hypothesis: Hypothesis, sample: Sample, p: float) -> Evidence:
    outcome, why = _decided(hypothesis, sample, p)
    d = _estimate(hypothesis, sample)
    size, room = d.mean / d.std if d.std else math.nan, _room(hypothesis, d)
    if hypothesis.relative:
        mean, std, low, high = map(_per_cent, (d.mean, d.std, d.low, d.high))
        d = Estimate(mean, std, low, high, d.n)
    noun = {"seed": "initialisation", "variant": "method"}.get(hypothesis.per, sample.noun)
    sentence = (
        f"{hypothesis.about}: {_effect(d, hypothesis.unit)} over {counted(d.n, noun)} "
        f"({', '.join(_facts(hypothesis, sample, p))}); {why}."
    )
    return Evidence(
        hypothesis, outcome, sentence, d, size, room, p, sample.items, sample.seeds, sample.scale
    )


def _room(asked: Hypothesis, d: Estimate) -> float:
    if asked.reported or not d.high > d.low:
        return math.inf
    least, most = asked.threshold, asked.ceiling
    if asked.kind == "equivalence":
        least, most = -asked.threshold, asked.threshold
    above = math.inf if most is None else asked.bound(most) - d.mean
    return 2 * min(d.mean - asked.bound(least), above) / (d.high - d.low)


def _estimate(hypothesis: Hypothesis, sample: Sample) -> Estimate:
    if sample.x is not None:
        return rank_correlation(sample.x, sample.values)
    return (of_rho if hypothesis.kind == "correlation" else summarise)(sample.values)


def _facts(hypothesis: Hypothesis, sample: Sample, p: float) -> list[str]:
    """The scale, and what there is of p, the published value, the default's level and the gaps."""
    facts = [f"scale {sample.scale}"]
    facts += [] if math.isnan(p) else [f"p = {p:.2g}"]
    facts += [] if hypothesis.published is None else [f"published {hypothesis.published:+g}"]
    facts += [] if sample.level is None else [distance(sample.level)]
    facts += [] if sample.gaps is None else [gaps_in_words(hypothesis, sample.gaps)]
    return facts


def _effect(d: Estimate, unit: str) -> str:
    interval = "" if math.isnan(d.low) else f" [{number(d.low)}, {number(d.high)}]"
    return f"{number(d.mean)} {unit}{interval}"


def _decided(hypothesis: Hypothesis, sample: Sample, p: float) -> tuple[str, str]:
    """The outcome of a test in its regime, and why."""
    if hypothesis.reported:
        return REPORTED, "reported, decides nothing"
    if few := too_few(len(sample.values), sample.scale):
        return UNDECIDED, few
    if hypothesis.level and sample.level is not None and (far := foreign(sample.level)):
        return REGIME, far
    if sample.gaps is not None and (none := without_gap(hypothesis, sample.gaps[1])):
        return UNDECIDED, none
    return outcome_of(hypothesis, sample.values, p, sample.x)


def number(value: float) -> str:
    """A signed number of at most three digits, or of all before its point: no exponent there."""
    return f"{value:+.0f}" if abs(value) >= 999.5 else f"{value:+.3g}"


def _per_cent(log_ratio: float) -> float:
    return 100.0 * math.expm1(log_ratio)
