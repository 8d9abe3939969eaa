"""Kept frames and new ones: numbers that moved, files that are kept, verdicts that move."""

from dataclasses import replace

import imageio.v3 as iio
import numpy as np
import pandas as pd
import pytest

import verdicts
from inr_experiments.checks import InputError
from inr_experiments.reporting import reference
from inr_experiments.reporting.reference import changes, compare, keep
from inr_experiments.runs.frame import Frame, read_frame, write_frame
from tests.reporting.made_up import WOBBLE, joined, made_up, measured

BASE = np.linspace(20, 30, 8)
AT = "laptop-real"


def fits(gain: float, level: float = 0.0, n: int = 8, metric: str = "psnr", **columns) -> Frame:
    base = BASE[:n] + level
    sides = {"relu": base, "rank_expanding": base + gain + 0.2 * WOBBLE[:n]}
    return made_up(sides, metric=metric, **columns)


def both(gain: float) -> Frame:
    """Fitted and held-out PSNR."""
    frame = fits(gain)
    return measured(frame, "psnr_heldout", {9: frame.value("psnr").to_numpy()})


def moved(now: Frame) -> list[str]:
    found, lacking = changes(fits(2.0), now)
    assert len(found) == 3 and lacking == []
    return [change.what for change in found if change.moved]


def test_what_moved_beyond_its_interval():
    assert moved(fits(2.0)) == []
    assert moved(fits(2.05, level=0.1)) == []
    assert moved(fits(2.6)) == ["rank_expanding: psnr over relu"]
    assert moved(fits(2.0, level=9.0)) == ["relu: psnr", "rank_expanding: psnr"]
    found, _ = changes(fits(2.0), fits(2.6))
    assert found[2].sentence.startswith("rank_expanding: psnr over relu: 2.6, was 2 [1.")
    assert found[2].sentence.endswith("] over 8 items")


def test_what_cannot_be_compared_is_named():
    found, lacking = changes(fits(2.0), fits(2.0, n=6))
    assert found == [] and lacking[0] == "relu: psnr: 6 items, not the 8 of the reference"
    found, lacking = changes(fits(2.0), made_up({"relu": BASE}))
    assert len(found) == 1 and lacking == ["rank_expanding: psnr: not in the new frame"]
    found, lacking = changes(fits(2.0), fits(2.0, metric="ssim"))
    assert found == [] and lacking == ["frame made_up: no metric 'psnr'; expected one of ssim"]
    swept = joined(*(fits(2.0, **{"task.fitted": share}) for share in (0.5, 0.1)))
    found, lacking = changes(fits(2.0), swept)
    assert found == [] and "several runs of model=relu, item=item0, seed=0" in lacking[0]
    gone = replace(fits(2.0), runs=fits(2.0).runs.drop(columns=["fit.lr"]))
    rates = joined(*(fits(2.0, **{"fit.lr": rate}) for rate in (0.1, 0.2)))
    assert changes(rates, gone) == ([], ["fit.lr: not in the new frame"])


def test_a_number_that_all_items_agreed_on_may_not_change():
    then, same, other = (made_up({"relu": np.full(4, n)}, seeds=1) for n in (7.0, 7.0, 7.01))
    assert [c.moved for c in changes(then, same)[0]] == [False]
    assert [c.moved for c in changes(then, other)[0]] == [True]


def test_one_item_has_no_interval_to_leave():
    then, now = (made_up({"relu": [value]}, seeds=1) for value in (20.0, 30.0))
    (change,), _ = changes(then, now)
    assert not change.moved


def test_plain_metrics_and_effective_ranks_are_compared():
    frame = fits(2.0)
    ranks = ("spectra/inlet/effective_rank", "spectra/inlet/centred_effective_rank")
    for metric in (*ranks, "spectra/inlet/rank_0.01", "ssim"):
        frame = measured(frame, metric, {0: 1.0, 9: frame.value("psnr").to_numpy()})
    whats = [change.what for change in changes(frame, frame)[0]]
    assert whats[::3] == [f"relu: {m}" for m in ("psnr", *ranks, "ssim")]
    assert len(whats) == 12
    middle = measured(frame, "psnr", {3: 0.0, 5: 0.0})
    assert not any(change.moved for change in changes(frame, middle)[0]), "the last step alone"


def test_sweep_values_are_compared_each_with_its_default():
    def swept(gain: float) -> Frame:
        return joined(
            *(fits(gain if share == 0.1 else 2.0, **{"task.fitted": share}) for share in (0.5, 0.1))
        )

    found, lacking = changes(swept(2.0), swept(2.6))
    assert len(found) == 6 and lacking == []
    assert [c.what for c in found if c.moved] == ["rank_expanding, fitted=0.1: psnr over relu"]


def test_what_only_one_method_sweeps_is_compared_with_the_only_default(tmp_path):
    def placed(late: float) -> Frame:
        layers = {"[0]": 5.0, "[2]": late}
        return joined(
            made_up({"relu": BASE}),
            *(made_up({"bn": BASE + gain + 0.2 * WOBBLE}, **{"model.batch_norm.layers": layer})
              for layer, gain in layers.items()),
        )  # fmt: skip

    write_frame(placed(1.0), tmp_path / "then")
    found, lacking = changes(read_frame(tmp_path / "then"), placed(2.0))
    assert len(found) == 5 and lacking == []
    assert [c.what for c in found if c.moved] == ["bn, layers=[2]: psnr over relu"]


def test_blocks_on_fewer_pictures_are_compared_too():
    # As rank_ablation: the cleanest knob on all pictures, the others on two.
    knobs = joined(
        made_up({"relu": BASE, "rank_expanding": BASE + 1}, **{"model.distinct": 4}),
        made_up({"relu": BASE[:2], "rank_expanding": BASE[:2] + 2}, **{"model.epsilon": 0.1}),
    )
    found, lacking = changes(knobs, knobs)
    assert lacking == [] and [change.then.n for change in found] == [8, 8, 8, 2, 2, 2]
    assert [change.then.mean for change in found[2::3]] == pytest.approx([1.0, 2.0])


def test_values_are_the_same_written_or_not_and_beside_text(tmp_path):
    # 0.5 is a number in one file, and text in another that holds `all` as well.
    then = joined(*(fits(2.0, **{"task.fitted": share}) for share in (0.5, 0.1)))
    now = joined(then, fits(2.0, **{"task.fitted": "all"}))
    for name, frame in (("then", then), ("now", now)):
        write_frame(frame, tmp_path / name)
    found, lacking = changes(read_frame(tmp_path / "then"), read_frame(tmp_path / "now"))
    assert len(found) == 6 and lacking == [] and not any(c.moved for c in found)


def outputs_of(folder, frame: Frame, name: str = "table1"):
    """An outputs folder with one frame, and no figures or tables yet."""
    write_frame(frame, folder / "frames" / AT / name)
    for kind in ("figures", "tables"):
        (folder / kind / AT).mkdir(parents=True, exist_ok=True)
    return folder


def test_kept_then_compared(tmp_path):
    outputs, kept = outputs_of(tmp_path / "o", fits(2.0)), tmp_path / "kept" / AT
    noise = np.random.default_rng(0).integers(0, 256, (400, 1400, 3), dtype=np.uint8)
    iio.imwrite(outputs / f"figures/{AT}/fig_reconstruction.png", noise)
    lines = np.full((40, 140, 3), 255, np.uint8)
    lines[::10], lines[:, ::20] = (31, 119, 180), (0, 0, 0)
    iio.imwrite(outputs / f"figures/{AT}/fig_inlet_spectra.png", lines)
    for name in ("table1.md", "table1.txt", "table1.tex"):
        (outputs / "tables" / AT / name).write_text("| a |\n")
    size = keep(outputs, AT, kept)
    files = {p.relative_to(kept).as_posix(): p for p in kept.rglob("*") if p.is_file()}
    assert size == sum(path.stat().st_size for path in files.values())
    assert set(files) == {
        "fig_inlet_spectra.png", "fig_reconstruction.png", "table1.md",
        *(f"frames/table1/{name}" for name in ("runs.csv", "steps.csv.xz", "config.yaml",
                                              "arrays-1.npz")),
    }  # fmt: skip
    drawn, photo = (iio.imread(files[f"fig_{x}.png"]) for x in ("inlet_spectra", "reconstruction"))
    np.testing.assert_array_equal(drawn, lines)
    assert photo.shape == (229, 800, 3)
    pd.testing.assert_frame_equal(
        read_frame(kept / "frames/table1").runs, fits(2.0).runs, check_like=True
    )
    pd.testing.assert_frame_equal(read_frame(kept / "frames/table1").steps, fits(2.0).steps)
    assert keep(outputs, AT, kept) == size, "kept again in the same place"

    lines, count = compare(kept, outputs / "frames" / AT)
    assert (lines, count) == (["table1: 3 of 3 numbers within their interval"], 0)
    write_frame(fits(0.0), outputs / "frames" / AT / "table1")
    lines, count = compare(kept, outputs / "frames" / AT)
    assert count == 1 and "table1: rank_expanding: psnr over relu: 0, was 2 [" in lines[0]
    assert lines[1] == "table1: 2 of 3 numbers within their interval"
    assert compare(kept, tmp_path / "elsewhere") == (["table1: not run"], 0)


def test_a_picture_of_a_frame_is_kept_to_the_last_bit(tmp_path):
    frame = fits(2.0)
    run = frame.runs.index[0]
    smooth = np.add.outer(np.arange(64), np.arange(96)).astype(np.uint8)[..., None].repeat(3, 2)
    png = np.frombuffer(iio.imwrite("<bytes>", smooth, extension=".png"), dtype=np.uint8)
    values = np.arange(5.0)
    frame = replace(frame, arrays={f"{run}/target": png, f"{run}/values": values})
    keep(outputs_of(tmp_path / "o", frame), AT, tmp_path / AT)
    kept = read_frame(tmp_path / AT / "frames/table1")
    np.testing.assert_array_equal(kept.picture(run, "target"), smooth)
    np.testing.assert_array_equal(kept.array(run, "values"), values)
    assert len(kept.array(run, "target")) < len(png)


@pytest.mark.parametrize(("limit", "told"), [("LIMIT", "all references"), ("FILE_LIMIT", "csv")])
def test_too_large_a_reference_is_refused_and_the_one_before_stays(
    tmp_path, monkeypatch, limit, told
):
    kept = tmp_path / "kept" / AT
    keep(outputs_of(tmp_path / "o", fits(2.0)), AT, kept)
    monkeypatch.setattr(reference, limit, 100)
    with pytest.raises(InputError, match=rf"{told}.*: \d+ bytes; expected at most 100"):
        keep(outputs_of(tmp_path / "o", fits(3.0)), AT, kept)
    assert [path.name for path in kept.parent.iterdir()] == [AT]
    assert compare(kept, tmp_path / "o/frames" / AT)[1] > 0, "the one before"


def test_nothing_to_keep_and_nothing_kept_are_one_sentence_each(tmp_path):
    with pytest.raises(InputError, match="no frames; expected those of `make paper`"):
        keep(tmp_path, AT, tmp_path / "kept")
    with pytest.raises(InputError, match="no frames; `make reference` keeps"):
        compare(tmp_path, tmp_path)


def test_a_verdict_that_moved_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(verdicts, "REFERENCE", tmp_path / "reference")
    outputs = outputs_of(tmp_path / "o", both(2.0))
    assert verdicts.keep(outputs, AT) == 0 and " MB" in capsys.readouterr().out
    assert verdicts.compare(outputs / "frames" / AT, AT) == 0
    assert "6 of 6 numbers within" in capsys.readouterr().out
    write_frame(both(0.0), outputs / "frames" / AT / "table1")
    assert verdicts.compare(outputs / "frames" / AT, AT) == 1
    told = capsys.readouterr().out
    assert "rank_expanding: psnr over relu: 0, was 2 [" in told
    assert "C3: not reproduced, was reproduced. 2 tests: 2 not reproduced. REI against" in told


def test_a_verdict_that_a_sweep_feeds_is_compared(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(verdicts, "REFERENCE", tmp_path / "reference")
    swept = [("task.fitted", value) for value in (0.1, 0.05, 0.02)]
    swept += [("task.noise", value) for value in (0.05, 0.1, 0.2)]

    def frame(gain: float) -> Frame:
        usual = {"task.fitted": 0.1, "task.noise": 0.0}
        cells = (fits(gain, metric="psnr_heldout", **{**usual, key: value}) for key, value in swept)
        frame = joined(*cells)
        held_out = frame.value("psnr_heldout").to_numpy()
        above = {"psnr": 3, "psnr_noisy": 3, "psnr_heldout_noisy": 0}  # the default overfits
        for metric, by in above.items():
            frame = measured(frame, metric, {9: held_out + by})
        return frame

    outputs = outputs_of(tmp_path / "o", frame(2.0), "generalisation")
    verdicts.keep(outputs, AT)
    outputs_of(outputs, frame(-2.0), "generalisation")
    assert verdicts.compare(outputs / "frames" / AT, AT) == 1
    assert "Q2: no, was yes." in capsys.readouterr().out
