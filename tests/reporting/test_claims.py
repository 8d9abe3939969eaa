"""Verdicts: how tests make one, in which words, and claims that cannot be read."""

import math

import numpy as np
import pytest

from inr_experiments.checks import InputError
from inr_experiments.paths import conf_dir
from inr_experiments.reporting.claims import (
    Claim,
    combine,
    judge,
    judge_all,
    make_variables,
    read_claims,
)
from tests.reporting.made_up import WOBBLE, made_up


@pytest.mark.parametrize(
    ("outcomes", "wanted"),
    [
        (["shown", "shown"], "shown"),
        (["shown", "refuted"], "partly"),
        (["partly", "undecided"], "partly"),
        (["refuted", "undecided"], "refuted"),
        (["undecided", "not run"], "undecided"),
        (["shown", "not run"], "undecided"),
        (["refuted", "not run"], "refuted"),
        (["not run", "not run"], "not run"),
    ],
)
def test_parts_make_a_whole(outcomes, wanted):
    assert combine(outcomes) == wanted


def claim(shift: float, is_question: bool) -> str:
    base = np.linspace(20, 30, 8)
    frame = made_up({"relu": base, "mine": base + shift + WOBBLE})
    test = {"kind": "gain", "metric": "psnr", "of": "mine", "over": "relu", "threshold": 2,
            "unit": "dB", "task": "each"}  # fmt: skip
    return judge(Claim("C", "it gains", is_question, "s", "e", (test,)), frame).verdict


def test_the_words_of_claims_and_questions():
    assert [claim(s, False) for s in (4, 2, 0)] == ["reproduced", "partly", "not reproduced"]
    assert [claim(s, True) for s in (4, 2, 0)] == ["yes", "mixed", "no"]


def test_the_papers_claims_without_a_frame_say_what_would_run_them(tmp_path):
    verdicts = judge_all(conf_dir() / "claims.yaml", tmp_path / "laptop-real")
    names = [f"C{i}" for i in range(1, 9)] + [f"Q{i}" for i in range(1, 6)]
    assert [v.claim.name for v in verdicts] == names
    assert {v.verdict for v in verdicts} == {"not run"}
    for v in verdicts:
        stem = v.claim.experiment or ""
        stem = f"'{stem}'" if " " in stem else stem
        wanted = f"make frame STEM={stem} SCALE=laptop DATA=real"
        assert v.claim.name == "Q1" or wanted in v.sentence
        assert all(math.isfinite(test["threshold"]) for test in v.claim.tests)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("claim: x\n  experiment: e\n  tests: [{kind: gain, metric: m, of: a, threshold: 1, "
         "unit: dB}]", "over: missing"),
        ("claim: x\n  experiment: e\n  tests: [{kind: ratio, metric: m, of: a, threshold: 1, "
         "unit: dB}]", "kind='ratio'"),
        ("claim: x\n  experiment: e\n  tests: [{kind: gain, metrics: m}]", "metrics"),
        ("claim: x\n  experiment: e", "expected tests"),
        ("claim: x\n  wrong: e", "wrong: no such key"),
        ("source: x", "either claim or question"),
    ],
)  # fmt: skip
def test_a_claim_that_cannot_be_read_is_one_sentence(tmp_path, line, named):
    path = tmp_path / "claims.yaml"
    path.write_text(f"C9:\n  {line}\n")
    with pytest.raises(InputError, match=r"claims\.yaml: C9") as caught:
        read_claims(path)
    assert named in str(caught.value)


def test_a_claim_may_need_several_experiments(tmp_path):
    folder = tmp_path / "laptop-real"
    folder.mkdir()
    (tmp_path / "claims.yaml").write_text(
        "C1:\n  claim: x\n  source: y\n  experiment: one two\n  tests:\n"
        "    - {kind: gain, metric: psnr, unit: dB, of: mine, over: relu, threshold: 2}\n"
    )
    base = np.linspace(20, 30, 8)
    made_up({"relu": base}).to_csv(folder / "one.csv", index=False)
    (verdict,) = judge_all(tmp_path / "claims.yaml", folder)
    assert verdict.verdict == "not run" and "STEM='one two'" in verdict.sentence
    made_up({"mine": base + 4.0}).to_csv(folder / "two.csv", index=False)
    (verdict,) = judge_all(tmp_path / "claims.yaml", folder)
    assert verdict.verdict == "reproduced"


@pytest.mark.parametrize(
    ("at", "variables"),
    [
        ("laptop-real", "SCALE=laptop DATA=real"),
        ("laptop-real-bf16", "SCALE=laptop DATA=real FAST=1"),
        ("smoke-bundled-seeds-0,1-bf16", "SCALE=smoke DATA=bundled SEEDS=0,1 FAST=1"),
        ("frames", ""),
    ],
)
def test_a_folder_of_frames_names_the_variables_that_made_it(at, variables):
    assert make_variables(at) == variables
