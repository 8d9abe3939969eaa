"""Verdicts: how tests make one, in which words, and claims that cannot be read."""

import json
import math
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from omegaconf import OmegaConf

from inr_experiments.checks import InputError
from inr_experiments.claims.bench import BENCH, ROW
from inr_experiments.claims.hypothesis import Hypothesis
from inr_experiments.claims.outcome import REGIME
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


def test_the_papers_claims_without_a_frame_say_what_would_run_them(tmp_path):
    verdicts = judge_all(CLAIMS, tmp_path / "laptop-real", variables=" SCALE=laptop DATA=real")
    names = [f"C{i}" for i in range(1, 9)] + [f"Q{i}" for i in range(1, 9)]
    assert [v.claim.name for v in verdicts] == names
    assert {v.verdict for v in verdicts} == {"not run"}
    for v in verdicts:
        deciding = dict.fromkeys(t.experiment for t in v.claim.tests if not t.reported)
        names = " ".join(deciding)
        wanted = f"Experiment {names} was not run: `make {names} SCALE=laptop DATA=real`"
        assert v.sentence == wanted
        assert v.claim.why and v.claim.refuted_by and v.claim.source
        assert all(math.isfinite(t.threshold) for t in v.claim.tests if not t.reported)
    assert "bench" in next(v for v in verdicts if v.claim.name == "C8").sentence


def selections() -> set[tuple[str, str]]:
    """The experiments and the runs of them that the papers' claims name."""
    tests = [test for claim in read_claims(CLAIMS) for test in claim.tests]
    return {
        (test.experiment, of)
        for test in tests
        if test.experiment != BENCH
        for of in ([test.of] if test.kind == "correlation" else [t.of for t in test.summands])
    }


@pytest.mark.parametrize(("experiment", "of"), sorted(selections()))
def test_the_papers_claims_ask_for_what_the_experiments_run(experiment, of):
    blocks = OmegaConf.load(conf_dir() / "experiment" / f"{experiment}.yaml").sweep
    model, *pairs = shlex.split(of)
    if model == "*":
        return
    label = OmegaConf.load(conf_dir() / "model" / f"{model}.yaml").label
    own = [block for block in blocks if model in _several(block["model"])]
    assert own, "the experiment runs it"
    for column, _, value in (pair.partition("=") for pair in pairs):
        if column == "label":
            assert value in {block.get("model.label", label) for block in own}
            continue
        swept = [
            str(found)
            for block in own
            for key in block
            if key.removeprefix("+") == column
            for found in _several(block[key])
        ]
        assert swept if value == "*" else value in swept


def test_the_papers_claims_ask_for_solids_of_the_suite():
    solids = OmegaConf.load(conf_dir() / "data" / "real.yaml").solids["task.shape"]
    apart = [t.items for claim in read_claims(CLAIMS) for t in claim.tests if t.items]
    assert {item for items in apart for item in items} == set(solids)


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
    assert len(told) == 7
    for test in told:
        gain = psnr[test.of] - psnr[test.over]
        assert test.published == pytest.approx(gain)


def test_the_band_of_a_published_gain_is_half_to_one_and_a_half_times_it():
    bands = [t for claim in read_claims(CLAIMS) for t in claim.tests if t.ceiling is not None]
    assert len(bands) == 3
    for test in bands:
        assert (test.threshold, test.ceiling) == pytest.approx(
            (test.published / 2, 1.5 * test.published)
        )


def test_half_of_reis_gain_is_what_the_spectrums_effect_has_to_exceed():
    claim = next(claim for claim in read_claims(CLAIMS) if claim.name == "C7")
    effect, beyond = (_weights(test) for test in claim.tests if not test.reported)
    own, rei = 'relu_span "label=default span, own', 'rei_span "label=REI span, own'
    gain = {f'{rei} spectrum"': 1.0, f'{own} spectrum"': -1.0}
    for cell in effect:
        assert beyond.get(cell, 0.0) == effect[cell] - gain.get(cell, 0.0) / 2
    whole = [_weights(test) for test in claim.tests if (test.says or "").startswith("REI's span")]
    for span in whole:
        assert {c: effect[c] + span[c] for c in effect} == {c: gain.get(c, 0.0) for c in effect}


def _weights(test: Hypothesis) -> dict[str, float]:
    return {term.of: term.times for term in test.summands}


TEST = {"kind": "gain", "metric": "m", "of": "a", "over": "b", "threshold": 1, "unit": "dB"}
ENTRY = {"claim": "x", "source": "y", "why": "z", "refuted_by": "r", "experiment": "e",
         "tests": [TEST]}  # fmt: skip


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
        (changed(ENTRY, defaults={"at": "end"}), "at='end'"),
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
        ({"metrics": "m"}, "metrics"),
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


def bench(folder: Path, ratios, **changes) -> Path:
    """A file of the bench, beside frames/laptop-real, which has table1."""
    row = {"name": ROW, "scale": "laptop", "subject_rounds_s": list(0.1 * np.asarray(ratios)),
           "reference_rounds_s": [0.1] * len(ratios), **changes}  # fmt: skip
    (folder / "bench").mkdir(exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in ({"name": "fit/peak/fp32"}, row))
    (folder / "bench" / "fit.jsonl").write_text(text)
    frames = folder / "frames" / "laptop-real"
    write_frame(made_up({"relu": BASE, "rank_expanding": BASE}), frames / "table1")
    return frames


@pytest.mark.parametrize(
    ("ratios", "wanted"),
    [
        (1.01 + 0.01 * WOBBLE, "reproduced"),
        (1.3 + 0.01 * WOBBLE, "not reproduced"),
        (1.05 + 0.1 * WOBBLE, "undecided"),
        (1.0 + 0.01 * WOBBLE[:4], "undecided"),
    ],
)
def test_time_is_told_by_the_benchs_rounds(tmp_path, ratios, wanted):
    frames = bench(tmp_path, ratios)
    step = c8(frames).evidence[1]
    assert step.outcome == {"reproduced": "shown", "not reproduced": "refuted"}.get(wanted, wanted)
    assert f"over {len(ratios)} rounds (scale laptop)" in step.sentence
    assert step.estimate.mean == pytest.approx(100 * (np.exp(np.log(ratios).mean()) - 1))
    quick = c8(bench(tmp_path, ratios, scale="smoke")).evidence[1]
    assert quick.outcome == "undecided" and "smoke" in quick.sentence


def test_time_without_the_bench_or_with_another_file_is_a_sentence(tmp_path):
    frames = bench(tmp_path, [1.0], name="fit/another")
    found = c8(frames)
    assert found.verdict == "undecided" and "bench was not run: `make bench`" in found.sentence
    for text in ("no json", "[1]", '{"name": "' + ROW + '"}'):
        (tmp_path / "bench" / "fit.jsonl").write_text(text)
        with pytest.raises(InputError, match=r"fit\.jsonl: expected the rows of `make bench`"):
            c8(frames)


def test_where_only_the_bench_was_run_nothing_was(tmp_path):
    frames = bench(tmp_path, 1.01 + 0.01 * WOBBLE)
    assert c8(frames).verdict == "reproduced"
    assert c8(frames.parent / "paper-real").verdict == "not run"


def c8(frames: Path):
    return next(v for v in judge_all(CLAIMS, frames) if v.claim.name == "C8")


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
