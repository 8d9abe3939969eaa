"""The quantity per unit that a question asks for, taken from a frame."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from ..statistics import Mean, Paired, paired, spearman
from .question import Question

#: Variants without which a rank correlation says nothing.
VARIANTS = 4


class MissingError(Exception):
    """A frame that lacks what a test asks for."""


@dataclass(frozen=True)
class Sample:
    """A quantity per unit, and what it was taken from."""

    result: Paired
    images: int
    seeds: int
    scale: str


def sample_of(frame: pd.DataFrame, question: Question) -> Sample:
    """A value per unit, or a paired difference, with its interval.

    Raises:
        MissingError: if the frame lacks a run or a metric of it.
    """
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
    return Sample(_exact(paired(a, b)), images, seeds, _scale(frame))


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


def _correlations(frame: pd.DataFrame, question: Question) -> Sample:
    """Spearman's ρ over the variants, seeds averaged within each, picture by picture."""
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
    rho = [spearman(group["x"], group["y"]) for _, group in both.groupby("item")]
    if np.isnan(rho).any():
        raise MissingError(f"{question.x} or {question.metric} is the same for all variants")
    result = _exact(paired(rho, np.zeros(len(rho))))
    return Sample(result, len(rho), chosen["seed"].nunique(), _scale(chosen))


def _scale(frame: pd.DataFrame) -> str:
    return ", ".join(sorted(frame["scale"].unique()))
