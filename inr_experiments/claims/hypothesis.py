"""A test of a claim: one quantity per unit of a frame, and how much of it would be enough."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from omegaconf import OmegaConf

from ..checks import InputError, choice
from ..paths import conf_dir

KINDS = ("gain", "equivalence", "correlation")
STEPS = ("first", "early", "last")


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """A test as a line of conf/claims.yaml has it.

    Attributes:
        experiment: whose frame is asked.
        of, over: a model, and after blanks values of the frame's columns, `*` for any:
            `bn model.batch_norm.layers=[0]`; quotes around one with blanks.
        kind: `gain` and `equivalence` compare `of` with `over`; `correlation` is Spearman's ρ of
            `x` at initialisation and `metric` over the variants, models that match `of`.
        metric, at: of `of`, and of `over` unless `over_metric` is given.
        threshold: in `unit`, fixed beforehand.
        published: what the paper reports, in `unit`.
        relative: differences of logarithms, told in per cent.
        factor: from the frame's numbers to `unit`.
        per: what is counted: item | seed.
        task: the frame's task; None where it has one only.
    """

    experiment: str
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
    per: str = "item"
    task: str | None = None

    def __post_init__(self) -> None:
        choice("kind", self.kind, KINDS)
        choice("at", self.at, STEPS)
        choice("per", self.per, ("item", "seed"))
        needed = "x" if self.kind == "correlation" else "over"
        if getattr(self, needed) is None:
            raise InputError(f"{needed}: missing; a {self.kind} needs it")

    @property
    def tested(self) -> bool:
        """True where a p-value has a say in it: an equivalence is decided by its interval."""
        return self.kind != "equivalence"

    @property
    def bound(self) -> float:
        """The threshold as the values have it: of a relative one, ln(1 + T/100)."""
        return math.log1p(self.threshold / 100) if self.relative else self.threshold

    @property
    def about(self) -> str:
        """The comparison in words."""
        at = "at the first milestone" if self.at == "early" else f"at the {self.at} step"
        metric, where = f"{self.metric} {at}", f", {self.task}" if self.task else ""
        if self.kind == "correlation":
            return f"Spearman's ρ of {metric} with {self.x} over {_name(self.of)}{where}"
        of, over = self.of, self.over or ""
        if self.over_metric:
            return f"{_name(of)}: {self.metric} against {self.over_metric} {at}{where}"
        shared = [pair for pair in _swept(of) if pair in _swept(over)]
        both = f", both with {', '.join(shared)}" if shared else ""
        return f"{_name(of, shared)} against {_name(over, shared)}{both}: {metric}{where}"


def _name(of: str, without: Sequence[str] = ()) -> str:
    """The readers' name of the runs that `of` names: `REI with fitted = jittered`."""
    model = shlex.split(of)[0]
    own = [pair for pair in _swept(of) if pair not in without]
    label = next((p.removeprefix("label = ") for p in own if p.startswith("label = ")), None)
    told = ", ".join(pair for pair in own if not pair.startswith("label = "))
    return (label or _labels().get(model, model)) + (f" with {told}" if told else "")


@cache
def _labels() -> dict[str, str]:
    """The labels of the models in conf/model by their names."""
    yamls = [OmegaConf.load(path) for path in (conf_dir() / "model").glob("*.yaml")]
    return {str(y.name): str(y.label) for y in yamls}


def _swept(of: str) -> list[str]:
    """The columns and values, as `fitted = jittered`."""
    pairs = (pair.partition("=") for pair in shlex.split(of)[1:])
    return [
        f"{key.removesuffix('._target_').rpartition('.')[2].replace('_', ' ')} = "
        f"{value.removeprefix('torch.nn.')}"
        for key, _, value in pairs
    ]
