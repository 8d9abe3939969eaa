"""Tables on made-up frames: rows, what they refuse, and the files that are written."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from inr_experiments.checks import InputError
from inr_experiments.reporting import tables
from inr_experiments.reporting.page import as_html
from tests.reporting.made_up import LAST, joined, made_up, measured, without
from tests.scripts import load

LABELS = {"siren": "SIREN", "relu": "ReLU (default)", "rank_expanding": "REI"}
FRAME = made_up(
    {
        model: [(base + offset, base + offset + 0.2) for offset in (0.0, 4.0, 2.0)]
        for model, base in (("siren", 30.0), ("relu", 20.0), ("rank_expanding", 25.0))
    },
    labels=LABELS,
)


def test_seeds_are_averaged_within_items_first():
    rows = tables.rows(FRAME, "psnr")
    relu, siren = rows["ReLU (default)"], rows["SIREN"]
    assert relu.mean.n == 3, "the unit is the item"
    assert relu.mean.mean == pytest.approx(22.1)
    assert relu.mean.std == pytest.approx(2.0), "seeds add nothing to the spread over items"
    assert relu.seed_std == pytest.approx(0.2 / 2**0.5)
    assert relu.against is None and math.isnan(relu.p)
    assert siren.against.mean == pytest.approx(10.0)
    assert siren.p == pytest.approx(0.25), "2 / 2³: clear gains cost each other nothing"


def test_p_is_that_of_the_rows_together():
    gain = np.array([0.5, 0.9, 0.3, 0.7, 0.8, 0.4, 0.6, -0.5])
    noise = {f"other{i}": own - own.mean()
             for i, own in enumerate(np.random.default_rng(1).normal(size=(6, 8)))}  # fmt: skip
    sides = {"relu": np.zeros(8), "mine": gain}
    alone, among = (tables.rows(made_up(own), "psnr")["mine"].p for own in (sides, sides | noise))
    assert alone <= 0.05 < among


def test_rows_stand_in_the_order_of_the_sweep():
    assert list(tables.rows(FRAME, "psnr")) == ["SIREN", "ReLU (default)", "REI"]


def test_a_factor_and_one_seed():
    frame = made_up({"relu": [0.5, 0.7], "mine": [0.6, 0.9]}, metric="iou", seeds=1)
    relu, mine = tables.rows(frame, "iou", factor=100).values()
    assert relu.mean.mean == pytest.approx(60) and math.isnan(relu.seed_std)
    assert mine.against.mean == pytest.approx(15)
    cells = tables.cells(mine)
    assert len(cells) == len(tables.header("")) and cells[0] == "75.00 ± 21.21"
    assert cells[1].startswith("+15.00 [") and cells[2:] == ["0.5", "–"]
    assert tables.cells(relu)[1:] == ["–"] * 3


def test_a_row_alone_has_no_p():
    (row,) = tables.rows(FRAME.where(model="relu"), "psnr").values()
    assert row.against is None and math.isnan(row.p)


def test_a_frame_without_the_reference_is_refused():
    with pytest.raises(InputError, match="no run with model=relu"):
        tables.rows(FRAME.where(model="siren"), "psnr")


def test_a_missing_cell_is_named():
    with pytest.raises(InputError) as caught:
        tables.rows(without(FRAME, model="siren", seed=1, item="item1"), "psnr")
    assert str(caught.value) == (
        "frame made_up: SIREN lacks psnr of item1, seed 1; expected the same items and seeds of "
        "every method"
    )
    hit = FRAME.steps["run"].isin(FRAME.where(model="siren", seed=1, item="item1").runs.index)
    lost = replace(FRAME, steps=FRAME.steps.assign(value=FRAME.steps["value"].mask(hit)))
    with pytest.raises(InputError, match="SIREN lacks psnr of item1, seed 1"):
        tables.rows(lost, "psnr")
    perfect = replace(FRAME, steps=FRAME.steps.assign(value=FRAME.steps["value"].mask(hit, np.inf)))
    with pytest.raises(InputError, match="SIREN lacks psnr of item1, seed 1"):
        tables.rows(perfect, "psnr")
    with pytest.raises(InputError, match="no metric 'pnsr'; did you mean 'psnr'"):
        tables.rows(FRAME, "pnsr")


def test_precisions_are_not_mixed():
    values = [20.0, 21.0]
    relu, siren = made_up({"relu": values}), made_up({"siren": values}, precision="bf16")
    with pytest.raises(InputError) as caught:
        tables.rows(joined(relu, siren), "psnr")
    assert str(caught.value) == (
        "frame made_up: mixes precisions (relu fp32, siren bf16); expected one"
    )
    tables.rows(joined(relu, made_up({"siren": values})), "psnr")


def test_two_variants_of_one_label_are_refused():
    def variant(epsilon: float, label: str):
        own = {"model.inlet_init.epsilon": epsilon}
        return made_up({"rank_expanding": [20.0, 21.0]}, labels={"rank_expanding": label}, **own)

    relu = made_up({"relu": [20.0, 21.0]})
    with pytest.raises(InputError) as caught:
        tables.rows(joined(relu, variant(0.1, "REI"), variant(0.3, "REI")), "psnr")
    assert str(caught.value) == (
        "frame made_up: several runs of label=REI, item=item0, seed=0; expected a label of its own "
        "(model.label) for each value that is swept"
    )
    told = tables.rows(joined(relu, variant(0.1, "REI"), variant(0.3, "REI, ε = 0.3")), "psnr")
    assert list(told) == ["relu", "REI", "REI, ε = 0.3"]


def test_the_caption_says_what_was_averaged():
    said = tables.caption(FRAME, "psnr", "dB")
    assert said.startswith(
        "psnr (dB) at the last step; mean over 3 items of task image, 2 seeds averaged within "
        "each; scale laptop, fp32."
    )
    assert "with 3 items the smallest attainable is 0.25." in said


def test_written_files_say_the_same(tmp_path):
    body = [[name, *tables.cells(row)] for name, row in tables.rows(FRAME, "psnr").items()]
    header = ["method", *tables.header("PSNR")]
    files = tables.write(tables.Table(header, body, "a note"), tmp_path / "made" / "t")
    assert [path.name for path in files] == ["t.txt", "t.md", "t.tex"]
    marks = ("22.10 ± 2.00", "| 22.10 ± 2.00 |", r"22.10 $\pm$ 2.00")
    for path, mark in zip(files, marks, strict=True):
        text = path.read_text()
        assert mark in text and "+10.00" in text and "a note" in text


def test_a_cell_may_hold_what_markdown_and_latex_would_misread():
    header, body = ["a|b", "PSNR ± std"], [["|w| = 1 & 50 % of Z₀", "−2 · 10⁻³"]]
    markdown = tables.as_markdown(header, body)
    cells = as_html(markdown.splitlines())
    assert re.findall("<t[hd][^>]*>(.*?)</t[hd]>", cells) == [
        "a|b", "PSNR ± std", "|w| = 1 &amp; 50 % of Z₀", "−2 · 10⁻³"
    ]  # fmt: skip
    latex = tables.as_latex(header, body)
    assert r"$|$w$|$ = 1 \& 50 \% of Z$_0$ & $-$2 $\cdot$ 10$^-$$^3$ \\" in latex


def test_table1_has_both_pixels_of_a_method_and_the_limit_below():
    told = measured(FRAME, "psnr_heldout", {LAST: FRAME.value("psnr") - 3})
    limit = FRAME.runs["item"].map({"item0": 24.0, "item1": 26.0, "item2": 25.0})
    name = "data.without_network.bilinear.psnr_heldout"
    told = replace(told, runs=told.runs.assign(**{name: limit}))
    table = load("tables/table1").rows(told)
    assert [row[0] for row in table.body] == ["SIREN", "ReLU (default)", "REI", "bilinear"]
    assert [row[-1] for row in table.body] == ["27.29", "23.57", "25.61", "–"]
    column = {name: table.header.index(name) for name in table.header}
    siren, bilinear = table.body[0], table.body[3]
    assert siren[column["fitted ± std"]] == "32.10 ± 2.00"
    assert siren[column["held out ± std"]] == "29.10 ± 2.00"
    own = bilinear[column["held out ± std"] :]
    assert own[0] == "25.00 ± 1.00" and own[1].startswith("+5.90 [") and own[2:] == ["–"] * 3
    assert bilinear[column["fitted ± std"]] == "–"
    assert all(len(line) <= 170 for line in tables.as_text(table.header, table.body).splitlines())
    assert "not the paper's images" in table.note and "bilinear" in table.note
    papers = replace(told, runs=told.runs.assign(task="div2k"))
    assert "not the paper's images" not in load("tables/table1").rows(papers).note
    older = load("tables/table1").rows(replace(told, runs=FRAME.runs))
    assert len(older.body) == 3 and "Without a network" not in older.note


def test_significance_tells_the_seeds_part_of_the_spread():
    # Variances 2 and 0 over seeds of a picture; over pictures gains of 1, 3 and 5 dB.
    relu = [(20.0, 20.0)] * 2
    seeds = made_up({"relu": relu, "rank_expanding": [(21.0, 23.0), (22.0, 22.0)]},
                    labels=LABELS, name="seeds")  # fmt: skip
    table1 = made_up({"relu": [20.0] * 3, "rank_expanding": [21.0, 23.0, 25.0]},
                     labels=LABELS, seeds=1, name="table1")  # fmt: skip
    script = load("tables/significance")
    frames = {"table1": table1, "seeds": seeds}
    text = " ".join(script.rows(*(frames[name] for name in script.READS)).note.split())
    assert "spread of the gain over 3 images 2.00 dB" in text
    assert "p = 0.12 by that test and 0.25 by the exact sign flip" in text
    assert "Over 2 seeds of a picture the gain has a spread of 1.00 dB (2 pictures)" in text
    assert "its square is 25 % of the variance over images" in text
