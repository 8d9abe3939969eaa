"""The paper's claims and open questions, each with a verdict and its evidence.

    claim       reproduced | partly | not reproduced | regime not comparable | undecided | not run
    question    yes        | mixed  | no             | regime not comparable | undecided | not run

Nothing is decided at smoke scale or where the smallest p that so few images can give exceeds 0.05.
What counts is the image or the solid; at step 0, where draws of the weights are compared, the seed;
of the bench the round. Tests that are only reported count in no verdict.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ..checks import InputError
from ..runs.frame import Frame, read_frame
from .bench import BENCH, bench_frame
from .evidence import Evidence, weigh
from .hypothesis import Hypothesis
from .outcome import NOT_RUN, PARTLY, REFUTED, REGIME, SHOWN, UNDECIDED

CLAIM = {SHOWN: "reproduced", PARTLY: "partly", REFUTED: "not reproduced"}
#: Outcomes of tests that decide, from what speaks most against a claim.
WEAKEST = (REFUTED, REGIME, NOT_RUN, UNDECIDED, PARTLY, SHOWN)
QUESTION = {SHOWN: "yes", PARTLY: "mixed", REFUTED: "no"}
NEEDED = ("source", "why", "refuted_by")
KEYS = ("claim", "question", *NEEDED, "experiment", "defaults", "tests")
#: Keys of a test whose values may be several: a test for each.
SEVERAL = ("of", "metric")


@dataclass(frozen=True)
class Claim:
    """An entry of conf/claims.yaml; without an experiment it has no tests.

    Attributes:
        source: where the paper says so.
        why: the reason for this test and this threshold.
        refuted_by: what would refute it.
    """

    name: str
    text: str
    is_question: bool
    source: str
    why: str
    refuted_by: str
    experiment: str | None
    tests: tuple[Hypothesis, ...]

    @property
    def sources(self) -> list[str]:
        """The experiments whose frames its tests ask, each once; `bench` among them."""
        return list(dict.fromkeys(test.experiment for test in self.tests))

    @property
    def experiments(self) -> list[str]:
        """The sources that are experiments."""
        return [name for name in self.sources if name != BENCH]


@dataclass(frozen=True)
class Verdict:
    """A claim's verdict in one word and one sentence, and the evidence."""

    claim: Claim
    verdict: str
    sentence: str
    evidence: tuple[Evidence, ...] = ()

    @property
    def reported(self) -> str:
        """The tests that decide nothing, those of the same sides together; nothing without."""
        sides: dict[str, list[str]] = {}
        for e in self.evidence:
            if e.hypothesis.reported:
                side = e.hypothesis.compared + e.hypothesis.where
                sides.setdefault(side, []).append(f"{e.hypothesis.quantity} {e.effect}")
        parts = [f"{side}: {', '.join(told)}" for side, told in sides.items()]
        return f"Reported, deciding nothing: {'; '.join(parts)}." if parts else ""


def read_claims(path: Path) -> list[Claim]:
    """The claims of a yaml file, checked.

    Raises:
        InputError: if a key or a value is none that a claim can have; names claim and key.
    """
    return list(_claims(path.read_text(encoding="utf-8"), path.name))


@cache  # a page asks four times, and yaml is slow
def _claims(text: str, file: str) -> tuple[Claim, ...]:
    listed: Any = OmegaConf.to_container(OmegaConf.load(StringIO(text)))
    return tuple(_claim(f"{file}: {name}", name, entry) for name, entry in listed.items())


def _claim(where: str, name: str, entry: Any) -> Claim:
    if not isinstance(entry, Mapping):
        raise InputError(f"{where}: expected keys of {', '.join(KEYS)}, not {entry!r}")
    if unknown := set(entry) - set(KEYS):
        raise InputError(
            f"{where}: {', '.join(sorted(unknown))}: no such key; expected {', '.join(KEYS)}"
        )
    if ("claim" in entry) == ("question" in entry):
        raise InputError(f"{where}: expected either claim or question")
    if missing := [key for key in NEEDED if not entry.get(key)]:
        raise InputError(f"{where}: {', '.join(missing)}: missing")
    experiment, listed = entry.get("experiment"), entry.get("tests") or ()
    if bool(listed) != (experiment is not None):
        raise InputError(f"{where}: expected tests exactly where there is an experiment")
    defaults = entry.get("defaults") or {}
    if not isinstance(defaults, Mapping):
        raise InputError(f"{where}: defaults: expected a mapping, not {defaults!r}")
    if not (isinstance(listed, Sequence) and all(isinstance(test, Mapping) for test in listed)):
        raise InputError(f"{where}: tests: expected a list of mappings, not {listed!r}")
    common = {"experiment": experiment, **defaults}
    try:
        tests = tuple(Hypothesis(**one) for test in listed for one in _each({**common, **test}))
    except (TypeError, InputError) as error:
        raise InputError(f"{where}: {error}") from error
    if tests and all(test.reported for test in tests):
        raise InputError(f"{where}: expected a test that is not only reported")
    if tests and tests[0].reported and any(test.given for test in tests):
        raise InputError(f"{where}: given: expected a first test that decides")
    if len({test.per == "variant" for test in tests if test.tested}) > 1:
        raise InputError(f"{where}: per: variant: expected in all tests of a claim that have a p")
    text = entry.get("claim") or entry["question"]
    needed = {key: entry[key] for key in NEEDED}
    return Claim(name, text, "question" in entry, experiment=experiment, tests=tests, **needed)


def _each(test: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A test for each of the values of what may be several."""
    several = {key: test[key] for key in SEVERAL if isinstance(test.get(key), list)}
    for key in (key for key, values in several.items() if not values):
        raise InputError(f"{key}: expected a value or a list of some, not []")
    for values in product(*several.values()):
        yield {**test, **dict(zip(several, values, strict=True))}


def judge(claim: Claim, frames: Mapping[str, Frame | None], *, variables: str = "") -> Verdict:
    """The verdict on a claim from the frames of its experiments.

    Args:
        frames: by experiment; None where it was not run.
        variables: those of make that lead to these frames, with a blank before them.
    """
    if claim.experiment is None:
        return Verdict(claim, NOT_RUN, "No experiment of this suite asks it.")
    deciding = dict.fromkeys(test.experiment for test in claim.tests if not test.reported)
    fitted = [name for name in deciding if name != BENCH] or [BENCH]  # a bench is of no scale
    if all(frames.get(name) is None for name in fitted):
        names = " ".join(deciding)
        return Verdict(claim, NOT_RUN, f"Experiment {names} was not run: `make {names}{variables}`")
    evidence = tuple(weigh(frames, claim.tests, variables=variables))
    counted = [e for e in evidence if not e.hypothesis.reported]
    outcome = combine([e.outcome for e in counted])
    names_of = QUESTION if claim.is_question else CLAIM
    verdict = names_of.get(outcome, outcome)
    if len(counted) == 1:
        return Verdict(claim, verdict, counted[0].sentence, evidence)
    counts = Counter(names_of.get(e.outcome, e.outcome) for e in counted)
    told = ", ".join(f"{n} {word}" for word, n in counts.items())
    # The first of those that speak most against it; of shown ones the nearest to its threshold.
    weakest = min(counted, key=lambda e: (WEAKEST.index(e.outcome), e.outcome == SHOWN and e.room))
    sentence = f"{len(counted)} tests: {told}. {weakest.sentence}"
    return Verdict(claim, verdict, sentence, evidence)


def combine(outcomes: Sequence[str]) -> str:
    """One outcome for all: theirs where they agree; partly where some is shown, at least partly.

    Undecided where the rest of what is shown was not run. Otherwise, refuted where one is, as a
    claim holds only with all its parts. Else undecided: so is what in part is not comparable and
    in part undecided or not run, as more runs could still decide it.
    """
    kinds = set(outcomes)
    if len(kinds) == 1:
        return outcomes[0]
    if kinds == {SHOWN, NOT_RUN}:
        return UNDECIDED
    if kinds & {SHOWN, PARTLY}:
        return PARTLY
    return REFUTED if REFUTED in kinds else UNDECIDED


def judge_all(claims: Path, frames: Path, *, variables: str = "") -> list[Verdict]:
    """Verdicts from a folder of frames, one folder an experiment.

    The bench's rows are looked for where `outputs` and the reference have them: ../../bench.

    Args:
        variables: those of make that lead to these frames, with a blank before them.
    """
    listed = read_claims(claims)
    names = {name for claim in listed for name in claim.experiments}
    found = {
        n: read_frame(frames / n) if (frames / n / "runs.csv").is_file() else None
        for n in sorted(names)
    }
    found[BENCH] = bench_frame(frames.absolute().parents[1] / BENCH)
    return [judge(claim, found, variables=variables) for claim in listed]
