"""The report of a few real smoke runs, as a browser shows it; and what is not there yet."""

import sys
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

from inr_experiments.checks import InputError
from inr_experiments.commands.cells import cells
from inr_experiments.diagnostics.picture import Picture
from inr_experiments.experiment import execute
from inr_experiments.fit.snapshot import Snapshot
from inr_experiments.paths import conf_dir
from inr_experiments.reporting.page import Sources, build, caption, picture
from inr_experiments.runs.frame import frame, read_frame, write_frame
from inr_experiments.runs.store import read_arrays
from tests.chromium import BROWSER, NAMES, look
from tests.fields import field_and_task
from tests.scripts import load

ROOT = Path(__file__).parents[2]
AT = "smoke-bundled"
PICTURES = (
    "experiment=training_clip", "scale=smoke", "model=relu,rank_expanding",
    "task.image=astronaut,coffee",
)  # fmt: skip
SHAPE = ("scale=smoke", "task=occupancy", "task.shape=gyroid_sphere", "model=relu")
SWEEPS = {("table1", "table1_seeds", "training_clip"): PICTURES, ("table1_occupancy",): SHAPE}
TABLES = {"table1": ["table1"], "significance": ["table1", "table1_seeds"], "table9": ["table9"]}
FIGURES = {
    "fig_inlet_spectra": ["table1"],
    "training_clip": ["training_clip"],
    "fig_layer_share": ["diagnosis"],
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory) -> Path:
    """Runs, frames, tables and figures of smoke scale; no diagnosis."""
    folder = tmp_path_factory.mktemp("report") / "outputs"
    for stems, sweep in SWEEPS.items():
        runs = [execute(cfg).folder for cfg in cells([*sweep, f"outputs={folder}"])]
        for stem in stems:
            write_frame(frame(runs), folder / "frames" / AT / f"{stem}.csv")
    for kind, stems in (("tables", TABLES), ("figures", FIGURES)):
        for stem, of in stems.items():
            paths = [folder / "frames" / AT / f"{name}.csv" for name in of]
            if all(path.is_file() for path in paths):
                out = folder / kind / AT / f"{stem}.png"
                load(f"{kind}/{stem}").main(*map(str, [*paths, out]))
    (folder / "tables" / AT / "plan.txt").write_text(
        "experiment  runs\ntable1  4\n3 hours to go.\n"
    )
    return folder


def sources(outputs: Path) -> Sources:
    claims, readme = conf_dir() / "claims.yaml", ROOT / "README.md"
    return Sources(outputs, AT, ROOT / "scripts", claims, readme, TABLES, FIGURES)


@pytest.fixture(scope="module")
def page(outputs) -> Path:
    out = outputs / "report" / "index.html"
    build(sources(outputs), out)
    return out


@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser(page, tmp_path, width):
    if BROWSER is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} on the PATH")
    seen = look(page, width=width, scratch=tmp_path)
    assert seen.console == []
    assert seen.content <= seen.width, "no horizontal scroll"
    assert width - 20 <= seen.width <= width
    assert seen.images >= 1 and seen.broken == []
    assert len(seen.ids) == len(set(seen.ids)), "figures share no names"
    inside = {link[1:] for link in seen.links if link.startswith("#")}
    assert inside and inside <= set(seen.ids)
    files = [x for x in seen.links if not x.startswith(("#", "https://"))]
    assert [x for x in files if not (page.parent / x).is_file()] == []
    for name in ("config.yaml", "record.json", "page.html"):
        assert any(link.endswith(name) for link in files)
    assert "the smoke scale decides nothing" in seen.text
    assert f"make fig_layer_share SCALE=smoke DATA={AT.split('-')[1]}" in seen.text


def test_it_is_one_file_and_the_same_every_time(page, outputs, tmp_path):
    text = page.read_text(encoding="utf-8")
    assert 'src="data:image/gif;base64,' in text
    assert "<script" not in text and "http://localhost" not in text
    again = outputs / "report" / "again.html"
    build(sources(outputs), again)
    assert again.read_text(encoding="utf-8") == text


def test_it_says_what_is_averaged_over_what(page):
    text = page.read_text(encoding="utf-8")
    assert "mean over 2 item(s) of task image, 1 seed(s) averaged within each" in text
    assert "Experiment table1: 4 runs, 2 model(s) on 2 item(s) of task image, 1 seed(s)" in text
    assert "ReLU (default)" in text and "23.57" in text
    assert "table1  4</pre>" in text and "<p>3 hours to go.</p>" in text


def test_the_clip_is_drawn_from_the_pictures_that_the_runs_drew(outputs):
    runs = read_frame(outputs / "frames" / AT / "training_clip.csv")
    last = int(runs["step"].max())
    for folder in map(Path, runs["folder"].unique()):
        drawn = iio.imread(folder / "reconstruction.png")
        stored = read_arrays(folder, "picture", step=last)["reconstruction"]
        assert np.abs(stored.astype(int) - drawn).max() <= 1
    clip = iio.imread(outputs / "figures" / AT / "training_clip.gif")
    assert len(clip) == runs["step"].nunique() and (clip[0] != clip[-1]).any()


def test_pictures_are_of_pictures_only():
    with pytest.raises(InputError, match="a task that fits a picture"):
        field, task = field_and_task(*SHAPE)
        Picture()(Snapshot(0, field, task.coordinates), task)


def test_without_any_run_everything_is_listed_with_its_command(tmp_path):
    verdicts = build(sources(tmp_path), tmp_path / "report" / "index.html")
    assert {v.verdict for v in verdicts} == {"not run"}
    text = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    for stem in (*TABLES, *FIGURES):
        assert f"make {stem} SCALE=smoke DATA=bundled" in text


def test_every_figure_and_table_has_a_caption():
    for path in (ROOT / "scripts").glob("[ft]*s/*.py"):
        assert "FRAME" not in caption(path) and caption(path).endswith(".")


def test_a_figure_too_large_to_inline_is_its_png(outputs, monkeypatch):
    svg = outputs / "figures" / AT / "fig_inlet_spectra.svg"
    assert str(picture(svg)).startswith("<svg") and ' width="' not in str(picture(svg))[:200]
    monkeypatch.setattr("inr_experiments.reporting.page.SVG_LIMIT", 10)
    assert 'src="data:image/png;base64,' in picture(svg)


def test_the_command_writes_page_and_verdicts(outputs, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["report.py", str(outputs), AT, "--tables", "table1=table1"])
    module = load("report")
    module.main()
    assert "C3  undecided" in capsys.readouterr().out
    told = (outputs / "tables" / AT / "claims.md").read_text(encoding="utf-8")
    assert "| C3 | undecided | REI gains about 2 dB on the 16 images. |" in told
