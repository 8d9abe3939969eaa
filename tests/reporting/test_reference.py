"""What moved between a kept frame and a new one; the scripts that keep and compare."""

import json
from dataclasses import replace

import imageio.v3 as iio
import numpy as np
import pandas as pd
import pytest

from inr_experiments.reporting.facts import RunLinks, gather
from inr_experiments.reporting.reference import changes, compact
from inr_experiments.runs.files import write_json
from inr_experiments.runs.frame import read_frame, write_frame
from scripts import compare, reference
from tests.reporting.made_up import WOBBLE, made_up

BASE = np.linspace(20, 30, 8)


def fits(gain: float, level: float = 0.0, n: int = 8, metric: str = "psnr") -> pd.DataFrame:
    base = BASE[:n] + level
    sides = {"relu": base, "rank_expanding": base + gain + 0.2 * WOBBLE[:n]}
    return made_up(sides, metric=metric)


def moved(now: pd.DataFrame) -> list[str]:
    found, lacking = changes(fits(2.0), now)
    assert len(found) == 3 and lacking == []
    return [change.what for change in found if change.moved]


def test_what_moved_beyond_its_interval():
    assert moved(fits(2.0)) == []
    assert moved(fits(2.05, level=0.1)) == []
    assert moved(fits(2.6)) == ["rank_expanding, psnr (t) over relu"]
    assert set(moved(fits(2.0, level=9.0))) == {"relu, psnr (t)", "rank_expanding, psnr (t)"}


def test_what_cannot_be_compared_is_named():
    found, lacking = changes(fits(2.0), fits(2.0, n=6))
    assert found == [] and "6 items, not the 8 of the reference" in lacking[0]
    found, lacking = changes(fits(2.0), made_up({"relu": BASE}))
    assert len(found) == 1 and lacking == ["rank_expanding, psnr (t): not in the new frame"]


def test_a_number_that_all_items_agreed_on_may_not_change():
    then, same, other = (made_up({"relu": np.full(4, n)}, seeds=1) for n in (7.0, 7.0, 7.01))
    assert [c.moved for c in changes(then, same)[0]] == [False]
    assert [c.moved for c in changes(then, other)[0]] == [True]


def test_compact_keeps_the_steps_that_claims_read():
    frame = fits(2.0)
    middle = frame[frame["last"]].assign(last=False)
    frame = pd.concat([frame, middle.assign(step=3), middle.assign(step=5)])
    ranks = [middle.assign(metric=f"x/{name}") for name in ("rank_0.01", "effective_rank")]
    frame = pd.concat([frame, *(rank.assign(last=True) for rank in ranks)])
    frame["folder"] = "/somewhere/outputs/runs/relu-1/seed-000"
    kept = compact(frame)
    assert sorted(kept["step"].unique()) == [0, 3, 9]
    assert set(kept["metric"]) == {"psnr", "x/effective_rank"}
    assert set(kept["folder"]) == {"runs/relu-1/seed-000"}


def test_kept_then_compared(tmp_path, capsys):
    at = "laptop-real-bf16"  # DIV2K pictures are not kept, whatever the precision
    frames = tmp_path / "o/frames" / at
    write_frame(fits(2.0), frames / "table1.csv")
    for name in ("figures", "tables"):
        (tmp_path / "o" / name / at).mkdir(parents=True)
    for stem in ("fig_reconstruction", "fig_inlet_spectra"):
        (tmp_path / f"o/figures/{at}/{stem}.png").write_bytes(b"png")
    (tmp_path / f"o/tables/{at}/table1.md").write_text("| a |\n")
    kept = tmp_path / "kept"
    reference.main(str(tmp_path / "o"), at, str(kept))
    wide = np.random.default_rng(0).integers(0, 256, (600, 1400, 3), dtype=np.uint8)
    iio.imwrite(tmp_path / f"o/figures/{at}/fig_inlet_spectra.png", wide)
    reference.main(str(tmp_path / "o"), at, str(kept))
    narrow = iio.imread(kept / "fig_inlet_spectra.png")
    assert narrow.shape[1] == 1000 and narrow.shape[0] == pytest.approx(1000 * 600 / 1400, abs=1)
    names = {p.relative_to(kept).as_posix() for p in kept.rglob("*") if p.is_file()}
    assert names == {"frames/table1.csv", "fig_inlet_spectra.png", "table1.md", "provenance.json"}
    assert len(read_frame(kept / "frames/table1.csv")) == len(fits(2.0))
    assert compare.main(str(kept), str(frames)) == 0
    assert "3 of 3 numbers within" in capsys.readouterr().out
    write_frame(fits(0.0), frames / "table1.csv")
    assert compare.main(str(kept), str(frames)) == 1
    told = capsys.readouterr().out
    assert "rank_expanding, psnr (t) over relu: 0, was 2 [" in told
    assert "C3: not reproduced, was reproduced." in told


def test_a_verdict_that_several_experiments_feed_is_compared(tmp_path, capsys):
    swept = {
        "fig_generalisation": ("task.fitted", (0.5, 0.25, 0.1)),
        "generalisation_noise": ("task.noise", (0.05, 0.1, 0.2)),
    }
    for folder, gain in (("kept/frames", 2.0), ("laptop-real", -2.0)):
        for stem, (key, values) in swept.items():
            same = [fits(gain, metric="psnr_heldout").assign(**{key: v}) for v in values]
            write_frame(pd.concat(same), tmp_path / folder / f"{stem}.csv")
    assert compare.main(str(tmp_path / "kept"), str(tmp_path / "laptop-real")) == 1
    assert "Q2: no, was yes." in capsys.readouterr().out


def test_nothing_kept_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="make reference"):
        compare.main(str(tmp_path), str(tmp_path))


def test_a_later_sitting_adds_to_what_is_told(tmp_path):
    def told(*stems: str, run: bool = True) -> list[list[str]]:
        facts = gather({stem: fits(2.0) for stem in stems}, tmp_path)
        if run:
            link = RunLinks("run", "config.yaml", "record.json", None)
            facts = replace(facts, runs=dict.fromkeys(stems, (link,)))
        write_json(path, reference.sittings(facts, path))
        return [sorted(sitting["experiments"]) for sitting in json.loads(path.read_text())]

    path = tmp_path / "provenance.json"
    assert told("a", "b") == [["a", "b"]]
    assert told("a", "b", run=False) == [["a", "b"]]  # copies of what was told
    assert told("b", "c") == [["a"], ["b", "c"]]
    assert told("a") == [["b", "c"], ["a"]]
