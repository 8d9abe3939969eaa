"""One test of a claim on a frame: effect, interval, p and what they decide.

Every test is of one quantity per unit (a picture, a shape, a seed) whose mean has an interval.
Where zero and the threshold T lie in it decides:

    gain, correlation   low ≥ T, low > 0   shown     equivalence   −T ≤ low, high ≤ T   shown
                        0 < low < T        partly                  zero outside, else   partly
                        low ≤ 0, high ≥ T  undecided               low ≤ 0 ≤ high       undecided
                        high < T, low ≤ 0  refuted                 wholly beyond ±T     refuted
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from ..checks import InputError, choice
from ..statistics import Mean, Paired, holm, paired
from .labels import method
from .tables import smallest_p

SHOWN, PARTLY, REFUTED, UNDECIDED, NOT_RUN = OUTCOMES = (
    "shown", "partly", "refuted", "undecided", "not run",
)  # fmt: skip
KINDS = ("gain", "equivalence", "correlation")
STEPS = ("first", "early", "last")
#: Variants without which a rank correlation says nothing.
VARIANTS = 4


class MissingError(Exception):
    """A frame that lacks what a test asks for."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is tested, as a line of conf/claims.yaml has it.

    Attributes:
        of, over: a model, and after blanks the values of what its sweep varied:
            `bn model.batch_norm.layers=[0]`.
        kind: `gain` and `equivalence` compare `of` with `over`; `correlation` is Spearman's ρ of
            `x` at initialisation and `metric` over the variants, models that match `of`.
        metric, at: of `of`, and of `over` unless `over_metric` is given.
        threshold: in `unit`, fixed beforehand.
        published: what the paper reports, in `unit`.
        relative: differences of logarithms, told in per cent.
        factor: from the frame's numbers to `unit`.
        per: what is counted: image | shape | seed.
        task: the frame's task; None where it has one only.
    """

    kind: str
    metric: str
    of: str
    threshold: float
    unit: str
    over: str | None = None
    over_metric: str | None = None
    x: str | None = None
    at: str = "last"
    published: float | None = None
    relative: bool = False
    factor: float = 1.0
    per: str = "image"
    task: str | None = None

    def __post_init__(self) -> None:
        choice("kind", self.kind, KINDS)
        choice("at", self.at, STEPS)
        choice("per", self.per, ("image", "shape", "seed"))
        needed = "x" if self.kind == "correlation" else "over"
        if getattr(self, needed) is None:
            raise InputError(f"{needed}: missing; a {self.kind} needs it")

    @property
    def tested(self) -> bool:
        """Whether a p-value has a say in it."""
        return self.kind != "equivalence"

    @property
    def about(self) -> str:
        """What is compared, in words."""
        metric = f"{self.metric} at the {self.at} step".replace("early step", "first milestone")
        where = f", {self.task}" if self.task else ""
        if self.kind == "correlation":
            return f"Spearman's ρ of {metric} with {self.x} over {self.of}{where}"
        of, over = _label(self.of), _label(self.over or "")
        if self.over_metric:
            return f"{of}: {self.metric} against {self.over_metric} at the {self.at} step{where}"
        return f"{of} against {over}: {metric}{where}"


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


@dataclass(frozen=True)
class _Sample:
    """A quantity per unit, and what it was taken from."""

    result: Paired
    images: int
    seeds: int
    scale: str


def weigh(frame: pd.DataFrame, questions: Sequence[Question]) -> list[Evidence]:
    """Evidence for each question.

    p-values are Holm-adjusted over the gains and correlations that could be taken; an equivalence
    is decided by its interval and has none.
    """
    samples: list[_Sample | str] = []
    for question in questions:
        try:
            samples.append(_sample(frame, question))
        except MissingError as error:
            samples.append(str(error))
    asked = list(zip(questions, samples, strict=True))
    tested = {q: s.result.p_flip for q, s in asked if isinstance(s, _Sample) and q.tested}
    adjusted = dict(zip(tested, holm(list(tested.values())), strict=True))
    return [
        Evidence(question, NOT_RUN, f"{question.about}: {sample}.")
        if isinstance(sample, str)
        else _judge(question, sample, adjusted.get(question, math.nan), len(tested))
        for question, sample in asked
    ]


def _judge(question: Question, sample: _Sample, p: float, tests: int) -> Evidence:
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
    by = _by_margin if question.kind == "equivalence" else _by_threshold
    outcome, why = by(mean.low, mean.high, question.threshold, question.unit)
    if question.tested and outcome in (SHOWN, PARTLY) and p > 0.05:
        return UNDECIDED, f"the interval excludes zero but p = {p:.2g} exceeds 0.05"
    return outcome, why


def _by_threshold(low: float, high: float, threshold: float, unit: str) -> tuple[str, str]:
    limit = f"{threshold:g} {unit}"
    if low > 0 and low >= threshold:
        return SHOWN, f"the whole interval is above {limit}"
    if low > 0:
        lies = "below" if high < threshold else "on both sides of"
        return PARTLY, f"above zero, but the interval lies {lies} {limit}"
    if high >= threshold and high >= 0:
        both = "zero" if threshold == 0 else f"both zero and {limit}"
        return UNDECIDED, f"the interval holds {both}"
    return REFUTED, f"the whole interval is below {limit if high >= 0 else 'zero'}"


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


def _sample(frame: pd.DataFrame, question: Question) -> _Sample:
    if question.task is not None:
        frame = frame[frame["task"] == question.task]
    if question.kind == "correlation":
        return _correlations(frame, question)
    of = _cells(frame, question.of, question.metric, question.at)
    over = _cells(frame, question.over or "", question.over_metric or question.metric, question.at)
    if set(of.index) != set(over.index):
        lacking = set(of.index) ^ set(over.index)
        raise MissingError(f"{len(lacking)} runs of one side have no counterpart")
    unit = "seed" if question.per == "seed" else "item"
    a, b = (_scaled(cells, question).groupby(unit).mean() for cells in (of, over))
    images, seeds = (of.index.get_level_values(name).nunique() for name in ("item", "seed"))
    return _Sample(_exact(paired(a, b)), images, seeds, _scale(frame))


def _label(of: str) -> str:
    """How readers call the runs that `of` names."""
    name, *swept = of.split(" ")
    values = (value.rpartition("=")[2].removeprefix("torch.nn.") for value in swept)
    return " ".join([method(name).label, *(f"({value})" for value in values)])


def _runs(frame: pd.DataFrame, of: str) -> pd.DataFrame:
    """The rows of the runs that `of` names."""
    pattern, *swept = of.split(" ")
    chosen = frame[[fnmatchcase(name, pattern) for name in frame["model"]]]
    for key, _, value in (pair.partition("=") for pair in swept):
        if key not in chosen:
            raise MissingError(f"the frame has no {key}")
        chosen = chosen[chosen[key].astype(str) == value]
    return chosen


def _cells(frame: pd.DataFrame, model: str, metric: str, at: str) -> pd.Series:
    """A metric of a model at a step, by item and seed."""
    rows = _runs(frame, model)
    chosen = _at(rows[rows["metric"] == metric], at)
    if chosen.empty:
        raise MissingError(f"the frame has no {metric} of {model}")
    cells = chosen.set_index(["item", "seed"])["value"]
    if cells.index.has_duplicates:
        raise MissingError(f"{model} has several runs of one item and seed; name its task")
    return cells


def _at(rows: pd.DataFrame, at: str) -> pd.DataFrame:
    """The rows at the first step, at the first milestone after it, or at the last step."""
    if at == "last":
        return rows[rows["last"]]
    if at == "first":
        return rows[rows["step"] == 0]
    later = rows[rows["step"] > 0]
    return later[later["step"] == later.groupby(["key", "seed"])["step"].transform("min")]


def _scaled(cells: pd.Series, question: Question) -> pd.Series:
    return np.log(cells) if question.relative else cells * question.factor


def _exact(result: Paired) -> Paired:
    """Where all units agree to the last bit, the interval is that one number."""
    d = result.difference
    if d.n >= 3 and d.std == 0:
        d = Mean(d.mean, d.std, d.mean, d.mean, d.n)
    return Paired(d, result.p_flip, result.p_t)


def _correlations(frame: pd.DataFrame, question: Question) -> _Sample:
    """Spearman's ρ over the variants, seeds averaged within each, picture by picture."""
    from scipy.stats import spearmanr

    chosen = _runs(frame, question.of)
    sides = [
        _at(chosen[chosen["metric"] == metric], at)
        for metric, at in ((question.x, "first"), (question.metric, question.at))
    ]
    x, y = (side.groupby(["item", "key"])["value"].mean() for side in sides)
    both = pd.DataFrame({"x": x, "y": y}).dropna()
    counts = both.groupby("item").size()
    if both.empty or counts.min() < VARIANTS:
        raise MissingError(f"the frame has fewer than {VARIANTS} variants {question.of} a picture")
    rho = [float(spearmanr(group["x"], group["y"]).statistic) for _, group in both.groupby("item")]
    if np.isnan(rho).any():
        raise MissingError(f"{question.x} or {question.metric} is the same for all variants")
    result = _exact(paired(rho, np.zeros(len(rho))))
    return _Sample(result, len(rho), chosen["seed"].nunique(), _scale(chosen))


def _scale(frame: pd.DataFrame) -> str:
    return ", ".join(sorted(frame["scale"].unique()))
