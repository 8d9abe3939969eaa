"""Figures and tables of budget and controls, of frames with values of our choice."""

import pytest

from inr_experiments.checks import InputError
from inr_experiments.reporting.looks import published
from inr_experiments.reporting.rates import best_courses
from inr_experiments.runs.frame import Frame
from tests.reporting.made_up import joined, made_up, measured
from tests.scripts import load

BUDGET = load("figures/fig_budget")
CONTROLS = load("figures/fig_controls")
LABELS = published("psnr")
LIMIT = "data.without_network.bilinear.psnr_heldout"
NAMES = dict(zip(("relu", "rank_expanding", "pe", "siren"), LABELS, strict=True))


def regime(width: int, away: float, rate: float = 1e-3) -> Frame:
    """The four methods so many dB above the published values at the end, 2 dB less before."""
    sides = {name: [LABELS[label] + away] * 2 for name, label in NAMES.items()}
    frame = made_up(
        sides, labels=NAMES, seeds=1,
        **{"model.width": width, "fit.lr": rate, LIMIT: BUDGET.LIMIT_OF_THE_CROPS - 2.5},
    )  # fmt: skip
    last = [LABELS[label] + away for label in frame.runs["label"]]
    before = [value - 2 for value in last]
    return measured(measured(frame, "psnr", {4: before}), "psnr_heldout", {4: before, 9: last})


FRAME = joined(regime(64, -3.0), regime(64, -7.0, rate=1e-2), regime(144, -1.0))


def test_distances_are_of_the_better_rate_and_beside_the_interpolation():
    own = FRAME.where(**{"model.width": 64})
    away = BUDGET.distances(best_courses(own, "psnr_heldout"), BUDGET.expected(own))
    # Our pictures' limit is 2.5 dB below that of the crops, so that 3 dB below is half a dB below.
    assert away.to_dict() == pytest.approx({4: 2.5, 9: 0.5})


def test_the_budget_has_a_panel_a_width_the_interpolation_and_the_published_values():
    figure = BUDGET.draw(FRAME)
    fitted, wider, held_out, nearest = figure.axes
    assert [fitted.get_title(), wider.get_title()] == ["width 64", "width 144"]
    assert list(fitted.lines[0].get_xdata()) == [4, 9]
    assert list(held_out.lines[0].get_ydata()) == pytest.approx([18.57, 20.57])
    assert list(held_out.lines[4].get_ydata()) == [24.54, 24.54]
    assert list(held_out.lines[5].get_ydata()) == pytest.approx([23.57 - 2.5])
    assert "0.5 dB" in held_out.get_title() and "after 4 steps" in nearest.get_title()
    none = Frame("f", FRAME.runs.drop(columns=LIMIT), FRAME.steps, {})
    assert len(BUDGET.draw(none).axes[2].lines) == 4
    with pytest.raises(InputError, match="nothing is tuned on the 16"):
        BUDGET.draw(Frame("f", FRAME.runs.assign(task="div2k"), FRAME.steps, {}))


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
