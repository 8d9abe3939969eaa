"""The paper's claims and open questions, each with a verdict and its evidence.

    claim       reproduced | partly | not reproduced | undecided | not run
    question    yes | mixed | no | undecided | not run

Nothing is decided at smoke scale or where the smallest p that so few images can give exceeds 0.05.
What counts is the image or the solid; only of Z₀ at step 0, which knows no image, the seed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ..checks import InputError
from ..runs.frame import Frame, read_frame
from .evidence import NOT_RUN, PARTLY, REFUTED, SHOWN, UNDECIDED, Evidence, weigh
from .hypothesis import Hypothesis

CLAIM = {SHOWN: "reproduced", PARTLY: "partly", REFUTED: "not reproduced"}
QUESTION = {SHOWN: "yes", PARTLY: "mixed", REFUTED: "no"}
KEYS = ("claim", "question", "source", "experiment", "defaults", "tests")


@dataclass(frozen=True)
class Claim:
    """An entry of conf/claims.yaml; without an experiment it has no tests."""

    name: str
    text: str
    is_question: bool
    source: str
    experiment: str | None
    tests: tuple[Hypothesis, ...]

    @property
    def experiments(self) -> list[str]:
        """The experiments whose frames its tests ask, each once."""
        return list(dict.fromkeys(test.experiment for test in self.tests))


@dataclass(frozen=True)
class Verdict:
    """A claim's verdict in one word and one sentence, and the evidence."""

    claim: Claim
    verdict: str
    sentence: str
    evidence: tuple[Evidence, ...] = ()


def read_claims(path: Path) -> list[Claim]:
    """The claims of a yaml file, checked.

    Raises:
        InputError: if a key or a value is none that a claim can have; names claim and key.
    """
    listed: Any = OmegaConf.to_container(OmegaConf.load(path))
    return [_claim(f"{path.name}: {name}", name, entry) for name, entry in listed.items()]


def _claim(where: str, name: str, entry: Any) -> Claim:
    if not isinstance(entry, Mapping):
        raise InputError(f"{where}: expected keys of {', '.join(KEYS)}, not {entry!r}")
    if unknown := set(entry) - set(KEYS):
        raise InputError(
            f"{where}: {', '.join(sorted(unknown))}: no such key; expected {', '.join(KEYS)}"
        )
    if ("claim" in entry) == ("question" in entry):
        raise InputError(f"{where}: expected either claim or question")
    if "source" not in entry:
        raise InputError(f"{where}: source: missing")
    experiment, listed = entry.get("experiment"), entry.get("tests") or ()
    if bool(listed) != (experiment is not None):
        raise InputError(f"{where}: expected tests exactly where there is an experiment")
    common = {"experiment": experiment, **(entry.get("defaults") or {})}
    try:
        tests = tuple(Hypothesis(**{**common, **test}) for test in listed)
    except (TypeError, InputError) as error:
        raise InputError(f"{where}: {error}") from error
    text = entry.get("claim") or entry["question"]
    return Claim(name, text, "question" in entry, entry["source"], experiment, tests)


def judge(claim: Claim, frames: Mapping[str, Frame | None], *, variables: str = "") -> Verdict:
    """The verdict on a claim from the frames of its experiments.

    Args:
        frames: by experiment; None where it was not run.
        variables: those of make that lead to these frames, with a blank before them.
    """
    if claim.experiment is None:
        return Verdict(claim, NOT_RUN, "No experiment of this suite asks it.")
    there = {name: frame for name in claim.experiments if (frame := frames.get(name)) is not None}
    if missing := [name for name in claim.experiments if name not in there]:
        names = " ".join(missing)
        return Verdict(claim, NOT_RUN, f"Experiment {names} was not run: `make {names}{variables}`")
    evidence = tuple(weigh(there, claim.tests))
    outcome = combine([e.outcome for e in evidence])
    names_of = QUESTION if claim.is_question else CLAIM
    verdict = names_of.get(outcome, outcome)
    if len(evidence) == 1:
        return Verdict(claim, verdict, evidence[0].sentence, evidence)
    counts = Counter(names_of.get(e.outcome, e.outcome) for e in evidence)
    told = ", ".join(f"{n} {word}" for word, n in counts.items())
    deciding = min(
        evidence, key=lambda e: (e.outcome == SHOWN, e.size if e.size == e.size else inf)
    )
    sentence = f"{len(evidence)} tests: {told}. {deciding.sentence}"
    return Verdict(claim, verdict, sentence, evidence)


def combine(outcomes: Sequence[str]) -> str:
    """One outcome for all: theirs where they agree; partly where some is shown, at least partly.

    Undecided where the rest of what is shown was not run. Otherwise, refuted where one is, as a
    claim holds only with all its parts; else undecided.
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

    Args:
        variables: those of make that lead to these frames, with a blank before them.
    """
    listed = read_claims(claims)
    names = {name for claim in listed for name in claim.experiments}
    found = {
        n: read_frame(frames / n) if (frames / n / "runs.csv").is_file() else None
        for n in sorted(names)
    }
    return [judge(claim, found, variables=variables) for claim in listed]
