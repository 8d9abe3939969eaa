"""Which runs of the rank ablation are pooled, and the table of their correlations."""

import pytest

from inr_experiments.checks import InputError
from inr_experiments.reporting.ablation import (
    alike,
    default_cell,
    knob_of,
    pooled,
    widths,
    with_early_fall,
)
from inr_experiments.reporting.looks import MEASURES
from inr_experiments.runs.frame import Frame
from tests.reporting.made_up import joined, made_up, measured
from tests.scripts import load

TABLE = load("tables/rank_correlations")
KEYS = {
    "points r": "model.inlet_init.distinct",
    "ε": "model.inlet_init.epsilon",
    "ω₀": "model.inlet_activation.omega",
    "octaves": "model.encoding.octaves",
}


def knob(label: str, slope: float, pictures: str = "abcd") -> Frame:
    """Four levels a picture: the early fall rises with the level, PSNR by `slope`."""
    levels = [
        made_up(
            {label: [20.0 + slope * level] * len(pictures)},
            items=pictures, seeds=1, early_slope=-0.1 * level, **{KEYS[label]: level + 1},
        )
        for level in range(4)
    ]  # fmt: skip
    frame = joined(*levels)
    ranks = 2.0 ** frame.runs[KEYS[label]].to_numpy()
    for measure in TABLE.SHOWN:
        frame = measured(frame, f"spectra/inlet/{measure}", {0: ranks})
    return frame


def over_widths(*widths: int) -> Frame:
    """The default and REI at two widths, by default none of them that of the knobs, 16."""
    sides = {"relu": [20.0] * 4, "rank_expanding": [21.0] * 4}
    both = (
        made_up(sides, items="abcd", seeds=1, early_slope=-0.2, **{"model.width": w})
        for w in widths or (64, 144)
    )
    frame = joined(*both)
    for measure in TABLE.SHOWN:
        frame = measured(frame, f"spectra/inlet/{measure}", {0: 3.0})
    return frame


#: PSNR rises with the rank of two knobs, one of them on fewer pictures, and falls with that of two.
FRAME = joined(
    knob("points r", 1.0), knob("ε", 2.0, "abc"), knob("ω₀", -1.0), knob("octaves", -1.0),
    over_widths(),
)  # fmt: skip


def test_a_label_is_the_knob_of_the_value_it_moves():
    assert knob_of(FRAME) == KEYS
    assert widths(FRAME).labels == ["relu", "rank_expanding"]
    with pytest.raises(InputError, match=r"no label moves one of model\.inlet_init\.distinct, "):
        knob_of(over_widths())
    with pytest.raises(InputError, match="every label moves a knob"):
        widths(FRAME.where(label=list(KEYS)))


def test_knobs_are_compared_on_the_pictures_that_all_have():
    shared = alike(FRAME)
    assert shared.labels == list(KEYS)
    assert list(shared.runs["item"].unique()) == ["a", "b", "c"]
    with pytest.raises(InputError, match="the knobs share no item"):
        alike(joined(knob("points r", 1.0, "ab"), knob("ε", 1.0, "cd")))


def test_other_activations_and_sizes_are_not_pooled():
    together = pooled(FRAME)
    assert together.labels == ["points r", "ε"]
    assert set(together.runs["item"]) == set("abc") and len(together.runs) == 2 * 3 * 4
    with pytest.raises(InputError, match="1 knobs to pool; expected two or more"):
        pooled(FRAME.where(label=["points r", "ω₀"]))


def test_the_early_fall_is_minus_the_early_slope():
    frame = with_early_fall(knob("ε", 1.0, "a"))
    assert frame.value("early_fall").to_list() == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_every_measure_has_its_rho():
    table = TABLE.rows(FRAME)
    found = {(row[0], row[3]): row for row in table.body}
    assert len(table.body) == len(found) == 5 * len(TABLE.SHOWN)
    one = "+1.00 [+1.00, +1.00]"
    for measure in TABLE.SHOWN:
        name = MEASURES[measure].name
        assert found["points r", name][1:3] == ["16", "4"]
        assert found["points r", name][4:] == [one, one]
        assert found["ε", name][1:3] == ["12", "3"]
        assert found["octaves", name][4:] == [one, "-1.00 [-1.00, -1.00]"]
        assert found["pooled", name][1:3] == ["24", "3"]
        early, last = found["pooled", name][4:]
        assert early == one and 0.8 < float(last.split(" ")[0]) < 1


def test_the_figure_has_a_line_a_knob_and_a_gain_by_width():
    figure = load("figures/fig_rank_ablation").draw(FRAME)
    of_effective_rank, *_, correlations, _, gains = figure.axes
    assert [line.get_label() for line in of_effective_rank.lines] == list(KEYS)
    assert list(of_effective_rank.lines[0].get_xdata()) == [2.0, 4.0, 8.0, 16.0]
    assert list(of_effective_rank.lines[1].get_ydata()) == pytest.approx([20.0, 22.0, 24.0, 26.0])
    dashes = [line.get_linestyle() for line in of_effective_rank.lines]
    assert dashes == ["-", "-", ":", ":"], "dotted: not pooled"
    rows = [label.get_text() for label in correlations.get_yticklabels()]
    assert rows == [*KEYS, "pooled"]
    assert list(gains.lines[0].get_ydata()) == pytest.approx([1.0, 1.0])


def test_the_default_stands_beside_the_knobs_of_its_width():
    assert default_cell(FRAME) is None
    frame = joined(knob("points r", 1.0), knob("ε", 2.0, "abc"), over_widths(16, 64))
    default = default_cell(frame)
    assert set(default.runs["model"]) == {"relu"} and set(default.runs["model.width"]) == {16}
    assert set(default.runs["item"]) == set("abc"), "the pictures of all knobs"
    star = load("figures/fig_rank_ablation").draw(frame).axes[0].lines[-1]
    assert star.get_marker() == "*"
    assert (list(star.get_xdata()), list(star.get_ydata())) == ([3.0], [20.0])
