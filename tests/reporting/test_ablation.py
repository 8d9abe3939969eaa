"""Which runs of the rank ablation are pooled, and the table of their correlations."""

import pandas as pd
import pytest

from inr_experiments.checks import InputError
from inr_experiments.reporting.ablation import RANKS, knob_runs, on_shared_pictures, pooled
from inr_experiments.runs.frame import COLUMNS, write_frame
from tests.scripts import load


def frame(slope: float, pictures: str = "abcd") -> pd.DataFrame:
    """Four levels a picture: ranks and the early fall rise with it, PSNR by `slope`."""
    rows = []
    for item in pictures:
        for level in range(4):
            common = ("k", "m", "t", item, 0, "laptop")
            run = (f"runs/{item}-{level}", level)
            rows += [(*common, 0, False, metric, 2.0**level, *run) for metric in RANKS]
            ends = {"psnr": slope * level, "early_slope": -0.1 * level, "parameters": 9.0}
            rows += [(*common, 9, True, metric, value, *run) for metric, value in ends.items()]
    return pd.DataFrame(rows, columns=[*COLUMNS, "model.level"])


@pytest.fixture
def knobs(tmp_path):
    """Frames by experiment: PSNR rises with the rank of two and falls with that of two more."""
    frames = {
        "rank_distinct": frame(1.0),
        "rank_epsilon": frame(2.0, pictures="abc"),
        "rank_omega": frame(-1.0),
        "rank_octaves": frame(-1.0),
    }
    for name, table in frames.items():
        write_frame(table, tmp_path / f"{name}.csv")
    return [tmp_path / f"{name}.csv" for name in frames]


def test_other_activations_and_sizes_are_not_pooled(knobs):
    tables = {path.stem: knob_runs(path) for path in knobs}
    together = pooled(on_shared_pictures(tables))
    assert set(together["knob"]) == {"rank_distinct", "rank_epsilon"}
    assert set(together["item"]) == set("abc") and len(together) == 2 * 3 * 4
    assert pooled({knob: tables[knob] for knob in ("rank_distinct", "rank_omega")}) is None


def test_every_measure_has_its_rho(knobs, tmp_path):
    load("tables/rank_correlations").main(*map(str, knobs), str(tmp_path / "out.txt"))
    lines = (tmp_path / "out.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:] if "|" in line]
    assert len(rows) == 5 * len(RANKS)
    found = {(row[0], row[3]): row[4:] for row in rows}
    for measure in RANKS.values():
        assert found["distinct points r", measure] == ["+1.00", "+1.00"]
        assert found["octaves (PE)", measure] == ["+1.00", "-1.00"]
        early, last = found["pooled", measure]
        assert early == "+1.00" and 0.8 < float(last) < 1


def test_a_frame_of_something_else_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"table1\.csv: expected a frame of rank_distinct"):
        knob_runs(tmp_path / "table1.csv")
