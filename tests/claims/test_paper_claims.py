"""The paper's claims in conf/claims.yaml: what they ask of experiments, bench and publication."""

import json
import math
import shlex
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from inr_experiments.checks import InputError
from inr_experiments.claims.bench import BENCH, ROW
from inr_experiments.claims.hypothesis import Hypothesis
from inr_experiments.claims.verdict import judge_all, read_claims
from inr_experiments.paths import conf_dir
from inr_experiments.reporting.looks import published
from inr_experiments.runs.frame import word, write_frame
from tests.claims.asking import BASE
from tests.reporting.made_up import WOBBLE, made_up

CLAIMS = conf_dir() / "claims.yaml"


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
            word(found)
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


def test_what_lies_near_or_above_half_of_a_gain_speaks_only_with_the_gain():
    given = {c.name: [t.kind for t in c.tests if t.given] for c in read_claims(CLAIMS)}
    assert {name: kinds for name, kinds in given.items() if kinds} == {
        "C5": ["equivalence"], "C7": ["gain"],
    }  # fmt: skip


def _weights(test: Hypothesis) -> dict[str, float]:
    return {term.of: term.times for term in test.summands}


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
