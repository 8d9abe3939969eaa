"""Verdicts: how tests make one, in which words, and claims that cannot be read."""

import math

import numpy as np
import pytest
from omegaconf import OmegaConf

from inr_experiments.checks import InputError
from inr_experiments.claims.hypothesis import Hypothesis
from inr_experiments.claims.samples import runs_of
from inr_experiments.claims.verdict import Claim, combine, judge, judge_all, read_claims
from inr_experiments.paths import conf_dir
from inr_experiments.reporting.looks import published
from inr_experiments.runs.frame import read_frame, write_frame
from tests.reporting.made_up import WOBBLE, joined, made_up

CLAIMS = conf_dir() / "claims.yaml"
BASE = np.linspace(20, 30, 8)


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


def gains(*over: str, experiment: str = "e") -> tuple[Hypothesis, ...]:
    return tuple(
        Hypothesis(
            experiment=experiment, kind="gain", metric="psnr", of="mine", over=other, threshold=2,
            unit="dB",
        )
        for other in over
    )  # fmt: skip


def frame_of(shift: float):
    return made_up({"relu": BASE, "mine": BASE + shift + WOBBLE})


def claim(shift: float, is_question: bool) -> str:
    asked = Claim("C", "it gains", is_question, "s", "e", gains("relu"))
    return judge(asked, {"e": frame_of(shift)}).verdict


def test_the_words_of_claims_and_questions():
    assert [claim(s, False) for s in (4, 2, 0)] == ["reproduced", "partly", "not reproduced"]
    assert [claim(s, True) for s in (4, 2, 0)] == ["yes", "mixed", "no"]


def test_of_several_tests_the_weakest_that_is_not_shown_is_told():
    asked = Claim("C", "it gains", False, "s", "e", gains("a", "b", "c", "nobody"))
    frame = made_up({"a": BASE - 4, "b": BASE - 1.5, "c": BASE, "mine": BASE + WOBBLE})
    verdict = judge(asked, {"e": frame})
    assert verdict.verdict == "partly" and len(verdict.evidence) == 4
    assert verdict.sentence.startswith(
        "4 tests: 1 reproduced, 1 partly, 1 not reproduced, 1 not run. mine against c: psnr"
    )


def test_the_papers_claims_without_a_frame_say_what_would_run_them(tmp_path):
    verdicts = judge_all(CLAIMS, tmp_path / "laptop-real", variables=" SCALE=laptop DATA=real")
    names = [f"C{i}" for i in range(1, 9)] + [f"Q{i}" for i in range(1, 6)]
    assert [v.claim.name for v in verdicts] == names
    assert {v.verdict for v in verdicts} == {"not run"}
    for v in verdicts:
        wanted = f"Experiment {v.claim.experiment} was not run: "
        wanted += f"`make {v.claim.experiment} SCALE=laptop DATA=real`"
        if v.claim.name == "Q1":
            wanted = "No experiment of this suite asks it."
        assert v.sentence == wanted
        assert all(math.isfinite(test.threshold) for test in v.claim.tests)


@pytest.mark.parametrize("test", [test for claim in read_claims(CLAIMS) for test in claim.tests],
                         ids=lambda test: f"{test.experiment}: {test.of}")  # fmt: skip
def test_the_papers_claims_ask_for_what_the_experiments_run(test):
    blocks = OmegaConf.load(conf_dir() / "experiment" / f"{test.experiment}.yaml").sweep
    listed = {path.stem for path in (conf_dir() / "model").glob("*.yaml")}
    for side in filter(None, (test.of, test.over)):
        model, *pairs = side.split(" ")
        assert model in listed
        own = [block for block in blocks if model in _several(block["model"])]
        assert own, "the experiment runs it"
        for column, _, value in (pair.partition("=") for pair in pairs):
            if column == "label":
                assert any("model.label" not in block for block in own)
                assert OmegaConf.load(conf_dir() / "model" / f"{model}.yaml").label == value
                continue
            swept = [
                str(found)
                for block in own
                for key in block
                if key.removeprefix("+") == column
                for found in _several(block[key])
            ]
            assert swept if value == "*" else value in swept


def _several(value):
    return list(value) if OmegaConf.is_list(value) else [value]


def test_published_values_are_of_methods_of_the_suite():
    names = {OmegaConf.load(path).name for path in (conf_dir() / "model").glob("*.yaml")}
    for metric, listed in OmegaConf.load(conf_dir() / "published.yaml").items():
        assert set(listed["values"]) <= names, metric
        assert "relu" in listed["values"] and listed["source"]
        assert published(metric)["ReLU (default)"] == listed["values"]["relu"]


def test_the_published_gains_are_those_of_the_published_means():
    psnr = OmegaConf.load(conf_dir() / "published.yaml").psnr["values"]
    told = [t for claim in read_claims(CLAIMS) for t in claim.tests
            if t.published and t.experiment == "table1"]  # fmt: skip
    assert len(told) == 4
    for test in told:
        gain = psnr[test.of] - psnr[test.over]
        assert test.published == pytest.approx(gain)


TEST = "{kind: gain, metric: m, of: a, over: b, threshold: 1, unit: dB}"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("claim: x\n  source: y\n  experiment: e\n  tests: [{kind: gain, metric: m, of: a, "
         "threshold: 1, unit: dB}]", "over: missing; a gain needs it"),
        ("claim: x\n  source: y\n  experiment: e\n  tests: [{kind: correlation, metric: m, of: a, "
         "threshold: 1, unit: dB}]", "x: missing; a correlation needs it"),
        ("claim: x\n  source: y\n  experiment: e\n  tests: [{kind: ratio, metric: m, of: a, "
         "threshold: 1, unit: dB}]", "kind='ratio'"),
        ("claim: x\n  source: y\n  experiment: e\n  tests: [{kind: gain, metrics: m}]", "metrics"),
        ("claim: x\n  source: y\n  experiment: e\n  defaults: {at: end}\n  tests: [" + TEST + "]",
         "at='end'"),
        ("claim: x\n  source: y\n  experiment: e", "expected tests"),
        ("claim: x\n  source: y\n  tests: [" + TEST + "]", "expected tests"),
        ("claim: x\n  experiment: e\n  tests: [" + TEST + "]", "source: missing"),
        ("claim: x\n  wrong: e", "wrong: no such key"),
        ("claim: x\n  question: y\n  source: z", "either claim or question"),
        ("source: x", "either claim or question"),
        ("it gains", "expected keys of claim, question"),
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
    (tmp_path / "claims.yaml").write_text(
        "C1:\n  claim: x\n  source: y\n  experiment: one\n"
        "  defaults: {kind: gain, metric: psnr, unit: dB, of: mine, over: relu, threshold: 2}\n"
        "  tests: [{}, {experiment: two}]\n"
    )
    write_frame(frame_of(4.0), folder / "one")
    (verdict,) = judge_all(tmp_path / "claims.yaml", folder)
    assert verdict.claim.experiments == ["one", "two"]
    assert verdict.verdict == "not run" and "`make two`" in verdict.sentence
    write_frame(frame_of(5.0), folder / "two")
    (verdict,) = judge_all(tmp_path / "claims.yaml", folder)
    assert verdict.verdict == "reproduced" and verdict.sentence.startswith("2 tests: 2 reproduced.")
    assert [round(e.estimate.mean) for e in verdict.evidence] == [4, 5]


def test_a_written_frame_selects_as_the_one_in_memory(tmp_path):
    swept = joined(
        *(made_up({"mine": BASE}, **{"task.fitted": value}) for value in (0.5, "clustered")),
        made_up({"mine": BASE}, **{"model.inlet_init.distinct": 4}),
    )
    write_frame(swept, tmp_path / "swept")
    for frame in (swept, read_frame(tmp_path / "swept")):
        for column in ("task.fitted=0.5", "task.fitted=clustered", "model.inlet_init.distinct=4"):
            assert len(runs_of(frame, f"mine {column}").runs) == 16
        assert len(runs_of(frame, "mi* task.fitted=*").runs) == 32
