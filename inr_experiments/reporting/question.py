"""What a claim asks of a frame: one quantity per unit, and what of it would be enough."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..checks import InputError, choice
from .labels import method

KINDS = ("gain", "equivalence", "correlation")
STEPS = ("first", "early", "last")


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
        of, over = self.of, self.over or ""
        if self.over_metric:
            at = f"at the {self.at} step{where}"
            return f"{_name(of)}: {self.metric} against {self.over_metric} {at}"
        shared = [pair for pair in _swept(of) if pair in _swept(over)]
        both = f", both with {', '.join(shared)}" if shared else ""
        return f"{_name(of, shared)} against {_name(over, shared)}{both}: {metric}{where}"


def _name(of: str, without: Sequence[str] = ()) -> str:
    """How readers call the runs that `of` names: `REI with fitted = jittered`."""
    own = ", ".join(pair for pair in _swept(of) if pair not in without)
    return method(of.split(" ")[0]).label + (f" with {own}" if own else "")


def _swept(of: str) -> list[str]:
    """What the sweep varied, as `fitted = jittered`."""
    pairs = (pair.partition("=") for pair in of.split(" ")[1:])
    return [
        f"{key.removesuffix('._target_').rpartition('.')[2].replace('_', ' ')} = "
        f"{value.removeprefix('torch.nn.')}"
        for key, _, value in pairs
    ]
