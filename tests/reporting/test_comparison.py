"""The table of whatever was run."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from inr_experiments.checks import InputError
from inr_experiments.reporting.comparison import as_csv, as_table, compare_rows, named_rows
from tests.reporting.made_up import WOBBLE, joined, made_up


def test_differences_are_paired_over_items_and_seeds_averaged_first():
    a, b = 20 + 5 * np.arange(8.0), 21 + 5 * np.arange(8.0) + 0.1 * WOBBLE
    first, second = compare_rows(made_up({"relu": a, "mine": b}, seeds=3)).rows
    assert first.against is None and first.mean.mean == pytest.approx(a.mean())
    d = b - a
    half = t.ppf(0.975, 7) * d.std(ddof=1) / np.sqrt(8)
    assert second.against.mean == pytest.approx(d.mean())
    assert second.against.low == pytest.approx(d.mean() - half)
    assert second.mean.n == second.against.n == 8
    assert second.p == 2 / 2**8


def test_a_row_that_lacks_an_item_is_compared_on_those_it_has():
    whole = made_up({"relu": [10.0, 20.0, 30.0, 40.0]})
    part = made_up({"mine": [22.0, 33.0]}, items=("item1", "item2"))
    row = compare_rows(joined(whole, part)).rows[1]
    assert row.mean.mean == 27.5 and row.mean.n == row.against.n == 2
    assert row.against.mean == pytest.approx(2.5)


def test_seeds_that_one_row_lacks_are_no_difference():
    whole = made_up({"relu": [[1.0, 9.0], [2.0, 8.0]]})
    part = made_up({"mine": [[3.0], [4.0]]}, seeds=1)
    row = compare_rows(joined(whole, part)).rows[1]
    assert row.against.mean == pytest.approx(2.0)


def test_rows_are_named_by_what_was_swept():
    lrs = [made_up({"relu": [1.0, 2.0]}, **{"fit.lr": lr}) for lr in (0.01, 0.1)]
    key, named = named_rows(joined(*lrs))
    assert key == "fit.lr" and list(named.runs["row"].unique()) == ["0.01", "0.1"]
    both = [made_up({"relu": [1.0], "pe": [2.0]}, **{"fit.lr": lr}) for lr in (0.01, 0.1)]
    key, named = named_rows(joined(*both))
    assert key == "model" and set(named.runs["row"]) == {
        "relu, fit.lr=0.01", "pe, fit.lr=0.01", "relu, fit.lr=0.1", "pe, fit.lr=0.1"
    }  # fmt: skip
    # A rate that goes with the model was not swept.
    own = joined(made_up({"relu": [1.0]}), made_up({"pe": [2.0]}, **{"fit.lr": 1.0}))
    assert list(named_rows(own)[1].runs["row"]) == ["relu", "relu", "pe", "pe"]
    # Two keys that change together are one.
    wide = [made_up({"relu": [1.0]}, **{"model.width": n, "task.side": n}) for n in (64, 128)]
    assert named_rows(joined(*wide))[0] == "model.width"
    # A default of null has no column of its own.
    swept = joined(made_up({"rei": [1.0]}), made_up({"rei": [2.0]}, **{"model.epsilon": 0.3}))
    assert set(named_rows(swept)[1].runs["row"]) == {"null", "0.3"}
    # What decides no number tells no rows apart: a record of before may lack it.
    old = joined(made_up({"relu": [1.0]}, **{"model.match_by": "width"}), made_up({"relu": [2.0]}))
    assert set(named_rows(old)[1].runs["row"]) == {"relu"}


def test_each_task_has_its_metric():
    pictures = made_up({"relu": [20.0, 21.0], "pe": [22.0, 23.0]})
    solids = made_up({"relu": [0.5, 0.6], "pe": [0.7, 0.9]}, metric="iou", task="occupancy",
                     items=("bunny", "knot"))  # fmt: skip
    found = compare_rows(joined(pictures, solids))
    assert [(row.metric, row.name) for row in found.rows] == [
        ("psnr", "relu"), ("psnr", "pe"), ("iou", "relu"), ("iou", "pe")
    ]  # fmt: skip
    more = compare_rows(joined(made_up({"rei": [1.0]}), pictures, solids))
    assert set(more.references.values()) == {"relu"}, "rei has no iou"
    table = as_table(found)
    assert table.header[0] == "metric" and "0.8000 ± 0.1414" in table.body[3]


def test_where_no_row_has_every_metric_each_has_its_own_reference():
    pictures = made_up({"relu": [20.0, 21.0], "pe": [22.0, 23.0]})
    solids = made_up({"siren": [0.5, 0.6], "bn": [0.7, 0.9]}, metric="iou", task="occupancy")
    found = compare_rows(joined(pictures, solids))
    assert found.references == {"psnr": "relu", "iou": "siren"}
    assert [row.name for row in found.rows if row.against] == ["pe", "bn"]
    assert "against the first of each metric" in as_table(found).header
    with pytest.raises(InputError, match="relu has no iou"):
        compare_rows(joined(pictures, solids), reference="relu")


def test_tasks_of_one_metric_are_never_averaged():
    pictures = made_up({"relu": [20.0, 22.0]})
    signal = made_up({"relu": [60.0]}, task="signal", items=("band",))
    assert [(row.name, row.mean.mean) for row in compare_rows(joined(pictures, signal)).rows] == [
        ("image", 21.0), ("signal", 60.0),
    ]  # fmt: skip


def test_tasks_are_apart_in_any_metric_that_they_share():
    pictures = made_up({"relu": [20.0, 22.0]}, parameters=100)
    solid = made_up({"relu": [0.5]}, metric="iou", task="occupancy", items=("bunny",), parameters=9)
    both = joined(pictures, solid)
    assert [row.mean.mean for row in compare_rows(both, ["parameters"]).rows] == [100, 9]
    assert [row.name for row in compare_rows(both).rows] == ["relu", "relu"], "psnr and iou"


def test_tasks_that_share_their_items_have_rows_of_their_own():
    levels = {"inpainting": 20.0, "denoising": 30.0}
    found = compare_rows(joined(*[
        made_up({"relu": [x, x], "pe": [x + 1, x + 2]}, task=task, **{"task.name": task})
        for task, x in levels.items()
    ]))  # fmt: skip
    assert [(row.name, row.mean.mean) for row in found.rows] == [
        ("relu, task=inpainting", 20.0), ("pe, task=inpainting", 21.5),
        ("relu, task=denoising", 30.0), ("pe, task=denoising", 31.5),
    ]  # fmt: skip


def test_runs_of_another_metric_may_be_there_twice():
    pictures = made_up({"relu": [20.0, 21.0], "pe": [22.0, 23.0]})
    solid = made_up({"relu": [0.5]}, metric="iou", items=("bunny",))
    again = replace(solid, runs=solid.runs.rename(index=lambda run: f"{run}/again"))
    found = compare_rows(joined(pictures, solid, again), ["psnr"])
    assert [row.name for row in found.rows] == ["relu", "pe"]


def test_what_cannot_be_compared_is_said():
    frame = made_up({"relu": [1.0], "pe": [2.0]})
    with pytest.raises(InputError, match="against 'Pe': no such row; expected one of relu, pe"):
        compare_rows(frame, reference="Pe")
    named = made_up({"relu": [1.0], "siren": [2.0]}, labels={"siren": "SIREN"})
    for name in ("siren", "SIREN"):
        assert set(compare_rows(named, reference=name).references.values()) == {"SIREN"}
    lrs = [made_up({"relu": [1.0]}, **{"fit.lr": lr}) for lr in (1e-3, 1e-2)]
    assert compare_rows(joined(*lrs), reference="1e-2").references == {"psnr": "0.01"}
    steps = frame.steps.assign(value=np.nan)
    with pytest.raises(InputError, match="frame made_up: relu has no psnr"):
        compare_rows(replace(frame, steps=steps))
    with pytest.raises(InputError, match="no metric 'psn'; did you mean 'psnr'"):
        compare_rows(frame, ["psn"])


def test_a_value_that_is_no_number_is_left_out_of_the_test():
    found = compare_rows(made_up({"relu": [1.0, 2.0, 3.0], "pe": [np.inf, 3.0, 4.0]}, seeds=1))
    assert found.rows[1].against.n == 2
    assert "Left out, as its psnr is no finite number: 1 of pe." in as_table(found).note
    one = compare_rows(made_up({"relu": [[1.0, 2.0], [2.0, 3.0]], "pe": [[np.inf, 4.0], [5, 6]]}))
    assert one.rows[1].mean.n == 2 and one.rows[1].mean.mean == (4.0 + 5.5) / 2
    assert one.rows[1].against.mean == ((4.0 - 2.0) + (5.5 - 2.5)) / 2, "seed by seed"
    none = compare_rows(made_up({"relu": [1.0, 2.0], "pe": [np.inf, np.inf]}, seeds=1))
    assert as_table(none).body[1][1:3] == ["0", "– ± –"]


def with_limit(side: int, value: float):
    frame = made_up({"relu": [20.0, 22.0], "pe": [22.0, 26.0]}, **{"task.side": side})
    runs = frame.runs.assign(**{"data.without_network.bilinear.psnr": value})
    return replace(frame, runs=runs)


def test_what_needs_no_network_stands_below():
    found = compare_rows(with_limit(64, 25.0))
    assert [row.name for row in found.rows] == ["relu", "pe", "bilinear"]
    last = found.rows[-1]
    assert last.mean.mean == 25.0 and last.against.mean == pytest.approx(4.0)
    assert np.isnan(last.p) and found.rows[1].p == 0.5, "it is no test of the family"
    table = as_table(found)
    assert table.body[-1][0] == "bilinear" and "Without a network: bilinear." in table.note
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert rows[-1]["model"] == "bilinear" and rows[-1]["p"] == ""


def test_what_needs_no_network_mixes_no_settings():
    mixed = compare_rows(joined(with_limit(64, 25.0), with_limit(128, 27.0)))
    assert "bilinear" not in {row.name for row in mixed.rows}
    lacking = made_up({"siren": [30.0, 31.0]})
    assert len(compare_rows(joined(with_limit(64, 25.0), lacking)).rows) == 3


def test_csv_holds_every_number_in_full():
    found = compare_rows(made_up({"relu": [1 / 3, 2.0], "pe": [2 / 3, 3.0]}, seeds=1))
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert float(rows[0]["mean"]) == found.rows[0].mean.mean and rows[0]["difference"] == ""
    assert float(rows[1]["difference_low"]) == found.rows[1].against.low
    assert rows[1]["reference"] == "relu" and rows[1]["shared_items"] == "2"


def test_units_and_directions_are_those_of_the_task():
    told = {"metric.psnr.unit": "dB", "metric.psnr.better": "higher"}
    found = compare_rows(made_up({"relu": [20.0, 21.0], "pe": [22.0, 23.0]}, **told))
    table = as_table(found)
    assert "psnr (dB) ± std" in table.header and "psnr: higher is better" in table.note
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert rows[0]["unit"] == "dB" and rows[0]["better"] == "higher"
    assert compare_rows(made_up({"relu": [20.0]})).measured("psnr") == "psnr"
