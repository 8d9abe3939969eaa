"""Which part of several experiments fits into some hours, by one rule.

A run that several experiments share is fitted in the first that keeps it and only measured in the
others. What is done costs nothing, so that the next sitting does some of what this one leaves out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

#: An experiment of no more pictures or shapes than this is there for its seeds.
FEW = 2
#: With fewer pictures the smallest p of a claim's six tests exceeds 0.05 (6 · 2 / 2⁷).
DECIDING = 8
RULE = (
    "seeds but the first",
    f"pictures or shapes beyond {DECIDING}, but not of the first experiment",
    f"those beyond {FEW} where no claim reads the experiment",
    "models that no claim compares, but not of the first experiment",
    "experiments that no claim reads",
    f"pictures beyond {DECIDING} of the first experiment",
)


@dataclass(frozen=True)
class Fit:
    """A run to be: seconds of its fit (0 where it is done) and of its diagnostics."""

    run: str
    item: str
    seed: int
    fitting: float
    measuring: float = 0.0
    wanted: frozenset[str] = frozenset()
    stored: frozenset[str] | None = None  # of those on disk; None where it is not fitted yet
    key: str = "task.image"  # what names the item
    model: str = "relu"


@dataclass(frozen=True)
class Share:
    """The part of an experiment that is kept; None is all of it."""

    seeds: int | None = None
    items: int | None = None
    models: tuple[str, ...] | None = None
    whole: bool = True  # False: left out


class Experiment:
    """The fits of an experiment and the share of them that is kept.

    `compared` are patterns of the models that a claim compares; None where none reads the
    experiment. `first` is table 1's.
    """

    def __init__(
        self,
        name: str,
        fits: list[Fit],
        compared: frozenset[str] | None = None,
        *,
        first: bool = False,
    ) -> None:
        self.name, self.fits, self.compared, self.first = name, fits, compared, first
        self.share = Share()
        self.items = list(dict.fromkeys(fit.item for fit in fits))
        self.seeds = list(dict.fromkeys(fit.seed for fit in fits))
        self.models = list(dict.fromkeys(fit.model for fit in fits))

    def kept(self, share: Share | None = None) -> list[Fit]:
        """The fits of a share; of its own where none is given."""
        share = share or self.share
        return [
            fit
            for fit in self.fits
            if share.whole
            and fit.seed in self.seeds[: share.seeds]
            and fit.item in self.items[: share.items]
            and fit.model in (share.models or self.models)
        ]

    def saved(self, share: Share) -> float:
        """Seconds by which a share is cheaper than its own, whatever others fit of it."""
        before, after = (
            sum(fit.fitting + fit.measuring for fit in self.kept(s)) for s in (self.share, share)
        )
        return before - after

    def cuts(self) -> Iterator[Share | None]:
        """The share after each cut of RULE; None where it is not for this experiment."""
        old, claimed = self.share, self.compared is not None
        models = [m for m in self.models if any(fnmatchcase(m, c) for c in self.compared or ())]
        yield replace(old, seeds=1) if len(self.items) > FEW else None
        yield replace(old, items=DECIDING) if not self.first else None
        yield replace(old, items=FEW) if not claimed else None
        yield replace(old, models=tuple(models)) if models and not self.first else None
        yield replace(old, whole=False) if not claimed else None
        yield replace(old, items=DECIDING) if self.first else None

    @property
    def overrides(self) -> str:
        """What makes `inr -m` keep to the share."""
        words = [f"seed={self.seeds[0]}"] if self.share.seeds else []
        if self.share.items:
            words.append(f"{self.fits[0].key}={','.join(self.items[: self.share.items])}")
        if self.share.models:
            words.append(f"model={','.join(self.share.models)}")
        return " ".join(words)


def hours(experiments: Sequence[Experiment], side_by_side: int = 1) -> list[float]:
    """Of the shares, in their order: what none before has fitted or measured."""
    taken: dict[str, frozenset[str]] = {}
    found = []
    for experiment in experiments:
        costs = [0.0]
        for fit in experiment.kept():
            had = taken.get(fit.run, fit.stored)
            measuring = fit.measuring if had is None or fit.wanted - had else 0.0
            costs.append((fit.fitting if had is None else 0.0) + measuring)
            taken[fit.run] = (had or frozenset()) | fit.wanted
        found.append(max(sum(costs) / side_by_side, *costs) / 3600)
    return found


def shrink(experiments: Sequence[Experiment], allowed: float, side_by_side: int = 1) -> None:
    """Cut shares, by RULE, until the hours are kept; undo what there was no need of, last first."""

    def fits() -> bool:
        return sum(hours(experiments, side_by_side)) <= allowed

    done: list[tuple[Experiment, Share]] = []
    for stage in range(len(RULE)):
        for experiment, share in dearest_first(experiments, stage):
            if not fits():
                done.append((experiment, experiment.share))
                experiment.share = share
    for experiment, before in reversed(done):
        cut, experiment.share = experiment.share, before
        if not fits():
            experiment.share = cut


def dearest_first(experiments: Sequence[Experiment], stage: int) -> list[tuple[Experiment, Share]]:
    """What a cut leaves of the experiments that it makes smaller; the largest saving first."""
    cuts = [(e, share) for e in experiments if (share := list(e.cuts())[stage]) is not None]
    able = [(e, share) for e, share in cuts if e.saved(share) > 0]
    return sorted(able, key=lambda cut: -cut[0].saved(cut[1]))
