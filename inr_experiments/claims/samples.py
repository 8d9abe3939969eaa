"""The quantity per unit that a hypothesis is about, taken from a frame."""

import shlex
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

import numpy as np
import pandas as pd

from ..checks import InputError
from ..runs.frame import Frame, word
from ..statistics import spearman
from .hypothesis import Hypothesis, Term

#: Variants without which a rank correlation says nothing, and without which its interval does.
VARIANTS, DRAWN_VARIANTS = 4, 8
#: Whose level and gap tell the regime: the name of a model.
DEFAULT = "relu"
HELD_OUT = "psnr_heldout"


class MissingError(Exception):
    """A frame that lacks what a test asks for."""


class NoRatioError(Exception):
    """A value that is not above zero, as a dead layer's rank, where ratios are asked for."""


@dataclass(frozen=True)
class Sample:
    """One value a unit, in the unit of the test or, where it is relative, as a log ratio.

    Attributes:
        values: by item or seed; by variant where they are what `x` is correlated with.
        noun: what an item is called.
        items, seeds: what they were averaged over or taken of.
        scale: of the runs.
        x: by variant.
        level: the default's held-out PSNR by item, where the test is told with it.
        gaps: by item, fitted less held-out PSNR of `of` and of `over`, where the test asks for it.
    """

    values: pd.Series
    noun: str
    items: int
    seeds: int
    scale: str
    x: pd.Series | None = None
    level: pd.Series | None = None
    gaps: tuple[pd.Series, pd.Series] | None = None


def sample_of(frame: Frame, hypothesis: Hypothesis) -> Sample:
    """A paired difference or a correlation per unit.

    Raises:
        MissingError: if the frame lacks a run or a metric of it.
        NoRatioError: if a value has no logarithm and the test is relative.
    """
    try:
        if hypothesis.items:
            frame = frame.where(item=list(hypothesis.items))
        if hypothesis.kind == "correlation":
            return _correlations(frame, hypothesis)
        return _sums(frame, hypothesis)
    except InputError as error:
        raise MissingError(str(error)) from error


def _sums(frame: Frame, asked: Hypothesis) -> Sample:
    sides = [_metric(frame, term.of, term.metric, asked.at) for term in asked.summands]
    index = sides[0].index
    if lacking := set[object]().union(*(set(index) ^ set(own.index) for own in sides)):
        raise MissingError(f"{len(lacking)} runs of one side have no counterpart")
    cells = [_scaled(own, term, asked) for own, term in zip(sides, asked.summands, strict=True)]
    values = sum(own.groupby(asked.per).mean() for own in cells)
    items, seeds = (index.get_level_values(name).nunique() for name in ("item", "seed"))
    return Sample(
        values, frame.words("noun"), items, seeds, frame.words("scale"), level=_level(frame, asked),
        gaps=None if asked.gap is None else _gaps(frame, asked),
    )  # fmt: skip


def _level(frame: Frame, asked: Hypothesis) -> pd.Series | None:
    """The default's held-out PSNR by item; a gain is told without it where the frame has none."""
    if not asked.level and (asked.published is None or asked.unit != "dB"):
        return None
    try:
        cells = _metric(frame, DEFAULT, HELD_OUT, "last")
    except (InputError, MissingError):
        if asked.level:
            raise
        return None
    return cells.groupby("item").mean()


def _gaps(frame: Frame, asked: Hypothesis) -> tuple[pd.Series, pd.Series]:
    """Fitted less held-out PSNR of both sides at the last step, by item."""
    held_out = HELD_OUT + asked.gap_of.removeprefix("psnr")
    of, over = (
        (_metric(frame, side.of, asked.gap_of, "last") - _metric(frame, side.of, held_out, "last"))
        .groupby("item")
        .mean()
        for side in asked.summands
    )
    return of, over


def _scaled(cells: pd.Series, term: Term, asked: Hypothesis) -> pd.Series:
    """A summand by item and seed, as the test has it."""
    if asked.relative and not (cells > 0).all():
        raise NoRatioError(f"{term.metric} of {term.of} is not above 0, so that it has no ratio")
    return term.times * (np.log(cells) if asked.relative else cells * asked.factor)


def _metric(frame: Frame, of: str, metric: str, at: str) -> pd.Series:
    """A metric of the runs that `of` names, by item and seed."""
    own = runs_of(frame, of)
    cells = _values(own, metric, at).set_axis(pd.MultiIndex.from_frame(own.runs[["item", "seed"]]))
    if cells.index.has_duplicates:
        raise MissingError(f"{of} has several runs of one item and seed; name what was swept")
    return cells


def _values(own: Frame, metric: str, at: str) -> pd.Series:
    """A metric of all runs of a frame, none of them without a number."""
    values = own.value(metric, at).reindex(own.runs.index)
    if lacking := int((~np.isfinite(values)).sum()):
        raise MissingError(
            f"{metric} at the {at} step is no number of {lacking} of {len(values)} runs"
        )
    return values


@lru_cache(maxsize=128)  # the sides of tests are a few, and the tests are many
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
    own = runs_of(frame, asked.of or "")
    x, y = _values(own, asked.x or "", "first"), _values(own, asked.metric, asked.at)
    if asked.per == "variant":
        return _over_variants(own, asked, own.runs[["label"]].assign(x=x, y=y))
    table = own.runs[["item", "key"]].assign(x=x, y=y)
    both = table.groupby(["item", "key"])[["x", "y"]].mean()
    if both.groupby("item").size().min() < VARIANTS:
        raise MissingError(f"frame {frame.name} has fewer than {VARIANTS} variants of {asked.of}")
    rho = both.groupby("item")[["x", "y"]].apply(lambda cells: spearman(cells["x"], cells["y"]))
    if rho.isna().any():
        raise MissingError(f"{asked.x} or {asked.metric} is the same for all variants")
    seeds = own.runs["seed"].nunique()
    return Sample(rho, own.words("noun"), len(rho), seeds, own.words("scale"))


def _over_variants(own: Frame, asked: Hypothesis, runs: pd.DataFrame) -> Sample:
    """Both sides by label, items and seeds averaged within each."""
    means = runs.groupby("label", sort=False)[["x", "y"]].mean()
    if len(means) < DRAWN_VARIANTS:
        raise MissingError(
            f"frame {own.name} has fewer than {DRAWN_VARIANTS} variants of {asked.of}"
        )
    if (means.nunique() < 2).any():
        raise MissingError(f"{asked.x} or {asked.metric} is the same for all variants")
    items, seeds = (own.runs[name].nunique() for name in ("item", "seed"))
    noun, scale = own.words("noun"), own.words("scale")
    return Sample(means["y"], noun, items, seeds, scale, x=means["x"])
