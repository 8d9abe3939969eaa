"""Which runs of the rank ablation are compared, their correlations and their figure."""

import pytest

from inr_experiments.checks import InputError
from inr_experiments.reporting.ablation import knob_of, pooled, shared, with_early_fall
from inr_experiments.reporting.looks import MEASURES
from inr_experiments.runs.frame import Frame
from tests.reporting.made_up import joined, made_up, measured
from tests.scripts import load

TABLE = load("tables/rank_correlations")
KEYS = {
    "points r": "model.inlet_init.distinct",
    "ε": "model.inlet_init.epsilon",
    "bias scale": "model.inlet_init.bias_scale",
}


def ranked(frame: Frame, ranks: list[float] | float) -> Frame:
    """The frame with these ranks at step 0, by every measure."""
    for measure in TABLE.SHOWN:
        frame = measured(frame, f"spectra/inlet/{measure}", {0: ranks})
    return frame


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
    return ranked(frame, 2.0 ** frame.runs[KEYS[label]].to_numpy())


METHODS = ranked(
    made_up(
        {"relu": [20.0] * 4, "rank_expanding": [21.0] * 4},
        items="abcd", seeds=1, early_slope=-0.2,
    ),
    3.0,
)  # fmt: skip
#: PSNR rises with the rank of two knobs, one of them on fewer pictures, and falls with the third's.
FRAME = joined(METHODS, knob("points r", 1.0), knob("ε", 2.0, "abc"), knob("bias scale", -1.0))


def test_a_label_is_the_knob_of_the_value_it_moves():
    assert knob_of(FRAME) == KEYS
    with pytest.raises(InputError, match=r"no label moves one of model\.inlet_init\.distinct, "):
        knob_of(METHODS)


def test_knobs_are_compared_on_the_pictures_that_all_have():
    assert set(shared(FRAME).runs["item"]) == set("abc")
    assert set(shared(FRAME).labels) == {"relu", "rank_expanding", *KEYS}
    with pytest.raises(InputError, match="the knobs share no item"):
        shared(joined(knob("points r", 1.0, "ab"), knob("ε", 1.0, "cd")))


def test_knobs_alone_are_pooled():
    together = pooled(FRAME)
    assert together.labels == list(KEYS) and len(together.runs) == 3 * 3 * 4
    with pytest.raises(InputError, match="1 knobs to pool; expected two or more"):
        pooled(FRAME.where(label=["points r", "relu"]))


def test_the_early_fall_is_minus_the_early_slope():
    frame = with_early_fall(knob("ε", 1.0, "a"))
    assert frame.value("early_fall").to_list() == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_every_measure_has_its_rho():
    table = TABLE.rows(FRAME)
    found = {(row[0], row[3]): row for row in table.body}
    assert len(table.body) == len(found) == 4 * len(TABLE.SHOWN)
    one = "+1.00 [+1.00, +1.00]"
    for measure in TABLE.SHOWN:
        name = MEASURES[measure].name
        assert found["points r", name][1:3] == ["16", "4"]
        assert found["points r", name][4:] == [one, one]
        assert found["ε", name][1:3] == ["12", "3"]
        assert found["bias scale", name][4:] == [one, "-1.00 [-1.00, -1.00]"]
        assert found["pooled", name][1:3] == ["36", "3"]
        early, last = found["pooled", name][4:]
        assert early == one and 0 < float(last.split(" ")[0]) < 1


def test_the_figure_has_a_line_a_knob_and_a_star_a_method():
    figure = load("figures/fig_rank_ablation").draw(FRAME)
    of_effective_rank, *_, correlations, _, legend = figure.axes
    lines = {line.get_label(): line for line in of_effective_rank.lines}
    assert list(lines) == ["relu", "rank_expanding", *KEYS]
    assert list(lines["points r"].get_xdata()) == [2.0, 4.0, 8.0, 16.0]
    assert list(lines["ε"].get_ydata()) == pytest.approx([20.0, 22.0, 24.0, 26.0])
    star = lines["relu"]
    assert star.get_marker() == "*"
    assert (list(star.get_xdata()), list(star.get_ydata())) == ([3.0], [20.0])
    assert [label.get_text() for label in correlations.get_yticklabels()] == [*KEYS, "pooled"]
    told = [text.get_text() for text in legend.get_legend().get_texts()]
    assert told[:5] == list(lines) and len(told) == 5 + 3
