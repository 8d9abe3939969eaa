"""Evidence from made-up frames: each outcome of each kind, and what may never decide."""

import numpy as np
import pandas as pd
import pytest

from inr_experiments.reporting.evidence import weigh
from inr_experiments.reporting.question import Question
from inr_experiments.runs.frame import COLUMNS
from tests.reporting.made_up import WOBBLE, made_up


def outcome(shift: float, *, kind="gain", threshold=2.0, n=8, scale="laptop", wobble=1.0):
    base = np.linspace(20, 30, n)
    frame = made_up({"relu": base, "mine": base + shift + wobble * WOBBLE[:n]}, scale=scale)
    question = Question(
        kind=kind, metric="psnr", of="mine", over="relu", threshold=threshold, unit="dB"
    )
    (found,) = weigh(frame, [question])
    return found


@pytest.mark.parametrize(
    ("shift", "wanted", "why"),
    [
        (4.0, "shown", "above 2 dB"),
        (2.0, "partly", "on both sides of 2 dB"),
        (1.0, "partly", "below 2 dB"),
        (0.1, "refuted", "below 2 dB"),
        (-3.0, "refuted", "below zero"),
    ],
)
def test_a_gain(shift, wanted, why):
    found = outcome(shift)
    assert found.outcome == wanted and why in found.sentence
    assert found.estimate.mean == pytest.approx(shift)
    assert found.size == pytest.approx(shift / WOBBLE.std(ddof=1))
    assert (found.estimate.n, found.images, found.seeds, found.scale) == (8, 8, 2, "laptop")
    assert f"{shift:+.3g} dB" in found.sentence and "over 8 images" in found.sentence


def test_a_gain_whose_interval_holds_zero_and_the_threshold_is_undecided():
    wide = outcome(1.0, wobble=4.0)
    assert wide.estimate.low < 0 < 2 < wide.estimate.high
    assert wide.outcome == "undecided" and "both zero and 2 dB" in wide.sentence
    none = outcome(0.0, threshold=0.0)
    assert none.outcome == "undecided" and "holds zero" in none.sentence


@pytest.mark.parametrize(
    ("shift", "wobble", "wanted"),
    [(0.1, 0.1, "shown"), (0.5, 0.1, "partly"), (-0.5, 0.1, "partly"), (3.0, 0.1, "refuted"),
     (-3.0, 0.1, "refuted"), (0.1, 2.0, "undecided")],
)  # fmt: skip
def test_an_equivalence(shift, wobble, wanted):
    threshold = 0.5
    assert outcome(shift, kind="equivalence", threshold=threshold, wobble=wobble).outcome == wanted


def test_equal_to_the_last_bit_is_equivalent():
    found = outcome(0.0, kind="equivalence", threshold=0.1, wobble=0.0)
    assert found.outcome == "shown" and found.estimate.low == found.estimate.high == 0


@pytest.mark.parametrize("kind", ["gain", "equivalence"])
def test_smoke_scale_and_few_images_decide_nothing(kind):
    shift, threshold = (9.0, 2.0) if kind == "gain" else (0.0, 5.0)
    given = {"kind": kind, "threshold": threshold}
    assert outcome(shift, **given).outcome == "shown"
    assert "smoke" in outcome(shift, scale="smoke", **given).sentence
    for n in (1, 4, 5):
        few = outcome(shift, n=n, **given)
        assert few.outcome == "undecided" and f"{2 / 2**n:.2g}" in few.sentence
    assert outcome(shift, n=6, **given).outcome == "shown"


def test_tests_of_one_claim_share_their_p():
    base = np.linspace(20, 30, 6)
    frame = made_up({"relu": base, "a": base + 5 + WOBBLE[:6], "b": base + 6 + WOBBLE[:6]})
    asked = [
        Question(kind="gain", metric="psnr", of=of, over="relu", threshold=0, unit="dB")
        for of in ("a", "b")
    ]
    assert [e.outcome for e in weigh(frame, asked[:1])] == ["shown"]
    both = weigh(frame, asked)
    assert [e.outcome for e in both] == ["undecided"] * 2  # Holm: 2 · 2 / 2⁶ > 0.05
    assert both[0].p == pytest.approx(4 / 2**6)


def test_zero_is_excluded_by_interval_and_p_together():
    base, gain = np.linspace(20, 30, 8), np.array([0.02, 0.04, 0.06, 0.3, 0.5, 0.6, 1.5, -0.05])
    frame = made_up({"relu": base, "mine": base + gain})

    def asked(*thresholds: float, of: str = "mine", over: str = "relu"):
        questions = [
            Question(kind="gain", metric="psnr", of=of, over=over, threshold=t, unit="dB")
            for t in thresholds
        ]
        return weigh(frame, questions)

    alone = asked(2.0)[0]
    assert alone.estimate.low > 0 and alone.p <= 0.05 and alone.outcome == "partly"
    far, near, zero = asked(2.0, 0.5, 0.0)  # Holm: 3 · 8 / 2⁸
    assert far.p > 0.05 and far.outcome == "refuted", "below 2 dB, whatever p says of zero"
    for found in (near, zero):
        assert found.outcome == "undecided" and "exceeds 0.05" in found.sentence
    lost = asked(0.0, 0.1, 0.2, of="relu", over="mine")
    assert lost[0].estimate.high < 0 and lost[0].outcome == "undecided"
    assert lost[1].outcome == "refuted"


def test_relative_numbers_are_per_cent():
    base = np.linspace(20, 30, 8)
    frame = made_up({"relu": base, "mine": base * (1.2 + 0.01 * WOBBLE)}, seeds=1)
    question = Question(
        kind="gain", metric="psnr", of="mine", over="relu", threshold=10, unit="%", relative=True
    )
    (found,) = weigh(frame, [question])
    assert found.estimate.mean == pytest.approx(20, abs=0.1) and found.outcome == "shown"


def test_seeds_are_the_unit_where_asked():
    frame = made_up({"relu": np.full(3, 5.0), "mine": np.full(3, 9.0)}, seeds=8)
    question = Question(
        kind="gain", metric="psnr", of="mine", over="relu", at="first", per="seed",
        threshold=0, unit="",
    )  # fmt: skip
    (found,) = weigh(frame, [question])
    assert found.estimate.n == 8 and found.images == 3
    assert found.estimate.mean == 2.0 and "8 initialisations" in found.sentence


def ablation(strength: float, *, items: int = 8, variants: int = 12) -> pd.DataFrame:
    """Rank at the start, PSNR at the first milestone and at the last step, by variant and item."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(items):
        for v in range(variants):
            common = (f"k{i}-{v}", f"distinct_{v}", "t", f"item{i}", 0, "laptop")
            rank = float(v)
            last = strength * rank + rng.normal(0, 3)
            rows += [
                (*common, 0, False, "rank", rank, "f"),
                (*common, 0, False, "psnr", 0.0, "f"),
                (*common, 5, False, "psnr", rank, "f"),
                (*common, 9, True, "psnr", last, "f"),
                (*common, 9, True, "rank", -rank, "f"),
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def correlation(at: str = "last", of: str = "distinct_*") -> Question:
    return Question(
        kind="correlation", metric="psnr", x="rank", of=of, at=at, threshold=0.7, unit="ρ"
    )


@pytest.mark.parametrize(
    ("strength", "wanted"), [(3.0, "shown"), (0.6, "partly"), (0.0, "refuted"), (-3.0, "refuted")]
)
def test_a_correlation(strength, wanted):
    (found,) = weigh(ablation(strength), [correlation()])
    assert found.outcome == wanted
    assert found.estimate.n == 8 and -1 <= found.estimate.low <= found.estimate.high <= 1


def test_a_correlation_of_few_pictures_or_variants():
    (early,) = weigh(ablation(0.0), [correlation("early")])
    assert early.outcome == "shown" and early.estimate.mean == 1.0
    (few,) = weigh(ablation(3.0, items=4), [correlation()])
    assert few.outcome == "undecided"
    (one,) = weigh(ablation(3.0, variants=3), [correlation()])
    assert one.outcome == "not run" and "fewer than 4 variants" in one.sentence


def test_what_the_frame_lacks_is_not_run():
    frame = made_up({"relu": np.arange(8.0), "mine": np.arange(8.0)})
    for wrong in ({"of": "pe"}, {"metric": "iou"}):
        given = {"metric": "psnr", "of": "mine", **wrong}
        (found,) = weigh(frame, [Question(kind="gain", over="relu", threshold=0, unit="", **given)])
        assert found.outcome == "not run" and "no " in found.sentence
    lacking = frame[~((frame["model"] == "mine") & (frame["item"] == "item3"))]
    (found,) = weigh(
        lacking,
        [Question(kind="gain", metric="psnr", of="mine", over="relu", threshold=0, unit="")],
    )
    assert found.outcome == "not run" and "no counterpart" in found.sentence


def test_what_a_sweep_varied_names_the_runs():
    base = np.linspace(20, 30, 8)
    few, many = (
        made_up({"relu": base, "mine": base + gain + WOBBLE}).assign(**{"task.fitted": fitted})
        for gain, fitted in ((0.0, 0.1), (4.0, 0.5))
    )
    noisy = made_up({"relu": base, "mine": base}).assign(**{"task.noise": 0.1})
    frame = pd.concat([few, many, noisy])

    def asked(of: str, over: str):
        question = Question(kind="gain", metric="psnr", of=of, over=over, threshold=2, unit="dB")
        return weigh(frame, [question])[0]

    found = asked("mine task.fitted=0.5", "relu task.fitted=0.5")
    assert found.outcome == "shown" and found.estimate.mean == pytest.approx(4.0)
    assert found.sentence.startswith("mine against ReLU (default), both with fitted = 0.5: psnr")
    apart = asked("relu task.fitted=0.5", "relu task.fitted=0.1").sentence
    assert apart.startswith("ReLU (default) with fitted = 0.5 against ReLU (default) with fitted =")
    assert asked("mine task.fitted=0.1", "relu task.fitted=0.1").outcome == "refuted"
    assert asked("mine task.fitted=0.2", "relu task.fitted=0.2").outcome == "not run"
    assert "no task.nois" in asked("mine task.nois=0.1", "relu task.noise=0.1").sentence
    assert "several runs" in asked("mine", "relu").sentence


def test_what_both_have_is_said_once():
    bn = "bn model.batch_norm.place=after model.batch_norm.layers="
    question = Question(
        kind="gain", metric="psnr", of=f"{bn}[0]", over=f"{bn}[2]", threshold=2, unit="dB"
    )
    assert question.about == (
        "BN after inlet with layers = [0] against BN after inlet with layers = [2], both with "
        "place = after: psnr at the last step"
    )
