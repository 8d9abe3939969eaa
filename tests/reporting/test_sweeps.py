"""Runs, gains and correlations from made-up frames."""

import math

import pandas as pd
import pytest

from inr_experiments.checks import InputError
from inr_experiments.reporting.sweeps import correlation, per_item, runs
from inr_experiments.runs.frame import COLUMNS


def made_up(psnr: dict[tuple[str, int, int], float], rank=lambda r, item: r) -> pd.DataFrame:
    """Runs by (item, r, seed): rank at steps 0 and 9, PSNR at 9."""
    rows = []
    for (item, r, seed), value in psnr.items():
        common = ("k", "m", "t", item, seed, "smoke")
        folder = f"{item}-{r}-{seed}"
        rows.append((*common, 0, False, "rank", rank(r, item), folder, r))
        rows.append((*common, 9, True, "rank", 99.0, folder, r))
        rows.append((*common, 9, True, "psnr", value, folder, r))
    return pd.DataFrame(rows, columns=[*COLUMNS, "model.r"])


def test_a_run_has_its_first_and_last_values_and_what_was_swept():
    table = runs(made_up({("a", 2, 0): 20.0, ("a", 4, 0): 21.0}), first=["rank"], last=["psnr"])
    assert table[["model.r", "rank", "psnr"]].to_numpy().tolist() == [[2, 2, 20], [4, 4, 21]]
    with pytest.raises(InputError, match="ssim"):
        runs(made_up({("a", 2, 0): 20.0}), last=["ssim"])


def test_seeds_are_averaged_within_items_and_items_must_be_the_same():
    values = {("a", 2, 0): 20.0, ("a", 2, 1): 22.0, ("b", 2, 0): 30.0}
    table = runs(made_up(values), last=["psnr"])
    assert per_item(table, "psnr", "model.r").loc[2].to_dict() == {"a": 21.0, "b": 30.0}
    table = runs(made_up({**values, ("a", 4, 0): 25.0}), last=["psnr"])
    with pytest.raises(InputError, match="same items"):
        per_item(table, "psnr", ["model", "model.r"])


def test_correlation_is_within_pictures_not_between_them():
    # In each picture PSNR falls with rank; between pictures both are higher: pooling would say +.
    def value(item, r):
        return 100.0 * "abc".index(item) - r

    cells = {(i, r, s): value(i, r) + 0.1 * s for i in "abc" for r in (2, 4, 8) for s in (0, 1)}
    frame = made_up(cells, rank=lambda r, item: 1000 * "abc".index(item) + r)
    rho = correlation(runs(frame, first=["rank"], last=["psnr"]), "rank", "psnr")
    assert rho.mean == pytest.approx(-1) and rho.n == 3
    assert math.isnan(rho.low), "three equal values have no interval"


def test_a_metric_with_a_dot_in_its_name_is_no_swept_key():
    # Rank differs by seed: taken for a key, it would keep the seeds apart.
    cells = {("a", r, s): r + (9.0 if s else 0.0) for r in (2, 4, 8) for s in (0, 1)}
    frame = made_up(cells)
    seeds = frame["seed"] * (frame["metric"] == "rank")
    frame = frame.assign(value=frame["value"] - 20 * seeds).replace({"metric": {"rank": "a/b_0.1"}})
    table = runs(frame, first=["a/b_0.1"], last=["psnr"])
    assert correlation(table, "a/b_0.1", "psnr").mean == pytest.approx(1)
