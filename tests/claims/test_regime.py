"""The regime that a test was taken in: the default's level, and its gap."""

import numpy as np
import pytest

from inr_experiments.runs.frame import Frame
from tests.claims.asking import BASE, asks, weighed
from tests.reporting.made_up import WOBBLE, made_up, measured


def heldout(level: float, spread: float = 1.0, shift: float = 0.0, n: int = 8) -> Frame:
    """Held-out PSNR of the default around a level, and mine so far above."""
    base = level + spread * WOBBLE[:n]
    return made_up({"relu": base, "mine": base + shift + 0.1 * WOBBLE[:n]}, metric="psnr_heldout")


def level_test(frame: Frame):
    asked = asks(kind="equivalence", metric="psnr_heldout", threshold=0.5, level=True)
    return weighed(frame, asked)[0]


@pytest.mark.parametrize(
    ("level", "spread", "wanted"),
    [(23.57, 1.0, "shown"), (21.5, 1.0, "shown"), (19.0, 1.0, "regime not comparable"),
     (28.0, 1.0, "regime not comparable"), (19.0, 4.0, "shown")],
)  # fmt: skip
def test_levels_are_compared_near_the_published_default(level, spread, wanted):
    found = level_test(heldout(level, spread))
    assert found.outcome == wanted
    assert f"the default at {level:.2f} dB held out" in found.sentence
    side = f"{abs(level - 23.57):.2f} {'above' if level > 23.57 else 'below'} the published 23.57"
    assert level == 23.57 or side in found.sentence
    assert ("lies more than 3 dB from its published level" in found.sentence) == (wanted != "shown")


def test_levels_of_few_pictures_or_without_held_out_pixels_decide_nothing():
    assert level_test(heldout(10.0, n=4)).outcome == "undecided"
    frame = made_up({"relu": BASE, "mine": BASE})
    (found,) = weighed(frame, asks(kind="equivalence", threshold=0.5, level=True))
    assert found.outcome == "not run" and "psnr_heldout" in found.sentence


def test_a_published_gain_is_told_with_the_defaults_distance():
    frame = heldout(19.57, shift=2.0)
    (told,) = weighed(frame, asks(metric="psnr_heldout", published=2.04))
    assert told.outcome == "shown", "a gain is not held back by its level"
    assert "published +2.04, the default at 19.57 dB held out, 4.00 below the" in told.sentence
    silent = asks(metric="psnr_heldout"), asks(metric="psnr_heldout", published=2, unit="points")
    assert not any("held out" in e.sentence for e in weighed(frame, *silent))
    bare = made_up({"relu": BASE, "mine": BASE + 4 + WOBBLE})
    (found,) = weighed(bare, asks(published=2.04))
    assert found.outcome == "shown" and "held out" not in found.sentence


def gap_test(gap: float, spread: float, *, metric: str = "psnr", n: int = 8):
    """A gain of 4 dB on held-out pixels, where the default's gap is so large."""
    held = made_up({"relu": BASE[:n], "mine": BASE[:n] + 4 + WOBBLE[:n]}, metric="psnr_heldout")
    above = {"relu": gap + spread * WOBBLE[:n], "mine": np.full(n, 2.0)}
    own = held.runs["item"].str.removeprefix("item").astype(int)
    value = [above[m][i] for m, i in zip(held.runs["model"], own, strict=True)]
    held_out, noise = held.value("psnr_heldout").to_numpy(), 5 * (metric == "psnr_noisy")
    frame = measured(held, metric, {9: held_out - noise + value})
    if noise:  # it takes as much of both
        frame = measured(frame, "psnr_heldout_noisy", {9: held_out - noise})
    asked = asks(metric="psnr_heldout", gap=0.5, gap_of=metric)
    return weighed(frame, asked)[0]


@pytest.mark.parametrize(
    ("gap", "spread", "wanted"),
    [(1.0, 0.1, "shown"), (0.2, 0.1, "undecided"), (-1.0, 0.1, "undecided"), (0.4, 1.0, "shown")],
)
@pytest.mark.parametrize("metric", ["psnr", "psnr_noisy"])
def test_where_the_default_cannot_overfit_nothing_is_decided(gap, spread, wanted, metric):
    found = gap_test(gap, spread, metric=metric)
    assert found.outcome == wanted
    assert "fitted less held out: mine +2.00 dB [+2.00, +2.00]" in found.sentence
    assert f"ReLU (default) {gap:+.2f} dB [" in found.sentence
    assert ("cannot overfit there" in found.sentence) == (wanted == "undecided")


def test_a_gap_without_its_metric_or_of_few_pictures():
    frame = made_up({"relu": BASE, "mine": BASE + 4}, metric="psnr_heldout")
    (found,) = weighed(frame, asks(metric="psnr_heldout", gap=0.5, gap_of="psnr_noisy"))
    assert found.outcome == "not run" and "no metric 'psnr_noisy'" in found.sentence
    assert "so few" in gap_test(0.0, 0.1, n=4).sentence
