"""Table 1 on made-up frames."""

import pandas as pd
import pytest

from inr_experiments.checks import InputError
from inr_experiments.reporting import tables
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.runs.frame import COLUMNS, write_frame
from tests.scripts import load


def made_up(values: dict[tuple[str, str, int], float]) -> pd.DataFrame:
    rows = []
    for (model, item, seed), value in values.items():
        common = ("k", model, "t", item, seed, "smoke")
        rows.append((*common, 0, False, "psnr", -1.0, "f"))
        rows.append((*common, 9, True, "psnr", value, "f"))
    return pd.DataFrame(rows, columns=list(COLUMNS))


FRAME = made_up(
    {(m, i, s): base + offset + 0.2 * s
     for m, base in (("siren", 30.0), ("relu", 20.0), ("mine", 25.0))
     for i, offset in (("a", 0.0), ("b", 4.0), ("c", 2.0)) for s in (0, 1)}
)  # fmt: skip


def test_seeds_are_averaged_within_items_first():
    rows = {row.model: row for row in tables.rows(FRAME, "psnr", reference="relu")}
    relu = rows["relu"]
    assert relu.mean.n == 3, "the unit is the item"
    assert relu.mean.mean == pytest.approx(22.1)
    assert relu.mean.std == pytest.approx(2.0), "seeds add nothing to the spread over items"
    assert relu.seed_std == pytest.approx(0.2 / 2**0.5)
    assert relu.against is None
    assert rows["siren"].against.difference.mean == pytest.approx(10.0)
    assert rows["siren"].p == pytest.approx(0.5)  # 2 / 2³ twice


def test_rows_stand_in_the_order_of_the_paper():
    assert [r.model for r in tables.rows(FRAME, "psnr", reference="relu")] == [
        "relu",
        "siren",
        "mine",
    ]
    assert in_order({"zeta", "pe", "relu"}) == ["relu", "pe", "zeta"]
    assert method("mine").label == "mine"


def test_a_missing_cell_is_an_error():
    lacking = FRAME[~((FRAME["model"] == "siren") & (FRAME["seed"] == 1) & (FRAME["item"] == "b"))]
    with pytest.raises(InputError, match="same items and seeds"):
        tables.rows(lacking, "psnr", reference="relu")


def test_precisions_are_not_mixed():
    bits = FRAME[FRAME["last"]].assign(metric="significand_bits", value=24.0)
    tables.rows(pd.concat([FRAME, bits]), "psnr", reference="relu")
    bits.loc[bits["model"] == "siren", "value"] = 8.0
    with pytest.raises(InputError, match=r"mixes precisions .*relu \[24\], siren \[8\]"):
        tables.rows(pd.concat([FRAME, bits]), "psnr", reference="relu")


def test_least_attainable_p_as_the_paper_of_four_photographs():
    assert tables.smallest_p(4, 6) == 0.75
    assert tables.smallest_p(8, 6) == pytest.approx(0.047, abs=1e-3)


def test_written_files_say_the_same(tmp_path):
    body = [
        tables.cells(row, published=lambda name: method(name).published_psnr)
        for row in tables.rows(FRAME, "psnr", reference="relu")
    ]
    tables.write(tmp_path / "t.txt", tables.HEADER, body, "a note")
    for suffix, mark in (
        (".txt", "22.10 ± 2.00"),
        (".md", "| 22.10 ± 2.00 |"),
        (".tex", r"22.10 $\pm$ 2.00"),
    ):
        text = (tmp_path / f"t{suffix}").read_text()
        assert mark in text and "+10.00" in text and "23.57" in text and "a note" in text


def test_significance_tells_the_seeds_part_of_the_spread(tmp_path):
    gains = {"a": (1.0, 3.0), "b": (2.0, 2.0)}  # variances 2 and 0 over seeds
    seeds = {("relu", i, s): 20.0 for i in gains for s in (0, 1)}
    seeds |= {("rank_expanding", i, s): 20.0 + gains[i][s] for i in gains for s in (0, 1)}
    images = {("relu", i, 0): 20.0 for i in "abc"}
    images |= {("rank_expanding", i, 0): 20.0 + g for i, g in zip("abc", (1, 3, 5), strict=True)}
    for name, values in (("images", images), ("seeds", seeds)):
        write_frame(made_up(values), tmp_path / f"{name}.csv")
    files = [str(tmp_path / name) for name in ("images.csv", "seeds.csv", "t.txt")]
    load("tables/significance").main(*files)
    text = " ".join((tmp_path / "t.txt").read_text().split())
    assert "spread of the gain over 3 images 2.00 dB" in text
    assert "p = 0.12 by that test and 0.25 by the exact sign flip" in text
    assert "Over 2 seeds of a picture the gain has a spread of 1.00 dB (2 pictures)" in text
    assert "its square is 25 % of the variance over images" in text
