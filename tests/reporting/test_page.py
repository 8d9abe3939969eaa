"""The report of a few real smoke runs, as a browser shows it; and what is not there yet."""

import itertools
import re
import shutil
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

import paper
from inr_experiments.checks import InputError
from inr_experiments.claims.verdict import judge_all
from inr_experiments.diagnostics.picture import Picture
from inr_experiments.fit.snapshot import Snapshot
from inr_experiments.paths import conf_dir
from inr_experiments.reporting import embed
from inr_experiments.reporting.page import STORY, Sources, write_page
from inr_experiments.reporting.pieces import find_pieces
from inr_experiments.runs.frame import read_frame
from tests.chromium import BROWSER, NAMES, look
from tests.fields import field_and_task

ROOT = Path(__file__).parents[2]
PROTOCOL = conf_dir() / "PROTOCOL.md"
AT = "smoke-bundled-seeds-0-items-2"
CHOSEN = ("--seeds", "0", "--items", "2")
DRAWN = ("table1", "significance", "fig_inlet_spectra", "fig_fitted_and_held_out", "training_clip")
VARIABLES = " SCALE=smoke DATA=bundled"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory) -> Path:
    """Runs, frames, tables and figures of smoke scale; no diagnosis."""
    folder = tmp_path_factory.mktemp("report") / "outputs"
    words = ["--scale", "smoke", *CHOSEN, "--outputs", str(folder)]
    assert paper.main([*DRAWN, *words]) == 0
    return folder


def written(outputs: Path, protocol: Path = PROTOCOL) -> Path:
    verdicts = judge_all(conf_dir() / "claims.yaml", outputs / "frames" / AT, variables=VARIABLES)
    sources = Sources(outputs, AT, outputs / "frames" / AT, VARIABLES, protocol)
    pieces = list(find_pieces(ROOT / "scripts").values())
    return write_page(sources, verdicts, pieces, {"smoke": verdicts, "paper": verdicts[::-1]})


@pytest.fixture(scope="module")
def page(outputs) -> Path:
    return written(outputs)


@pytest.mark.skipif(BROWSER is None, reason=f"no browser: none of {', '.join(NAMES)} on the PATH")
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_in_a_browser(page, tmp_path, width, dark):
    seen = look(page, width=width, scratch=tmp_path, dark=dark)
    assert seen.console == []
    ink, paper = (sum(map(int, re.findall(r"\d+", colour)[:3])) / 765 for colour in seen.colours)
    assert (ink > 0.85 and paper < 0.15) if dark else (ink < 0.15 and paper > 0.85)
    assert seen.tabs[0] == "#story" and seen.shut == [] and seen.unnamed == []
    assert seen.headings[0] == 1 and seen.headings.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(seen.headings)), "no level is left out"
    assert seen.content <= seen.width, "no horizontal scroll"
    assert width - 20 <= seen.width <= width
    assert seen.images >= 1 and seen.broken == []
    assert len(seen.ids) == len(set(seen.ids)), "figures share no names"
    inside = {link[1:] for link in seen.links if link.startswith("#")}
    assert inside and inside <= set(seen.ids)
    files = [x for x in seen.links if not x.startswith(("#", "https://"))]
    assert [x for x in files if not (page.parent / x).is_file()] == []
    for name in ("config.yaml", "record.json"):
        assert any(link.endswith(name) for link in files)
    assert "the smoke scale decides nothing" in seen.text
    assert f"make fig_layer_share{VARIABLES}" in seen.text


def test_it_begins_with_four_pictures_or_with_what_makes_them(page):
    text = page.read_text(encoding="utf-8")
    story = text[text.index('id="story"') : text.index('id="verdicts"')]
    assert text.index('id="verdicts"') < text.index('id="tables"') < text.index('id="methods"')
    assert re.findall(r'<h3 id="(\w+)"', story) == list(STORY)
    assert story.count("<svg") == 2 and story.count("not there yet") == 2
    for stem in ("fig_spectrum_span", "fig_rank_against_psnr"):
        assert f"by <code>make {stem}{VARIABLES}</code>." in story


def test_verdicts_of_scales_stand_side_by_side(page):
    text = page.read_text(encoding="utf-8")
    table = text[text.index('class="summary"') : text.index("</table>")]
    assert re.findall('<th scope="col">(.*?)</th>', table) == [
        "claim or question", "smoke", "paper",
    ]  # fmt: skip
    told = {scale: re.findall(rf'data-scale="{scale}"><[^>]*>\W*([\w ]+)<', table)
            for scale in ("smoke", "paper")}  # fmt: skip
    assert "undecided" in told["smoke"] and "not run" in told["smoke"]
    assert told["paper"] == told["smoke"][::-1] != told["smoke"]


def test_it_is_one_file_and_the_same_every_time(page, outputs):
    text = page.read_text(encoding="utf-8")
    assert 'src="data:image/gif;base64,' in text and page.stat().st_size < 5_000_000
    assert "<script" not in text and "http://localhost" not in text and "onclick" not in text
    assert written(outputs).read_text(encoding="utf-8") == text


def test_it_says_what_is_averaged_over_what(page):
    text = page.read_text(encoding="utf-8")
    assert "mean over 2 items of task image, 1 seed averaged within each" in text
    assert "Experiment table1: 10 runs, 5 methods on 2 items of task image, 1 seed" in text
    assert "ReLU (default)" in text and "23.57" in text


def test_the_clip_is_drawn_from_the_pictures_that_the_runs_drew(outputs):
    frame = read_frame(outputs / "frames" / AT / "training_clip")
    for run, folder in frame.runs["folder"].items():
        drawn = iio.imread(outputs / folder / "reconstruction.png")
        stored = frame.array(run, "picture/reconstruction", frame.last_step())
        assert np.abs(stored.astype(int) - drawn).max() <= 1
    clip = iio.imread(outputs / "figures" / AT / "training_clip.gif")
    assert len(clip) == frame.steps["step"].nunique() and (clip[0] != clip[-1]).any()


def test_pictures_are_of_pictures_only():
    shape = ("task=occupancy", "task.shape=gyroid_sphere", "model=relu")
    with pytest.raises(InputError, match="a task that fits a picture"):
        field, task = field_and_task(*shape)
        Picture()(Snapshot(0, field, task.coordinates), task)


def test_without_any_run_everything_is_listed_with_its_command(tmp_path):
    text = written(tmp_path).read_text(encoding="utf-8")
    for stem in find_pieces(ROOT / "scripts"):
        assert f"make {stem}{VARIABLES}" in text


def test_it_quotes_the_protocol(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    assert "<h3>Learning rates</h3>" in text and "<code>psnr_best</code>" in text
    for lacking in (tmp_path / "none.md", tmp_path / "empty.md"):
        (tmp_path / "empty.md").write_text("# Protocol\n")
        with pytest.raises(InputError, match=f"{lacking}: expected the protocol"):
            written(tmp_path, lacking)
    assert not (tmp_path / "report").exists()


def test_it_is_made_of_frames_alone(outputs, page, tmp_path):
    for name in ("frames", "tables", "figures"):
        shutil.copytree(outputs / name, tmp_path / name)
    assert written(tmp_path).read_text(encoding="utf-8") == page.read_text(encoding="utf-8")


def test_a_figure_too_large_to_inline_is_a_picture_and_a_clip_a_link(outputs, tmp_path):
    svg = outputs / "figures" / AT / "fig_inlet_spectra.svg"
    assert str(embed.figure(svg, "Z₀ <", 10**6)).startswith('<svg role="img" aria-label="Z₀ &lt;"')
    assert ' width="' not in str(embed.figure(svg, "Z₀", 10**6))[:300]
    assert str(embed.figure(svg, "Z₀", 10)).startswith('<img alt="Z₀" src="data:image/webp;base64,')
    gif = outputs / "figures" / AT / "training_clip.gif"
    link = embed.clip(gif, "Training", 10, outputs / "report")
    assert link == f'<a href="../figures/{AT}/training_clip.gif">training_clip.gif</a>'


def test_a_page_that_would_be_too_large_has_smaller_pictures(outputs, page, monkeypatch):
    size = page.stat().st_size
    monkeypatch.setattr("inr_experiments.reporting.page.LIMIT", size - 1)
    smaller = written(outputs)
    text = smaller.read_text(encoding="utf-8")
    assert len(text.encode()) < size and "data:image/webp" in text
    monkeypatch.undo()
    assert written(outputs).stat().st_size == size


def test_the_command_writes_page_and_verdicts(outputs, capsys):
    assert paper.main(["report", "--scale", "smoke", *CHOSEN, "--outputs", str(outputs)]) == 0
    assert "C3  undecided" in capsys.readouterr().out
    told = (outputs / "tables" / AT / "claims.md").read_text(encoding="utf-8")
    assert "| C3 | undecided | REI gains about 2 dB on the 16 images. |" in told
