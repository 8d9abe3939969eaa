"""Correlations over variants, as the field's methods, from made-up frames."""

from dataclasses import replace

import numpy as np
import pytest

from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import rank_correlation
from tests.claims.asking import asks, weighed
from tests.reporting.made_up import joined, made_up, measured


def test_a_correlation_over_variants_has_them_as_its_units():
    """One ρ of means over pictures; its interval is of the variants, wider than of pictures."""
    frame = over_variants([1, 2, 4, 3, 5, 6, 8, 7])
    asked = asks(kind="correlation", x="rank", of="*", over=None, threshold=0.5, unit="ρ")
    (found,) = weighed(frame, replace(asked, per="variant"))
    assert found.estimate == rank_correlation(range(8), [1, 2, 4, 3, 5, 6, 8, 7])
    assert "over 8 methods" in found.sentence and np.isnan(found.size)
    (narrow,) = weighed(frame, asked)
    assert narrow.estimate.n == 6 and narrow.estimate.low > found.estimate.low
    (few,) = weighed(over_variants(range(7)), replace(asked, per="variant"))
    assert few.outcome == "not run" and "fewer than 8 variants" in few.sentence


@pytest.mark.parametrize(
    ("psnr", "threshold", "wanted", "why"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], 0.5, "shown", "the whole interval is above 0.5 ρ"),
        ([1, 2, 4, 3, 5, 6, 8, 7], 0.8, "partly", "lies on both sides of 0.8 ρ"),
        ([4, 1, 3, 2, 6, 7, 5, 8], 0.99, "partly", "lies below 0.99 ρ"),
        ([3, 4, 2, 6, 1, 5, 8, 7], 0.5, "undecided", "holds both zero and 0.5 ρ"),
        ([8, 7, 6, 4, 5, 3, 2, 1], 0.5, "refuted", "below zero"),
    ],
)
def test_outcomes_of_a_correlation_over_variants(psnr, threshold, wanted, why):
    asked = asks(kind="correlation", x="rank", of="*", over=None, threshold=threshold, unit="ρ",
                 per="variant")  # fmt: skip
    (found,) = weighed(over_variants(psnr), asked)
    assert found.outcome == wanted and why in found.sentence
    twice = weighed(over_variants(psnr), asked, asked)
    assert [e.p for e in twice] == pytest.approx([min(1.0, 2 * found.p)] * 2), "by Holm's steps"


def over_variants(psnr) -> Frame:
    """Methods whose rank rises by one each, with their PSNR of six pictures."""
    return joined(*[
        measured(made_up({chr(97 + k): [value + i for i in range(6)]}), "rank", {0: float(k)})
        for k, value in enumerate(psnr)
    ])  # fmt: skip
