"""The quantity per unit that a hypothesis is about, taken from a frame."""

import shlex
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from ..checks import InputError
from ..runs.frame import Frame, word
from ..statistics import spearman
from .hypothesis import Hypothesis

#: Variants without which a rank correlation says nothing.
VARIANTS = 4


class MissingError(Exception):
    """A frame that lacks what a test asks for."""


@dataclass(frozen=True)
class Sample:
    """One value a unit, in the unit of the test or, where it is relative, as a log ratio.

    Attributes:
        values: by item or seed.
        noun: what an item is called.
        items, seeds: what they were averaged over or taken of.
        scale: of the runs.
    """

    values: pd.Series
    noun: str
    items: int
    seeds: int
    scale: str


def sample_of(frame: Frame, hypothesis: Hypothesis) -> Sample:
    """A paired difference or a correlation per unit.

    Raises:
        MissingError: if the frame lacks a run or a metric of it.
    """
    try:
        if hypothesis.task is not None:
            frame = frame.where(task=hypothesis.task)
        if hypothesis.kind == "correlation":
            return _correlations(frame, hypothesis)
        return _differences(frame, hypothesis)
    except InputError as error:
        raise MissingError(str(error)) from error


def _differences(frame: Frame, asked: Hypothesis) -> Sample:
    of = _cells(frame, asked.of, asked.metric, asked)
    over = _cells(frame, asked.over or "", asked.over_metric or asked.metric, asked)
    if lacking := set(of.index) ^ set(over.index):
        raise MissingError(f"{len(lacking)} runs of one side have no counterpart")
    a, b = (cells.groupby(asked.per).mean() for cells in (of, over))
    items, seeds = (of.index.get_level_values(name).nunique() for name in ("item", "seed"))
    return Sample(a - b, _told(frame, "noun"), items, seeds, _told(frame, "scale"))


def _cells(frame: Frame, of: str, metric: str, asked: Hypothesis) -> pd.Series:
    """A metric of the runs that `of` names, by item and seed."""
    own = runs_of(frame, of)
    values = _values(own, metric, asked.at)
    cells = values.set_axis(pd.MultiIndex.from_frame(own.runs[["item", "seed"]]))
    if cells.index.has_duplicates:
        raise MissingError(f"{of} has several runs of one item and seed; name what was swept")
    if asked.relative and not (cells > 0).all():
        raise MissingError(f"{metric} of {of} is not above 0, so that it has no ratio")
    return np.log(cells) if asked.relative else cells * asked.factor


def _values(own: Frame, metric: str, at: str) -> pd.Series:
    """A metric of all runs of a frame, none of them without a number."""
    values = own.value(metric, at).reindex(own.runs.index)
    if lacking := int((~np.isfinite(values)).sum()):
        raise MissingError(
            f"{metric} at the {at} step is no number of {lacking} of {len(values)} runs"
        )
    return values


def runs_of(frame: Frame, of: str) -> Frame:
    """The runs that `of` names: a pattern of models, then columns with their values, or `*`."""
    model, *pairs = shlex.split(of)
    kept = frame.runs["model"].map(lambda name: fnmatchcase(name, model))
    for column, _, pattern in (pair.partition("=") for pair in pairs):
        values = frame.column(column)
        kept &= values.notna() & ((values.map(word) == pattern) | (pattern == "*"))
    return frame.only(kept, of)


def _correlations(frame: Frame, asked: Hypothesis) -> Sample:
    """Spearman's ρ over the variants, seeds averaged within each, item by item."""
    own = runs_of(frame, asked.of)
    x, y = _values(own, asked.x or "", "first"), _values(own, asked.metric, asked.at)
    table = own.runs[["item", "key"]].assign(x=x, y=y)
    both = table.groupby(["item", "key"])[["x", "y"]].mean()
    if both.groupby("item").size().min() < VARIANTS:
        raise MissingError(f"frame {frame.name} has fewer than {VARIANTS} variants of {asked.of}")
    rho = both.groupby("item")[["x", "y"]].apply(lambda cells: spearman(cells["x"], cells["y"]))
    if rho.isna().any():
        raise MissingError(f"{asked.x} or {asked.metric} is the same for all variants")
    seeds = own.runs["seed"].nunique()
    return Sample(rho, _told(own, "noun"), len(rho), seeds, _told(own, "scale"))


def _told(frame: Frame, column: str) -> str:
    """All values of a column, in words."""
    return ", ".join(sorted(frame.column(column).unique()))
