"""Verdicts: how tests make one, in which words, and claims that cannot be read."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from inr_experiments.checks import InputError
from inr_experiments.claims.hypothesis import Hypothesis
from inr_experiments.claims.outcome import REGIME
from inr_experiments.claims.samples import runs_of
from inr_experiments.claims.verdict import Claim, combine, judge, judge_all, read_claims
from inr_experiments.runs.frame import read_frame, write_frame
from tests.claims.asking import BASE
from tests.reporting.made_up import WOBBLE, joined, made_up


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
        ([REGIME, REGIME], REGIME),
        (["shown", REGIME], "partly"),
        (["partly", REGIME, "undecided"], "partly"),
        (["undecided", REGIME], "undecided"),
        ([REGIME, "not run"], "undecided"),
        (["refuted", REGIME], "refuted"),
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


def asked_of(tests: tuple[Hypothesis, ...], is_question: bool = False) -> Claim:
    return Claim("C", "it gains", is_question, "s", "w", "r", "e", tests)


def frame_of(shift: float):
    return made_up({"relu": BASE, "mine": BASE + shift + WOBBLE})


def claim(shift: float, is_question: bool) -> str:
    return judge(asked_of(gains("relu"), is_question), {"e": frame_of(shift)}).verdict


def test_the_words_of_claims_and_questions():
    assert [claim(s, False) for s in (4, 2, 0)] == ["reproduced", "partly", "not reproduced"]
    assert [claim(s, True) for s in (4, 2, 0)] == ["yes", "mixed", "no"]


def test_of_several_tests_the_weakest_that_is_not_shown_is_told():
    asked = asked_of(gains("a", "b", "c", "nobody"))
    frame = made_up({"a": BASE - 4, "b": BASE - 1.5, "c": BASE, "mine": BASE + WOBBLE})
    verdict = judge(asked, {"e": frame})
    assert verdict.verdict == "partly" and len(verdict.evidence) == 4
    assert verdict.sentence.startswith(
        "4 tests: 1 reproduced, 1 partly, 1 not reproduced, 1 not run. mine against c: psnr"
    )


def test_of_tests_that_are_all_shown_the_nearest_to_its_threshold_is_told():
    frame = made_up({"a": BASE - 9, "b": BASE - 5, "mine": BASE + WOBBLE})
    assert "mine against b" in judge(asked_of(gains("a", "b")), {"e": frame}).sentence
    near, far = made_up({"a": BASE - 0.5, "b": BASE, "mine": BASE + 0.1 * WOBBLE}), 1.0
    tied = [replace(test, kind="equivalence", threshold=far) for test in gains("a", "b")]
    assert "mine against a" in judge(asked_of(tied), {"e": near}).sentence


TEST = {"kind": "gain", "metric": "m", "of": "a", "over": "b", "threshold": 1, "unit": "dB"}
ENTRY = {"claim": "x", "source": "y", "why": "z", "refuted_by": "r", "experiment": "e",
         "tests": [TEST]}  # fmt: skip
OVER_VARIANTS = {**TEST, "kind": "correlation", "x": "rank", "of": "*", "per": "variant"}


def changed(given: dict, **changes) -> dict:
    """The mapping with other values; without the keys that are given none."""
    return {key: value for key, value in {**given, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        (changed(ENTRY, tests=None), "expected tests"),
        (changed(ENTRY, experiment=None), "expected tests"),
        (changed(ENTRY, source=None), "source: missing"),
        (changed(ENTRY, why=None, refuted_by=""), "why, refuted_by: missing"),
        (changed(ENTRY, wrong="e"), "wrong: no such key"),
        (changed(ENTRY, question="y"), "either claim or question"),
        (changed(ENTRY, claim=None), "either claim or question"),
        ("it gains", "expected keys of claim, question"),
        (changed(ENTRY, defaults={"reported": True}), "a test that is not only reported"),
        (
            changed(ENTRY, tests=[{**TEST, "reported": True}, {**TEST, "given": True}, TEST]),
            "given: expected a first test that decides",
        ),
        (changed(ENTRY, defaults={"at": "end"}), "at='end'"),
        (changed(ENTRY, tests=[TEST, OVER_VARIANTS]), "per: variant: expected in all tests"),
        (changed(ENTRY, tests=TEST), "tests: expected a list of mappings"),
        (changed(ENTRY, tests=["a against b"]), "tests: expected a list of mappings"),
        (changed(ENTRY, defaults=[TEST]), "defaults: expected a mapping"),
    ],
)
def test_a_claim_that_cannot_be_read_is_one_sentence(tmp_path, entry, named):
    assert named in refused(tmp_path, entry)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"over": None}, "over: missing; a gain needs it"),
        ({"kind": "correlation"}, "x: missing; a correlation needs it"),
        ({"kind": "ratio"}, "kind='ratio'"),
        ({"over": "relu 'a"}, "cannot be read (No closing quotation)"),
        ({"metrics": "m"}, "metrics"),
        ({"of": []}, "of: expected a value or a list of some, not []"),
        ({"of": ["a", 3]}, "of=3: expected a str"),
        ({"reported": "no"}, "reported='no': expected a bool"),
        ({"level": 1}, "level=1: expected a bool"),
        ({"threshold": "1"}, "threshold='1': expected a number"),
        ({"threshold": True}, "threshold=True: expected a number"),
        ({"items": "0801"}, "items='0801': expected a list"),
        ({"threshold": None}, "threshold: missing; only a reported test has none"),
        ({"ceiling": 1}, "ceiling=1: expected a gain's, above its threshold"),
        ({"kind": "equivalence", "ceiling": 2}, "ceiling=2: expected a gain's"),
        ({"terms": [{"of": "a", "times": 1}]}, "terms: expected without of, over"),
        ({"of": None, "over": None, "terms": [{"of": "a", "times": 1}]}, "says: missing; terms"),
        ({"of": None, "over": None, "says": "s", "terms": [{"of": "a"}]}, "{of: …, times: …}"),
    ],
)
def test_a_test_that_cannot_be_read_is_one_sentence(tmp_path, changes, named):
    assert named in refused(tmp_path, changed(ENTRY, tests=[changed(TEST, **changes)]))


def refused(folder: Path, entry) -> str:
    """The sentence with which the claim is refused."""
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump({"C9": entry}))
    with pytest.raises(InputError, match=r"claims\.yaml: C9") as caught:
        read_claims(path)
    return str(caught.value)


def test_several_values_are_a_test_each(tmp_path):
    path = tmp_path / "claims.yaml"
    test = changed(TEST, of=["a", "c"], metric=["m", "n"])
    path.write_text(yaml.safe_dump({"C9": changed(ENTRY, tests=[test])}))
    (claim,) = read_claims(path)
    assert [(t.of, t.metric) for t in claim.tests] == [
        ("a", "m"), ("a", "n"), ("c", "m"), ("c", "n"),
    ]  # fmt: skip


def test_a_claim_may_need_several_experiments(tmp_path):
    folder = tmp_path / "laptop-real"
    defaults = changed(TEST, metric="psnr", of="mine", over="relu", threshold=2)
    tests = [{}, {"experiment": "two"}]
    entry = changed(ENTRY, experiment="one", defaults=defaults, tests=tests)
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump({"C1": entry}))
    write_frame(frame_of(4.0), folder / "one")
    (verdict,) = judge_all(tmp_path / "claims.yaml", folder)
    assert verdict.claim.experiments == ["one", "two"]
    assert verdict.verdict == "undecided" and "`make two`" in verdict.sentence
    write_frame(frame_of(5.0), folder / "two")
    (verdict,) = judge_all(tmp_path / "claims.yaml", folder)
    assert verdict.verdict == "reproduced" and verdict.sentence.startswith("2 tests: 2 reproduced.")
    assert [round(e.estimate.mean) for e in verdict.evidence] == [4, 5]


def test_what_is_only_reported_is_told_and_does_not_count():
    frame = made_up({"relu": BASE, "mine": BASE + 4 + WOBBLE, "bad": BASE - 9 + WOBBLE})
    (gain,) = gains("relu")
    loss = replace(gain, of="bad", reported=True)
    verdict = judge(asked_of((gain, loss, replace(loss, metric="ssim"))), {"e": frame})
    assert verdict.verdict == "reproduced" and verdict.sentence.startswith("mine against ReLU")
    assert [e.outcome for e in verdict.evidence] == ["shown", "reported", "not run"]
    said = "Reported, deciding nothing: bad against ReLU (default): psnr -9 dB ["
    assert verdict.reported.startswith(said) and verdict.reported.endswith(", ssim not run.")
    assert judge(asked_of((gain,)), {"e": frame}).reported == ""


def test_a_claim_whose_reported_tests_were_not_run_is_decided():
    (gain,) = gains("relu")
    knobs = replace(gain, experiment="knobs", reported=True)
    verdict = judge(asked_of((gain, knobs)), {"e": frame_of(4.0), "knobs": None}, variables=" A=1")
    assert verdict.verdict == "reproduced"
    assert "knobs was not run: `make knobs A=1`" in verdict.evidence[1].sentence


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
