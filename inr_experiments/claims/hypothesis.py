"""A test of a claim: one quantity per unit of a frame, and how much of it would be enough."""

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import UnionType
from typing import Any, get_args, get_origin

from ..checks import InputError, choice
from ..config import labels

KINDS = ("gain", "equivalence", "correlation")
STEPS = ("first", "early", "last")
#: Types that a line of yaml has other words for.
WORDS = {float: "a number", Sequence: "a list"}


@dataclass(frozen=True)
class Term:
    """A metric of the runs that `of` names, times a number; a difference is two of them."""

    of: str
    times: float
    metric: str


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """A test as a line of conf/claims.yaml has it.

    Attributes:
        experiment: whose frame is asked.
        of, over: a model, and after blanks values of the frame's columns, `*` for any:
            `bn model.batch_norm.layers=[0]`; quotes around one with blanks.
        terms: in place of `of` and `over` a weighted sum, `[{of: pe, times: 1}, …]`.
        says: the comparison in words; terms need it.
        kind: `gain` and `equivalence` compare `of` with `over`; `correlation` is Spearman's ρ of
            `x` at initialisation and `metric` over the variants, models that match `of`.
        metric, at: of `of`, and of `over` unless `over_metric` is given.
        threshold, ceiling: in `unit`, fixed beforehand; a gain may have both.
        published: what the paper reports, in `unit`.
        reported: measured and told, and nothing is decided by it; it needs no threshold.
        level: compares levels, so that the default has to lie near the published default.
        gap: by so many dB the default has to fit better than it does held-out pixels.
        gap_of: `psnr`, or `psnr_noisy` for fitted and held-out pixels with their noise.
        relative: differences of logarithms, told in per cent.
        factor: from the frame's numbers to `unit`.
        per: what is counted: item | seed; of a correlation item | variant, where means over items
            make one ρ and the variants its interval.
        items: these alone; all where there are none.
        given: speaks for its claim only where the claim's first test is shown, at least in part.
    """

    experiment: str
    kind: str
    metric: str
    unit: str
    of: str | None = None
    over: str | None = None
    over_metric: str | None = None
    terms: Sequence[Mapping[str, Any]] = ()
    says: str | None = None
    threshold: float = math.nan
    ceiling: float | None = None
    x: str | None = None
    at: str = "last"
    published: float | None = None
    reported: bool = False
    level: bool = False
    gap: float | None = None
    gap_of: str = "psnr"
    relative: bool = False
    factor: float = 1.0
    per: str = "item"
    items: Sequence[str] = ()
    given: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            _check_type(field.name, getattr(self, field.name), field.type)
        choice("kind", self.kind, KINDS)
        choice("at", self.at, STEPS)
        choice("per", self.per, ("item", "variant" if self.kind == "correlation" else "seed"))
        self._check_sides()
        if math.isnan(self.threshold) and not self.reported:
            raise InputError("threshold: missing; only a reported test has none")
        if self.ceiling is not None and not (self.kind == "gain" and self.ceiling > self.threshold):
            raise InputError(f"ceiling={self.ceiling}: expected a gain's, above its threshold")

    def _check_sides(self) -> None:
        """Raise an `InputError` where it is not said what is compared."""
        needed: tuple[str, ...] = ("of", "x") if self.kind == "correlation" else ("of", "over")
        if self.terms:
            if self.kind == "correlation" or self.of or self.over or self.gap is not None:
                raise InputError("terms: expected without of, over, gap, and of no correlation")
            for term in self.terms:
                if not isinstance(term, Mapping) or set(term) != {"of", "times"}:
                    raise InputError(f"terms: expected {{of: …, times: …}}, not {term}")
            needed = ("says",)
        for side in (self.of, self.over, *(term["of"] for term in self.terms)):
            try:
                shlex.split(side or "")
            except ValueError as error:
                raise InputError(f"of, over: {side!r} cannot be read ({error})") from error
        for name in needed:
            if getattr(self, name) is None:
                whose = "terms need it" if self.terms else f"a {self.kind} needs it"
                raise InputError(f"{name}: missing; {whose}")

    @property
    def tested(self) -> bool:
        """True where a p-value has a say in it: an equivalence is decided by its interval."""
        return self.kind != "equivalence" and not self.reported

    @property
    def summands(self) -> list[Term]:
        """The weighted sum that is asked for; of `of` and `over` their difference."""
        if self.terms:
            return [Term(term["of"], float(term["times"]), self.metric) for term in self.terms]
        over = Term(self.over or "", -1.0, self.over_metric or self.metric)
        return [Term(self.of or "", 1.0, self.metric), over]

    def bound(self, limit: float) -> float:
        """A threshold as the values have it: of a relative one, ln(1 + T/100)."""
        return math.log1p(limit / 100) if self.relative else limit

    @property
    def limits(self) -> str:
        """Threshold, band or margin in words: `1.02 to 3.06 dB`; nothing where it only reports."""
        if self.reported:
            return ""
        least = f"{'±' if self.kind == 'equivalence' else ''}{self.threshold:g}"
        most = "" if self.ceiling is None else f" to {self.ceiling:g}"
        return f"{least}{most} {self.unit}"

    @property
    def about(self) -> str:
        """The comparison in words."""
        return f"{self.compared}: {self.quantity}{self.where}"

    @property
    def compared(self) -> str:
        """The sides of the comparison: `REI against ReLU (default)`."""
        if self.says:
            return self.says
        of, over = self.of or "", self.over or ""
        if self.kind == "correlation":
            return f"Spearman's ρ with {self.x} over {name_of(of)}"
        if of == over:
            return name_of(of)
        shared = [pair for pair in _swept(of) if pair in _swept(over)]
        both = f", both with {', '.join(shared)}" if shared else ""
        return f"{name_of(of, shared)} against {name_of(over, shared)}{both}"

    @property
    def quantity(self) -> str:
        """The metric that is compared, or two where the sides have one each."""
        return self.metric + (f" against {self.over_metric}" if self.over_metric else "")

    @property
    def where(self) -> str:
        """The step and items, with a blank before them; nothing of a plain last metric."""
        last = " at the last step" if "/" in self.metric else ""
        at = {"first": " at initialisation", "early": " at the first milestone"}.get(self.at, last)
        return at + (f", of {', '.join(self.items)}" if self.items else "")


def _check_type(name: str, value: Any, annotated: Any) -> None:
    """Raise an `InputError` where yaml gave a value of another type."""
    options = get_args(annotated) if isinstance(annotated, UnionType) else (annotated,)
    kinds = tuple(get_origin(option) or option for option in options)
    fits = isinstance(value, (*kinds, int) if float in kinds else kinds)
    # True is no number, and text is no list.
    if not fits or any(isinstance(value, kind) and kind not in kinds for kind in (bool, str)):
        wanted = WORDS.get(kinds[0], f"a {kinds[0].__name__}")
        raise InputError(f"{name}={value!r}: expected {wanted}")


def name_of(of: str, without: Sequence[str] = ()) -> str:
    """The readers' name of the runs that `of` names: `REI with fitted = jittered`."""
    model = shlex.split(of)[0]
    own = [pair for pair in _swept(of) if pair not in without]
    label = next((p.removeprefix("label = ") for p in own if p.startswith("label = ")), None)
    told = ", ".join(pair for pair in own if not pair.startswith("label = "))
    return (label or labels().get(model, model)) + (f" with {told}" if told else "")


def _swept(of: str) -> list[str]:
    """The columns and values, as `fitted = jittered`."""
    pairs = (pair.partition("=") for pair in shlex.split(of)[1:])
    return [
        f"{key.removesuffix('._target_').rpartition('.')[2].replace('_', ' ')} = "
        f"{value.removeprefix('torch.nn.')}"
        for key, _, value in pairs
    ]
