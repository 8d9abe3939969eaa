"""The paper's claims and open questions, each with a verdict and its evidence.

    claim       reproduced | partly | not reproduced | undecided | not run
    question    yes | mixed | no | undecided | not run

Nothing is decided at smoke scale or where the smallest p that so few images can give exceeds 0.05.
What counts is the image or the shape; only of Z₀ at step 0, which knows no image, the seed.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import OmegaConf

from ..checks import InputError
from ..runs.frame import read_frame
from .evidence import (
    NOT_RUN,
    PARTLY,
    REFUTED,
    SHOWN,
    UNDECIDED,
    Evidence,
    weigh,
)  # fmt: skip
from .question import Question

CLAIM = {SHOWN: "reproduced", PARTLY: "partly", REFUTED: "not reproduced"}
QUESTION = {SHOWN: "yes", PARTLY: "mixed", REFUTED: "no"}
KEYS = {"claim", "question", "source", "experiment", "defaults", "tests"}


@dataclass(frozen=True)
class Claim:
    """What conf/claims.yaml says of a claim or question; `tests` as it has them.

    `experiment` is one or, with blanks between, several whose frames are taken together.
    """

    name: str
    text: str
    is_question: bool
    source: str
    experiment: str | None
    tests: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Verdict:
    """What became of a claim, in one word and one sentence, and why."""

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
    return [_claim(path, name, entry) for name, entry in listed.items()]


def _claim(path: Path, name: str, entry: Mapping[str, Any]) -> Claim:
    where = f"{path.name}: {name}"
    if unknown := set(entry) - KEYS:
        raise InputError(
            f"{where}: {', '.join(sorted(unknown))}: no such key; expected {', '.join(KEYS)}"
        )
    if ("claim" in entry) == ("question" in entry):
        raise InputError(f"{where}: expected either claim or question")
    tests = tuple({**entry.get("defaults", {}), **test} for test in entry.get("tests", ()))
    for test in tests:
        try:
            Question(**test)
        except (TypeError, InputError) as error:
            raise InputError(f"{where}: {error}") from error
    if bool(tests) != (entry.get("experiment") is not None):
        raise InputError(f"{where}: expected tests exactly where there is an experiment")
    text = entry.get("claim") or entry["question"]
    is_question = "question" in entry
    return Claim(name, text, is_question, entry["source"], entry.get("experiment"), tests)


def judge(claim: Claim, frame: pd.DataFrame | None, *, command: str = "") -> Verdict:
    """The verdict on a claim from the frame of its experiment.

    Args:
        frame: None where the experiment was not run.
        command: what would run it.
    """
    if claim.experiment is None:
        return Verdict(claim, NOT_RUN, "No experiment of this suite asks it.")
    if frame is None:
        return Verdict(claim, NOT_RUN, f"Experiment {claim.experiment} was not run: `{command}`")
    evidence = tuple(weigh(frame, _questions(claim, frame)))
    outcome = combine([e.outcome for e in evidence])
    names = QUESTION if claim.is_question else CLAIM
    verdict = names.get(outcome, outcome)
    if len(evidence) == 1:
        return Verdict(claim, verdict, evidence[0].sentence, evidence)
    counts = Counter(names.get(e.outcome, e.outcome) for e in evidence)
    told = ", ".join(f"{n} {word}" for word, n in counts.items())
    deciding = min(
        evidence, key=lambda e: (e.outcome == SHOWN, e.size if e.size == e.size else inf)
    )
    sentence = f"{len(evidence)} tests: {told}. {deciding.sentence}"
    return Verdict(claim, verdict, sentence, evidence)


def _questions(claim: Claim, frame: pd.DataFrame) -> list[Question]:
    """The tests; one with `task: each` becomes one for every task of the frame."""
    questions = []
    for test in claim.tests:
        each = test.get("task") == "each"
        for task in sorted(frame["task"].unique()) if each else [test.get("task")]:
            questions.append(Question(**{**test, "task": task}))
    return questions


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


def judge_all(claims: Path, frames: Path) -> list[Verdict]:
    """Verdicts from a folder of frames, named as the Makefile names them."""
    chosen = make_variables(frames.name)
    verdicts = []
    for claim in read_claims(claims):
        stems = (claim.experiment or "").split()
        paths = [frames / f"{stem}.csv" for stem in stems]
        there = bool(paths) and all(path.is_file() for path in paths)
        frame = pd.concat(map(read_frame, paths)) if there else None
        stem = f"'{claim.experiment}'" if len(stems) > 1 else claim.experiment
        command = f"make frame STEM={stem} {chosen}".rstrip()
        verdicts.append(judge(claim, frame, command=command))
    return verdicts


def make_variables(at: str) -> str:
    """The variables of make that lead to `<scale>-<data>[-seeds-<list>][-bf16]`, or nothing."""
    found = re.fullmatch(r"(\w+)-(\w+?)(?:-seeds-([\d,]+))?(-bf16)?", at)
    if found is None:
        return ""
    scale, data, seeds, fast = found.groups()
    words = [f"SCALE={scale} DATA={data}"]
    words += [f"SEEDS={seeds}"] if seeds else []
    words += ["FAST=1"] if fast else []
    return " ".join(words)
