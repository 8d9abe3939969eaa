"""Figures and tables of budget, calibration and controls, of frames with values of our choice."""

import numpy as np
import pytest

from inr_experiments.checks import InputError
from inr_experiments.reporting.looks import published
from inr_experiments.runs.frame import Frame
from tests.reporting.made_up import joined, made_up, measured
from tests.scripts import load

CALIBRATION = load("figures/fig_calibration")
CONTROLS = load("figures/fig_controls")
LABELS = published("psnr")
LIMIT = "data.without_network.bilinear.psnr_heldout"
NAMES = dict(zip(("relu", "rank_expanding", "pe", "siren"), LABELS, strict=True))


def regime(
    fitted: str, width: int, away: float, limit: float = np.nan, rate: float = 1e-3
) -> Frame:
    """The four methods so many dB above the published values at the end, 2 dB more before."""
    sides = {name: [LABELS[label] + away] * 2 for name, label in NAMES.items()}
    frame = made_up(
        sides, labels=NAMES, seeds=1,
        **{"task.fitted": fitted, "model.width": width, "fit.lr": rate, LIMIT: limit},
    )  # fmt: skip
    frame = measured(
        frame, "psnr", {4: [LABELS[label] + away - 2 for label in frame.runs["label"]]}
    )
    if fitted == "all":
        return frame
    ends = {
        at: [LABELS[n] + away - less for n in frame.runs["label"]] for at, less in ((4, 2), (9, 0))
    }
    return measured(frame, "psnr_heldout", ends)


FRAME = joined(
    regime("every_second", 64, -3.0, 24.54),
    regime("every_second", 64, -7.0, 24.54, rate=1e-2),
    regime("every_second", 144, -1.0, 24.54),
    regime("all", 64, -1.5),
)


def test_distances_are_of_the_better_rate_and_beside_the_interpolation():
    cells = CALIBRATION.distances(FRAME).set_index(["task.fitted", "model.width", "step"])
    assert cells.loc[("every_second", "64", 9), "rms"] == pytest.approx(3.0)
    assert cells.loc[("every_second", "64", 4), "rms"] == pytest.approx(5.0)
    # Our pictures' limit is 2.5 dB below that of the crops, so that 3 dB below is half a dB below.
    assert cells.loc[("every_second", "64", 9), "relative"] == pytest.approx(0.5)
    assert cells.loc[("all", "64", 9), "rms"] == pytest.approx(1.5)
    assert np.isnan(cells.loc[("all", "64", 9), "relative"])


def test_the_nearest_regime_is_named_and_a_panel_needs_its_limit():
    figure = CALIBRATION.draw(FRAME)
    assert len(figure.axes) == 3
    assert "width 144, 9 steps" in figure.axes[2].get_title()
    assert len(CALIBRATION.draw(FRAME.where(**{"task.fitted": "all"})).axes) == 2
    with pytest.raises(InputError, match="nothing is tuned on the 16"):
        CALIBRATION.draw(Frame("f", FRAME.runs.assign(task="div2k"), FRAME.steps, {}))


def test_the_budget_has_a_panel_a_width_and_the_interpolation_where_it_is_known():
    frame = FRAME.where(**{"task.fitted": "every_second"})
    figure = load("figures/fig_budget").draw(frame)
    fitted, wider, held_out, _ = figure.axes
    assert [fitted.get_title(), wider.get_title()] == ["width 64", "width 144"]
    assert list(fitted.lines[0].get_xdata()) == [4, 9]
    assert list(held_out.lines[0].get_ydata()) == pytest.approx([18.57, 20.57])
    assert list(held_out.lines[-1].get_ydata()) == [24.54, 24.54]
    none = Frame("f", frame.runs.drop(columns=LIMIT), frame.steps, {})
    assert len(load("figures/fig_budget").draw(none).axes[2].lines) == 4


def test_what_has_less_rank_and_more_psnr_is_set_apart():
    sides = {"relu": 20.0, "rank_expanding": 21.0, "low": 22.0, "low_and_worse": 19.0}
    ranks = {"relu": 9.0, "rank_expanding": 26.0, "low": 3.0, "low_and_worse": 3.0}
    frame = made_up(
        {name: [level, level + 1, level + 3] for name, level in sides.items()}, seeds=1,
        **{"task.coordinates": "symmetric", LIMIT: 25.0},
    )  # fmt: skip
    frame = measured(frame, CONTROLS.RANK, {0: [ranks[m] for m in frame.runs["model"]]})
    frame = measured(frame, "psnr_heldout", {9: frame.runs["psnr"].to_list()})
    assert [row.label for row in CONTROLS.gains(frame, "psnr") if row.against] == ["low"]
    figure = CONTROLS.draw(frame)
    open_marks = [
        [line.get_markerfacecolor() for line in axis.lines if line.get_marker() == "o"].index(
            "white"
        )
        for axis in figure.axes
    ]
    assert open_marks == [2, 2, 2]
    assert any(
        list(line.get_xdata()) == pytest.approx([25 - 64 / 3] * 2) for line in figure.axes[1].lines
    )


def test_controls_are_told_in_pairs():
    table = load("tables/table_controls")
    models = {model for pair in table.PAIRS for model in pair}
    levels = dict(zip(sorted(models), (20.0 + 0.5 * i for i in range(len(models))), strict=True))
    ranks = {"relu": 9.0, "rank_expanding": 26.0}
    unit = {"relu": levels["relu"], "rank_expanding": levels["relu"] + 0.25}
    frame = joined(
        *(
            made_up(
                {name: [level, level + 1, level + 3] for name, level in sides.items()}, seeds=1,
                **{"task.coordinates": at},
            )
            for at, sides in (
                ("symmetric", levels | dict.fromkeys(table.LOW, levels["rank_expanding"] + 2)),
                ("unit", unit),
            )
        )
    )  # fmt: skip
    first = [ranks.get(m, 3.0) for m in frame.runs["model"]]
    frame = measured(frame, table.RANK, {0: first, 9: [rank + 1 for rank in first]})
    frame = measured(frame, "psnr_heldout", {9: [-value for value in frame.runs["psnr"]]})
    found = {row[0]: row[1:] for row in table.rows(frame).body}
    assert len(found) == len(table.PAIRS) + 1 + 2 * len(table.LOW)
    gain = levels["rank_expanding"] - levels["relu"]
    rank, trained, fitted, _, held_out, _ = found["rank_expanding − relu"]
    assert (rank, trained) == ("26.0, 9.0", "27.0, 10.0")
    assert fitted.startswith(f"{gain:+.2f} [") and held_out.startswith(f"{-gain:+.2f} [")
    assert found["rank_expanding − relu, on [0, 1)"][2].startswith("+0.25 [")
    assert found["REI, r = 4 − rank_expanding"][2].startswith("+2.00 [")
