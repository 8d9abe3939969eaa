"""The kept reference: its size, its pictures, what is drawn of it, and the verdicts told of it."""

import functools
import re
import shutil
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import paper
import verdicts
from inr_experiments.claims.evidence import NOT_RUN
from inr_experiments.claims.verdict import Verdict, judge_all
from inr_experiments.reporting.pieces import find_pieces, load
from inr_experiments.reporting.rates import grid
from inr_experiments.reporting.reference import check_size
from inr_experiments.reporting.style import pixels
from inr_experiments.reporting.tables import write
from inr_experiments.runs.frame import NotShownError, read_frame, write_frame
from inr_experiments.sweep.compose import configs

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "outputs/reference"
README, FINDINGS = ROOT / "README.md", REFERENCE / "README.md"
PIECES = find_pieces(ROOT / "scripts")
FRAMES = sorted(path.parent for path in REFERENCE.glob("*/frames/*/runs.csv"))
#: In the names of places whose frames are kept for a table: some of the runs have no arrays.
OF_A_TABLE = "-fit.steps="
#: Figures and tables whose frames are kept, each with the folder of those.
REDRAWN = [
    (folder, stem)
    for folder in sorted({frame.parent for frame in FRAMES})
    for stem, piece in PIECES.items()
    if {folder / name for name in piece.reads} <= set(FRAMES)
    and not (piece.arrays and OF_A_TABLE in folder.parent.name)
]
#: A table of which the findings tell one number.
UNKEPT = ("laptop-real-model=relu,rank_expanding-fit.lr=5e-3", "table1")
#: Pictures of what was fitted, and figures of them.
PICTURES = ("target", "reconstruction")
DRAWN = ("fig_reconstruction", "training_clip")
#: A line of a table of verdicts: the claim, and its verdict.
LINE = re.compile(r"^\| \[([CQ]\d)\]\S+ \|[^|]*\| ([^|,]*?) ?[|,]", re.MULTILINE)
WORDS = {"✓": "reproduced", "✗": "not reproduced"}
#: A kept frame whose verdict is overturned in a copy.
AT, CLAIM = "laptop-real", "C6"


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_it_is_15_mb_at_the_most_and_no_file_of_it_more_than_one():
    check_size(REFERENCE.rglob("*"))
    files = [path.stat().st_size for path in REFERENCE.rglob("*") if path.is_file()]
    assert sum(files) <= 15_000_000 and max(files) <= 1_000_000


@pytest.mark.parametrize("folder", FRAMES, ids=place)
def test_no_frame_holds_a_picture_that_may_not_be_passed_on(folder):
    frame = read_frame(folder)
    closed = tuple(f"{run}/" for run in frame.runs.index[~frame.runs["redistributable"]])
    assert not [key for key in frame.arrays if key.startswith(closed) and key.endswith(PICTURES)]


def test_no_figure_shows_div2k():
    kept = [path for stem in DRAWN for path in REFERENCE.glob(f"*/{stem}.*")]
    assert not [path for path in kept if "-real" in path.parent.name]


@pytest.mark.parametrize(
    ("folder", "stem"), REDRAWN, ids=[f"{place(f.parent)}-{s}" for f, s in REDRAWN]
)
def test_every_figure_and_table_is_drawn_from_it(folder, stem, tmp_path):
    piece = PIECES[stem]
    module, frames = load(piece), [read_frame(folder / name) for name in piece.reads]
    if piece.kind == "tables":
        table = module.rows(*frames)
        _, markdown, tex = (path.read_text("utf-8") for path in write(table, tmp_path / stem))
        assert table.body and tex.partition("\n")[2].isascii()
        assert not re.search(r"(?<!\$)[<>|\"]", tex.partition("\n")[2])
        kept = folder.parent / f"{stem}.md"
        assert (folder.parent.name, stem) == UNKEPT or kept.read_text("utf-8") == markdown
        return
    try:
        drawn = module.draw(*frames)
    except NotShownError:
        return  # pictures that may not be passed on
    assert any(axis.has_data() for axis in drawn.axes)
    if folder != next(place for place, name in REDRAWN if name == stem):
        return plt.close(drawn)  # another frame of it is looked at
    drawn.set_layout_engine("none")  # takes as long as all else
    assert pixels(drawn, dpi=40).std() > 0


def best_rates(scale: str) -> dict[str, float]:
    """The best rate of each label in a kept grid."""
    table = grid(read_frame(REFERENCE / f"{scale}-real/frames/tune"))
    at = table.header.index("best")
    return {row[0]: float(row[at]) for row in table.body}


def test_the_methods_have_the_best_rates_of_the_kept_grid():
    methods = configs(["experiment=methods", "items=1"])
    assert {cfg.model.label: cfg.fit.lr for cfg in methods} == best_rates("laptop")


def test_rates_of_the_paper_s_scale_are_the_best_of_its_grid():
    table = configs(
        ["experiment=table1", "items=1", "scale=paper", "model=relu,rank_expanding,pe,siren"]
    )
    assert {cfg.model.label: cfg.fit.lr for cfg in table} == best_rates("paper")
    (own,) = configs(["model=relu", "model.lr=0.5", "scale=paper"])
    assert own.fit.lr == 0.5


@functools.cache
def judged(frames: Path) -> list[Verdict]:
    scale, data, *_ = frames.parent.name.split("-")
    return judge_all(verdicts.CLAIMS, frames, variables=f" SCALE={scale} DATA={data}")


@pytest.mark.parametrize("at", ["laptop-real", "laptop-bundled", "paper-real"])
def test_the_kept_table_of_claims_is_that_of_the_frames(at, tmp_path):
    _, made, _ = write(verdicts.table_of(judged(REFERENCE / at / "frames")), tmp_path / "claims")
    assert (REFERENCE / at / "claims.md").read_text("utf-8") == made.read_text("utf-8")


def contradicted(text: str, references: Path = REFERENCE) -> list[str]:
    """The claims of a table of verdicts that frames of the paper's data decide otherwise.

    Of some claims one folder has a part of the runs: those decide nothing, nor do a few items or
    other settings than the table's.
    """
    told = {name: WORDS.get(word, word) for name, word in LINE.findall(text)}
    found = []
    for frames in sorted(references.glob("laptop-real*/frames")):
        for verdict in () if re.search("-items-|=", frames.parent.name) else judged(frames):
            outcomes = {evidence.outcome for evidence in verdict.evidence}
            partly = verdict.verdict == "undecided" and NOT_RUN in outcomes
            if not partly and verdict.verdict not in (NOT_RUN, told.get(verdict.claim.name)):
                found.append(verdict.claim.name)
    return found


@pytest.mark.parametrize("document", [README, FINDINGS], ids=place)
def test_documents_tell_the_verdicts_of_the_frames(document):
    text = document.read_text(encoding="utf-8")
    assert {name for name, _ in LINE.findall(text)} >= {"C1", "C8", "Q1", "Q5"}
    assert contradicted(text) == []


def told_effects(line: str) -> list[list[str]]:
    """Mean and both ends of every interval in a line, as they are written."""
    plain = re.sub(r" (dB|%|points)(?= \[)", "", line.replace("−", "-"))
    return [list(m) for m in re.findall(r"([+-][\d.]+) \[([+-]?[\d.]+), ([+-]?[\d.]+)\]", plain)]


def is_rounded(told: list[str], exact: list[float]) -> bool:
    """True where each number is an exact one, to the digits that are written."""
    digits = [len(word.partition(".")[2]) for word in told]
    pairs = zip(told, exact, digits, strict=True)
    return all(abs(float(word) - number) <= 0.501 * 10**-d for word, number, d in pairs)


def test_the_readme_has_the_numbers_of_the_frames():
    text = README.read_text(encoding="utf-8")
    told = {m[1]: told_effects(m[0]) for m in re.finditer(r"^\| \[([CQ]\d)\].*$", text, re.M)}
    exact: dict[str, list[list[float]]] = {}
    for frames in sorted(REFERENCE.glob("laptop-real*/frames")):
        for verdict in judged(frames):
            found = [e.estimate for e in verdict.evidence if e.estimate is not None]
            own = exact.setdefault(verdict.claim.name, [])
            own += [[e.mean, e.low, e.high] for e in found]
    for name in (name for name, known in exact.items() if known and name in told):
        assert told[name], name
        for words in told[name]:
            assert any(is_rounded(words, numbers) for numbers in exact[name]), (name, words)
    assert sum(map(bool, exact.values())) >= 3


def test_a_verdict_overturned_is_seen_by_documents_report_and_compare(
    tmp_path, capsys, monkeypatch
):
    kept, copy = (tmp_path / part / AT / "frames" for part in ("kept", "copy"))
    for folder in (kept, copy):  # that claim's alone
        shutil.copytree(REFERENCE / AT / "frames/bn_placement", folder / "bn_placement")
    monkeypatch.setattr(verdicts, "REFERENCE", tmp_path / "kept")
    assert verdicts.compare(kept, AT) == 0
    frame = read_frame(copy / "bn_placement")
    inlet = frame.runs.index[frame.runs["model.batch_norm.layers"] == "[0]"]
    lifted = frame.steps["run"].isin(inlet) & (frame.steps["metric"] == "psnr")
    value = frame.steps["value"] + 10.0 * lifted
    write_frame(replace(frame, steps=frame.steps.assign(value=value)), copy / "bn_placement")
    for document in (README, FINDINGS):
        assert contradicted(document.read_text(encoding="utf-8"), tmp_path / "copy") == [CLAIM]
    assert verdicts.compare(copy, AT) == 1
    assert f"{CLAIM}: reproduced, was not reproduced." in capsys.readouterr().out
    words = ["report", "--outputs", str(tmp_path / "o")]
    for frames, verdict in ((kept, "not reproduced"), (copy, "reproduced")):
        assert paper.main([*words, "--frames", str(frames)]) == 0
        assert f"{CLAIM}  {verdict} " in capsys.readouterr().out
        claims = (tmp_path / "o/tables" / AT / "claims.md").read_text(encoding="utf-8")
        assert f"| {CLAIM} | {verdict} |" in claims
        assert "SCALE=laptop DATA=real" in claims, "the folder says of what the frames are"


def test_a_claim_of_which_fewer_tests_were_run_has_not_moved(tmp_path, capsys, monkeypatch):
    kept, copy = (tmp_path / part / "laptop-bundled" / "frames" for part in ("kept", "copy"))
    for folder in (kept, copy):
        shutil.copytree(REFERENCE / "laptop-bundled/frames/table1", folder / "table1")
    shutil.copytree(REFERENCE / "bench", kept.parents[1] / "bench")
    monkeypatch.setattr(verdicts, "REFERENCE", tmp_path / "kept")
    assert verdicts.compare(copy, "laptop-bundled") == 0
    assert re.search(r"C8: undecided, was \w+, by other tests", capsys.readouterr().out)
