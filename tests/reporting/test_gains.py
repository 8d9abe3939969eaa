"""Values per item and correlations from made-up frames."""

import math

import numpy as np
import pytest

from inr_experiments.checks import InputError
from inr_experiments.reporting.gains import correlation, per_item
from inr_experiments.runs.frame import Frame
from tests.reporting.made_up import joined, made_up, measured, without


def swept(psnr, *, seeds: int = 1, rank=lambda r, item: r, levels=(2, 4, 8)) -> Frame:
    """A block a level r on pictures a, b and c: rank at steps 0 and 9, PSNR at 9."""
    frame = joined(
        *(
            made_up({"m": [psnr(r, item) for item in "abc"]}, items="abc", seeds=seeds,
                    **{"model.r": r})
            for r in levels
        )
    )  # fmt: skip
    ranks = [
        rank(r, item) for r, item in zip(frame.runs["model.r"], frame.runs["item"], strict=True)
    ]
    return measured(frame, "rank", {0: ranks, 9: 99.0})


def test_a_group_has_its_values_of_the_first_and_the_last_step():
    frame = swept(lambda r, item: 20.0 + r)
    assert per_item(frame, "psnr", "model.r").loc[4].to_list() == [24.0] * 3
    assert per_item(frame, "psnr", "model.r", "first").loc[4].to_list() == [12.0] * 3
    assert per_item(frame, "rank", "model.r", "first")["b"].to_list() == [2, 4, 8]
    with pytest.raises(InputError, match="ssim"):
        per_item(frame, "ssim", "model.r")
    with pytest.raises(InputError, match=r"no column 'model\.q'"):
        per_item(frame, "psnr", "model.q")


def test_seeds_are_averaged_within_items():
    frame = made_up({"m": [(20.0, 22.0), (30.0, 31.0)], "k": [(1.0, 2.0), (5.0, 5.0)]}, items="ba")
    means = per_item(frame, "psnr")
    assert means.index.to_list() == ["m", "k"] and means.columns.to_list() == ["b", "a"]
    assert means.loc["m"].to_dict() == {"b": 21.0, "a": 30.5}
    fewer = per_item(without(frame, model="m", item="b", seed=1), "psnr")
    assert fewer.loc["m", "b"] == 20.0


def test_items_must_be_the_same():
    lacking = without(swept(lambda r, item: 20.0), item="b", **{"model.r": 4})
    with pytest.raises(InputError, match=r"not every model, model\.r has psnr of all items"):
        per_item(lacking, "psnr", ["model", "model.r"])
    left = per_item(lacking, "psnr", "model.r", complete=False)
    assert math.isnan(left.loc[4, "b"]) and left.notna().sum().sum() == 8


def test_several_runs_of_a_group_are_refused():
    with pytest.raises(InputError, match=r"several runs of label=m, item=a, seed=0; expected a la"):
        per_item(swept(lambda r, item: 20.0), "psnr")


def test_runs_that_a_sweep_does_not_concern_are_a_group_too():
    plain = made_up({"relu": [20.0, 21.0]})
    other = made_up({"m": [30.0, 32.0]}, **{"model.r": 4, "model.s": "box"})
    frame = joined(plain, other)
    for by in ("model.r", "model.s", ["model", "model.r"]):
        assert per_item(frame, "psnr", by).to_numpy().tolist() == [[20.0, 21.0], [30.0, 32.0]]


def test_correlation_is_within_pictures_not_between_them():
    # In each picture PSNR falls with rank; between pictures both are higher: pooling would say +.
    frame = swept(
        lambda r, item: 100.0 * "abc".index(item) - r, seeds=2,
        rank=lambda r, item: 1000 * "abc".index(item) + r,
    )  # fmt: skip
    rho = correlation(frame, "rank", "psnr")
    assert rho.mean == pytest.approx(-1) and rho.n == 3
    assert (rho.low, rho.high) == (rho.mean, rho.mean), "three equal values"


def test_seeds_are_averaged_within_a_level():
    # The rank of a seed alone would order the levels otherwise.
    frame = swept(lambda r, item: float(r), seeds=2)
    seed = frame.runs["seed"].to_numpy()
    level = frame.runs["model.r"].to_numpy()
    frame = measured(frame, "a/b_0.1", {0: np.where(seed == 0, 100.0 - 3 * level, 5.0 * level)})
    assert correlation(frame, "a/b_0.1", "psnr").mean == pytest.approx(1)
    assert correlation(frame.where(seed=0), "a/b_0.1", "psnr").mean == -1
