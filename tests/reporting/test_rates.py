"""The grid of learning rates, and courses at the best of them."""

import numpy as np
import pytest

from inr_experiments.checks import InputError
from inr_experiments.reporting.gains import LINEAR, limit
from inr_experiments.reporting.rates import best_courses, grid
from inr_experiments.runs.frame import Frame
from tests.reporting.made_up import joined, made_up, measured, without


def cell(label: str, rate: float, held_out: float, fitted: float, items: str = "ab") -> Frame:
    """A label at a rate on pictures, each 2 dB above the one before."""
    frame = made_up({label: [fitted + 2 * i for i in range(len(items))]}, items=items, seeds=1,
                    **{"fit.lr": rate})  # fmt: skip
    ends = [held_out + 2 * i for i in range(len(items))]
    return measured(frame, "psnr_heldout", {0: 5.0, 4: 9.0, 9: ends})


FRAME = joined(
    cell("relu", 1e-3, 20.0, 21.0), cell("relu", 3e-3, 22.0, 23.0), cell("relu", 1e-2, 21.0, 24.0),
    cell("siren", 1e-4, 24.0, 30.0), cell("siren", 1e-3, 23.0, 40.0),
)  # fmt: skip


def test_the_best_rate_is_by_held_out_pixels_and_its_place_is_said():
    table = grid(FRAME)
    assert table.header[1:5] == ["0.0001", "0.001", "0.003", "0.01"]
    relu, siren = table.body
    assert relu[1:] == ["", "21.00 / 22.00", "23.00 / 24.00", "22.00 / 25.00",
                        "0.003", "0.01", "3", ""]  # fmt: skip
    assert siren[1:] == ["25.00 / 31.00", "24.00 / 41.00", "", "",
                         "0.0001", "0.001", "2", "lowest"]  # fmt: skip
    assert table.note.endswith("A best at the end of its grid: siren.")


def test_means_are_over_the_pictures_that_every_cell_has():
    table = grid(without(FRAME, label="relu", item="b", **{"fit.lr": 1e-2}))
    assert table.body[0][2:5] == ["20.00 / 21.00", "22.00 / 23.00", "21.00 / 24.00"]
    assert "mean over a; 9 fits" in table.note
    with pytest.raises(InputError, match="no picture has psnr_heldout of every label and rate"):
        grid(joined(cell("relu", 1e-3, 20.0, 21.0, "a"), cell("siren", 1e-3, 20.0, 21.0, "b")))


def test_nothing_is_tuned_on_the_pictures_of_the_tables():
    frame = made_up({"relu": [20.0]}, task="div2k", **{"fit.lr": 1e-3})
    with pytest.raises(InputError, match="nothing is tuned on the 16 pictures"):
        grid(frame)


def test_a_course_is_at_the_best_rate_of_each_step():
    slow = measured(
        made_up({"m": [20.0, 22.0]}, seeds=1, **{"fit.lr": 1e-3}), "p", {0: 0, 4: 1, 9: 6}
    )
    fast = measured(
        made_up({"m": [20.0, 22.0]}, seeds=1, **{"fit.lr": 1e-2}), "p", {0: 0, 4: 3, 9: 5}
    )
    course = best_courses(joined(slow, fast), "p").loc["m"]
    assert course.to_dict() == {4: 3, 9: 6}
    lacking = without(joined(slow, fast), item="item1", **{"fit.lr": 1e-2})
    assert best_courses(lacking, "p").loc["m"].to_dict() == {4: 1, 9: 6}
    with pytest.raises(InputError, match="no q after step 0"):
        best_courses(slow, "q")


def test_the_limit_is_the_mean_over_pictures_of_either_interpolation():
    frame = made_up({"relu": [20.0, 21.0], "siren": [25.0, 26.0]}, seeds=1)
    runs = frame.runs.assign(psnr_heldout=20.0)
    assert np.isnan(limit(Frame("f", runs, frame.steps, {})))
    on_grid, elsewhere = (f"data.without_network.{name}.psnr_heldout" for name in LINEAR)
    runs = runs.assign(**{on_grid: [24.0, np.nan] * 2, elsewhere: [np.nan, 30.0] * 2})
    assert limit(Frame("f", runs, frame.steps, {})) == 27.0
    runs[elsewhere] = np.nan
    assert np.isnan(limit(Frame("f", runs, frame.steps, {})))
