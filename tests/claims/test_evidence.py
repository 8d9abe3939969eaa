"""Evidence from made-up frames: families of tests, units, and the runs that a test asks for."""

from dataclasses import replace

import numpy as np
import pytest

from inr_experiments.claims.evidence import weigh
from inr_experiments.claims.hypothesis import Hypothesis
from inr_experiments.runs.frame import Frame
from tests.claims.asking import BASE, asks, weighed
from tests.reporting.made_up import WOBBLE, joined, made_up, measured, without

ACTIVATION = "model.inlet_activation._target_"


def test_tests_of_one_claim_share_their_p():
    # As Holm had it, two tests of six images could show nothing: 2 · 2/2⁶ > 0.05.
    base = np.linspace(20, 30, 6)
    frame = made_up({"relu": base, "a": base + 5 + WOBBLE[:6], "b": base + 6 - WOBBLE[:6]})
    both = weighed(frame, asks(of="a"), asks(of="b"))
    assert [e.outcome for e in both] == ["shown"] * 2
    assert [e.p for e in both] == [2 / 2**6] * 2
    equivalent = asks(kind="equivalence", of="a", threshold=9)
    assert weighed(frame, asks(of="a"), equivalent)[0].p == 2 / 2**6, "an equivalence has no p"


def test_a_weak_test_loses_its_significance_in_a_family():
    weak = np.array([0.5, 0.9, 0.3, 0.7, 0.8, 0.4, 0.6, -0.5])
    noise = np.random.default_rng(1).normal(size=(6, 8))
    others = {f"other{i}": BASE + own - own.mean() for i, own in enumerate(noise)}
    frame = made_up({"relu": BASE, "mine": BASE + weak, "clear": BASE + 5 + WOBBLE, **others})
    (alone,) = weighed(frame, asks())
    assert alone.outcome == "shown" and alone.p <= 0.05
    family = [asks(), asks(of="clear"), *(asks(of=name) for name in others)]
    lost, clear, *_ = weighed(frame, *family)
    assert lost.outcome == "undecided" and lost.p > 0.05
    assert "excludes zero but p = " in lost.sentence and "exceeds 0.05" in lost.sentence
    assert clear.outcome == "shown" and clear.p == 2 / 2**8
    assert weighed(frame, *family[::-1])[-1].p == lost.p, "the order does not matter"
    assert weighed(frame, asks(), asks(of="nobody"))[0].p == alone.p, "what was not run costs none"


def test_relative_numbers_are_per_cent():
    frame = made_up({"relu": BASE, "mine": BASE * (1.2 + 0.01 * WOBBLE)}, seeds=1)
    (found,) = weighed(frame, asks(threshold=10, unit="%", relative=True))
    assert found.estimate.mean == pytest.approx(20, abs=0.1) and found.outcome == "shown"
    assert asks(threshold=10, relative=True).bound(10) == pytest.approx(np.log(1.1))
    (equal,) = weighed(frame, asks(kind="equivalence", threshold=25, unit="%", relative=True))
    assert equal.outcome == "shown" and "within ±25 %" in equal.sentence
    zero = made_up({"relu": BASE, "mine": BASE - BASE[0]}, seeds=1)
    (found,) = weighed(zero, asks(threshold=10, unit="%", relative=True))
    assert found.outcome == "undecided" and "so that it has no ratio" in found.sentence
    (gone,) = weighed(zero, asks(unit="%", relative=True, over="nobody"))
    assert gone.outcome == "not run", "what is lacking comes first"
    (told,) = weighed(zero, asks(unit="%", relative=True, reported=True))
    assert told.outcome == "reported" and told.effect == "no ratio"


def test_a_factor_makes_the_unit():
    frame = made_up({"relu": BASE / 100, "mine": BASE / 100 + 0.04 + 0.01 * WOBBLE}, metric="iou",
                    noun="solid")  # fmt: skip
    (found,) = weighed(
        frame, asks(metric="iou", factor=100, unit="points", threshold=3, per="item")
    )
    assert found.outcome == "shown" and found.estimate.mean == pytest.approx(4)
    assert "over 8 solids" in found.sentence


def test_seeds_are_the_unit_where_asked():
    frame = made_up({"relu": np.full(3, 5.0), "mine": np.full(3, 9.0)}, seeds=8)
    (found,) = weighed(frame, asks(at="first", per="seed", unit=""))
    assert found.estimate.n == 8 and found.items == 3
    assert found.estimate.mean == 2.0 and "8 initialisations" in found.sentence


def test_a_family_may_hold_images_and_seeds():
    frame = made_up({"relu": BASE, "mine": BASE + 4 + WOBBLE}, seeds=8)
    images, seeds = weighed(frame, asks(), asks(at="first", per="seed"))
    assert images.p == seeds.p == 2 / 2**8


def ablation(strength: float, *, items: int = 8, variants: int = 12) -> Frame:
    """Rank at the start, PSNR at the first milestone and at the last step, by variant and item."""
    rng = np.random.default_rng(0)
    blocks = [
        made_up({"mine": strength * v + rng.normal(0, 3, items)}, seeds=1,
                **{"model.inlet_init.distinct": v})
        for v in range(variants)
    ]  # fmt: skip
    # Runs of the same model that did not sweep it; the frame has no value there.
    frame = joined(*blocks, made_up({"mine": 50 - BASE}, seeds=1))
    rank = frame.runs["model.inlet_init.distinct"].fillna(99.0).to_numpy()
    return measured(measured(frame, "rank", {0: rank, 9: -rank}), "psnr", {5: rank})


def correlation(at: str = "last", of: str = "mine model.inlet_init.distinct=*") -> Hypothesis:
    return asks(kind="correlation", x="rank", of=of, over=None, at=at, threshold=0.7, unit="ρ")


@pytest.mark.parametrize(
    ("strength", "wanted"), [(3.0, "shown"), (0.6, "partly"), (0.0, "refuted"), (-3.0, "refuted")]
)
def test_a_correlation(strength, wanted):
    (found,) = weighed(ablation(strength), correlation())
    assert found.outcome == wanted
    assert found.estimate.n == 8 and -1 <= found.estimate.low <= found.estimate.high <= 1


def test_a_correlation_of_few_pictures_or_variants():
    (early,) = weighed(ablation(0.0), correlation("early"))
    assert early.outcome == "shown" and early.estimate.mean == 1.0
    assert early.sentence.startswith(
        "Spearman's ρ with rank over mine with distinct = *: psnr at the first milestone: +1 ρ"
    )
    (few,) = weighed(ablation(3.0, items=4), correlation())
    assert few.outcome == "undecided"
    (one,) = weighed(ablation(3.0, variants=3), correlation())
    assert one.outcome == "not run" and "fewer than 4 variants" in one.sentence
    frame = ablation(3.0)
    constant = replace(frame, steps=frame.steps.replace({"metric": {"rank": "r"}}))
    (same,) = weighed(measured(constant, "rank", {0: 5.0}), correlation())
    assert same.outcome == "not run" and "the same for all variants" in same.sentence


def test_what_the_frame_lacks_is_not_run():
    frame = made_up({"relu": np.arange(8.0), "mine": np.arange(8.0)})
    for wrong in ({"of": "pe"}, {"metric": "iou"}):
        (found,) = weighed(frame, asks(**wrong))
        assert found.outcome == "not run" and "no " in found.sentence
    (found,) = weighed(without(frame, model="mine", item="item3"), asks())
    assert found.outcome == "not run" and "no counterpart" in found.sentence


@pytest.mark.parametrize("value", [None, np.nan, np.inf])
def test_what_is_no_number_is_not_run_and_not_left_out(value):
    frame = made_up({"relu": BASE, "mine": BASE + 4 + WOBBLE})
    # On both sides alike: one that lacks its counterpart would be noticed anyway.
    hit = frame.steps["run"].isin(frame.where(item="item3", seed=1).runs.index)
    hit &= frame.steps["step"] == 9
    steps = frame.steps[~hit] if value is None else frame.steps.assign(
        value=frame.steps["value"].mask(hit, value)
    )  # fmt: skip
    if value is None:
        (early,) = weighed(replace(frame, steps=steps), asks(at="early"))
        assert "at the early step is no number of 1 of 16 runs" in early.sentence
    else:
        (found,) = weighed(replace(frame, steps=steps), asks())
        assert found.outcome == "not run"
        assert "psnr at the last step is no number of 1 of 16 runs" in found.sentence


def test_no_milestone_is_not_run():
    frame = made_up({"relu": BASE, "mine": BASE})
    start = replace(frame, steps=frame.steps[frame.steps["step"] == 0])
    (found,) = weighed(start, asks(at="early"))
    assert found.outcome == "not run" and "no psnr at the early step" in found.sentence


def test_what_a_sweep_varied_names_the_runs():
    few, many = (
        made_up({"relu": BASE, "mine": BASE + gain + WOBBLE}, **{"task.fitted": fitted})
        for gain, fitted in ((0.0, 0.1), (4.0, 0.5))
    )
    noisy = made_up({"relu": BASE, "mine": BASE}, **{"task.noise": 0.1})
    frame = joined(few, many, noisy)

    def asked(of: str, over: str):
        return weighed(frame, asks(of=of, over=over, threshold=2))[0]

    found = asked("mine task.fitted=0.5", "relu task.fitted=0.5")
    assert found.outcome == "shown" and found.estimate.mean == pytest.approx(4.0)
    assert found.sentence.startswith("mine against ReLU (default), both with fitted = 0.5: psnr")
    apart = asked("relu task.fitted=0.5", "relu task.fitted=0.1").sentence
    assert apart.startswith("ReLU (default) with fitted = 0.5 against ReLU (default) with fitted =")
    assert asked("mine task.fitted=0.1", "relu task.fitted=0.1").outcome == "refuted"
    assert asked("mine task.fitted=0.2", "relu task.fitted=0.2").outcome == "not run"
    unknown = asked("mine task.nois=0.1", "relu task.noise=0.1").sentence
    assert "no column 'task.nois'; did you mean 'task.noise'?" in unknown
    assert "several runs" in asked("mine", "relu").sentence
    assert "several runs" in asked("mine task.fitted=*", "relu task.fitted=*").sentence
    any_noise = asked("mine task.noise=*", "relu task.noise=*")
    assert any_noise.estimate.mean == 0, "no value is not any value"


def test_a_label_names_the_runs():
    rei, ball = (
        made_up({"rank_expanding": BASE + gain + WOBBLE}, labels={"rank_expanding": label}, **own)
        for gain, label, own in (
            (4.0, "REI", {}),
            (9.0, "REI, ball", {"model.inlet_init.over": "ball"}),
        )
    )
    frame = joined(made_up({"relu": BASE}), rei, ball)
    (found,) = weighed(frame, asks(of="rank_expanding label=REI", threshold=2))
    assert found.outcome == "shown" and found.estimate.mean == pytest.approx(4.0)
    assert found.sentence.startswith("REI against ReLU (default): psnr: +4 dB")
    (both,) = weighed(frame, asks(of="rank_expanding"))
    assert "several runs of one item and seed; name what was swept" in both.sentence
    (ball,) = weighed(frame, asks(of="rank_expanding model.inlet_init.over=*"))
    assert ball.estimate.mean == pytest.approx(9.0)


def test_lists_and_classes_are_values_too():
    layers = {place: {"model.batch_norm.layers": place} for place in ("[0]", "[2]")}
    frame = joined(
        made_up({"bn": BASE + 5 + WOBBLE}, **layers["[0]"]),
        made_up({"bn": BASE}, **layers["[2]"], **{ACTIVATION: "torch.nn.GELU"}),
    )
    of, over = (f"bn model.batch_norm.layers={place}" for place in layers)
    (found,) = weighed(frame, asks(of=of, over=over))
    assert found.outcome == "shown" and found.estimate.mean == pytest.approx(5)
    (found,) = weighed(frame, asks(of=of, over=f"bn {ACTIVATION}=torch.nn.GELU"))
    assert found.outcome == "shown" and "with inlet activation = GELU: psnr" in found.sentence


def test_what_both_have_is_said_once():
    bn = "bn model.batch_norm.place=after model.batch_norm.layers="
    assert asks(of=f"{bn}[0]", over=f"{bn}[2]").about == (
        "BN after inlet with layers = [0] against BN after inlet with layers = [2], both with "
        "place = after: psnr"
    )


def test_two_metrics_of_one_side_are_told_as_such():
    frame = measured(made_up({"relu": BASE}), "rank", {5: BASE.repeat(2) - 4 - WOBBLE.repeat(2)})
    frame = measured(frame, "psnr", {5: BASE.repeat(2)})
    asked = asks(of="relu", over="relu", over_metric="rank", at="early", threshold=2)
    assert asked.about == "ReLU (default): psnr against rank at the first milestone"
    (found,) = weighed(frame, asked)
    assert found.outcome == "shown" and found.estimate.mean == pytest.approx(4)


def test_each_test_asks_the_frame_of_its_experiment():
    frames = {"e": made_up({"relu": BASE, "mine": BASE + 4 + WOBBLE}),
              "f": made_up({"relu": BASE, "mine": BASE - 4 + WOBBLE})}  # fmt: skip
    found = weigh(frames, [asks(), asks(experiment="f")])
    assert [e.outcome for e in found] == ["shown", "refuted"]


def terms(*pairs: tuple[str, float], **given) -> Hypothesis:
    listed = [{"of": of, "times": times} for of, times in pairs]
    return asks(of=None, over=None, terms=listed, says="mine less half of each", **given)


def test_a_weighted_sum_of_cells():
    frame = made_up({"relu": BASE, "mine": BASE + 4 + WOBBLE, "other": BASE + 2})
    (found,) = weighed(frame, terms(("mine", 1), ("relu", -0.5), ("other", -0.5)))
    assert found.outcome == "shown" and found.estimate.mean == pytest.approx(3)
    assert found.sentence.startswith("mine less half of each: psnr: +3 dB [")
    difference, same = weighed(frame, asks(), terms(("mine", 1), ("relu", -1)))
    assert same.estimate == difference.estimate and same.p == difference.p
    (nobody,) = weighed(frame, terms(("mine", 1), ("nobody", -1)))
    assert nobody.outcome == "not run" and "no run with nobody" in nobody.sentence
    lacking = without(frame, model="other", item="item3")
    (found,) = weighed(lacking, terms(("mine", 1), ("relu", -0.5), ("other", -0.5)))
    assert found.outcome == "not run" and "2 runs of one side have no" in found.sentence


def test_some_items_alone():
    frame = made_up({"relu": BASE, "mine": BASE + 4 + WOBBLE})
    (few,) = weighed(frame, asks(items=["item0", "item1"], reported=True))
    assert few.estimate.n == 2 and few.estimate.mean == pytest.approx(4)
    assert few.sentence.startswith("mine against ReLU (default): psnr, of item0, item1: +4 dB")
    (gone,) = weighed(frame, asks(items=["item0", "bunny"]))
    assert gone.outcome == "not run" and "no run with item=bunny" in gone.sentence


@pytest.mark.parametrize(("gain", "tie"), [(4, "shown"), (0, "undecided"), (-3, "undecided")])
def test_what_is_given_speaks_only_with_the_first_test(gain, tie):
    """REI's IoU is near SIREN's as well where neither gains."""
    mine = BASE + gain + WOBBLE - WOBBLE.mean()
    frame = made_up({"relu": BASE, "mine": mine, "siren": mine + 0.1, "far": mine + 9})
    near = asks(kind="equivalence", of="siren", over="mine", threshold=1)
    _, told, against = weighed(
        frame, asks(), replace(near, given=True), replace(near, of="far", given=True)
    )
    assert told.outcome == tie and against.outcome == "refuted"
    assert ("counts only with the claim's first test" in told.sentence) is (tie == "undecided")
    assert weighed(frame, asks(), near)[1].outcome == "shown"


def test_what_is_reported_decides_nothing_and_is_in_no_family():
    noise = np.random.default_rng(1).normal(size=(6, 8))
    others = {f"other{i}": BASE + own - own.mean() for i, own in enumerate(noise)}
    weak = np.array([0.5, 0.9, 0.3, 0.7, 0.8, 0.4, 0.6, -0.5])
    frame = made_up({"relu": BASE, "mine": BASE + weak, **others})
    alone, *reported = weighed(frame, asks(), *(asks(of=n, reported=True) for n in others))
    assert alone.outcome == "shown" and alone.p == weighed(frame, asks())[0].p
    for found in reported:
        assert found.outcome == "reported" and np.isnan(found.p)
        assert found.sentence.endswith("(scale laptop); reported, decides nothing.")
    (bare,) = weighed(frame, asks(reported=True, threshold=float("nan")))
    assert bare.outcome == "reported" and bare.hypothesis.limits == ""
