"""The driver of figures and tables: its map, what it runs, what it draws of frames alone."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import paper
from inr_experiments.checks import InputError
from inr_experiments.claims.bench import BENCH
from inr_experiments.claims.samples import sample_of
from inr_experiments.claims.verdict import read_claims
from inr_experiments.reporting.pieces import find_pieces
from inr_experiments.runs.frame import read_frame
from inr_experiments.sweep.job import Result
from inr_experiments.sweep.runner import Runner

ROOT = Path(__file__).parents[1]
PIECES = find_pieces(ROOT / "scripts")
#: Tiny, and 3D with small lattices.
SMALL = ("--scale", "smoke", "--seeds", "0", "--items", "2")
AT = "smoke-bundled-seeds-0-items-2"


def call(*words: str, folder: Path) -> int:
    return paper.main([*words, "--outputs", str(folder)])


def runner_of(names: list[str], folder: Path, **options) -> Runner:
    words = ["scale=smoke", "seed=0", "items=1", f"outputs={folder}"]
    return Runner(names, words, device="cpu", **options)


def test_every_experiment_is_read_and_every_piece_reads_one():
    read = {name for piece in PIECES.values() for name in piece.reads}
    assert sorted(read | set(paper.claimed())) == paper.experiments()


def test_captions_say_what_is_shown():
    for piece in PIECES.values():
        assert piece.caption.endswith("."), piece.stem
        assert "FRAME" not in piece.caption and "OUT" not in piece.caption, piece.stem


def test_the_map_is_printed(capsys):
    assert paper.main(["--list"]) == 0
    said = capsys.readouterr().out
    for stem, piece in PIECES.items():
        assert f"{stem} " in said and " ".join(piece.reads) in said
    for name in paper.experiments():
        assert f"inr -m experiment={name}" in said


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> tuple[Path, str]:
    """A folder in which Table 1 and a figure are drawn, and what was said of it."""
    folder, said = tmp_path_factory.mktemp("drawn"), io.StringIO()
    with contextlib.redirect_stdout(said):
        assert call("table1", "fig_reconstruction", *SMALL, folder=folder) == 0
    return folder, said.getvalue()


def test_it_runs_collects_draws_and_finds_it_done(drawn, capsys):
    folder, said = drawn
    assert "10 of 10" in said and "REI" in said
    for kind, stem, suffixes in (
        ("tables", "table1", (".txt", ".md", ".tex")),
        ("figures", "fig_reconstruction", (".png", ".pdf", ".svg")),
    ):
        for suffix in suffixes:
            path = folder / kind / AT / f"{stem}{suffix}"
            assert path.stat().st_size > 200 and str(path) in said
    stamps = {p: p.stat().st_mtime_ns for p in folder.rglob("record.json")}
    assert call("table1", *SMALL, folder=folder) == 0
    assert "0 runs to do" in capsys.readouterr().out
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("record.json")} == stamps


def test_the_table_holds_what_the_runs_recorded(drawn):
    folder, _ = drawn
    frame = read_frame(folder / "frames" / AT / "table1")
    mean = frame.where(label="SIREN").runs["psnr"].mean()
    text = (folder / "tables" / AT / "table1.txt").read_text()
    (line,) = (line for line in text.splitlines() if line.startswith("SIREN"))
    assert f"{mean:.2f} ±" in line and line.rstrip().endswith("27.29")


def test_carried_frames_are_enough_and_a_missing_one_names_the_command(drawn, tmp_path, capsys):
    carried, out = tmp_path / "elsewhere/mine", tmp_path / "out"
    shutil.copytree(drawn[0] / "frames" / AT, carried)
    frames = ("--frames", str(carried))
    assert call("table1", "fig_inlet_spectra", *frames, folder=out) == 0
    assert (out / "figures/mine/fig_inlet_spectra.png").stat().st_size > 10_000
    capsys.readouterr()
    assert call("fig_controls", *frames, folder=out) == 1
    said = capsys.readouterr().err
    assert "no frame" in said and "made by: make fig_controls SCALE=laptop DATA=bundled" in said
    assert not (out / "figures/mine/fig_controls.png").exists()


def test_what_fails_now_is_not_shown_as_it_was(drawn, tmp_path, capsys):
    folder = tmp_path / "o"
    shutil.copytree(drawn[0], folder)
    table, frame = folder / "tables" / AT / "table1.txt", folder / "frames" / AT / "table1"
    assert table.is_file() and frame.is_dir()
    for record in folder.glob("runs/pe-*/seed-000/record.json"):
        record.write_text("{")  # to be redone
    assert call("table1", *SMALL, "--hours", "0", folder=folder) == 0
    assert "8 of 10 runs are done" in capsys.readouterr().out
    assert not table.is_file() and not frame.is_dir()


def test_what_is_there_stays_where_data_is_not(drawn, tmp_path, monkeypatch, capsys):
    folder, at = tmp_path / "o", AT.replace("bundled", "real")
    for kind in ("frames", "tables"):
        shutil.copytree(drawn[0] / kind / AT, folder / kind / at)
    monkeypatch.setenv("INR_DATA", str(tmp_path / "none"))
    assert call("table1", *SMALL, "--data", "real", folder=folder) == 1
    assert "inr-download div2k" in capsys.readouterr().err
    assert (folder / "tables" / at / "table1.txt").is_file()
    assert (folder / "frames" / at / "table1/runs.csv").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fig_control"], "fig_control: no such target"),
        (["table1", "scale=paper"], "scale=paper: expected --scale"),
        (["table1", "seed=3"], "seed=3: expected --seeds"),
        (["compare", "table1"], "compare: expected no other target"),
        (["report", "--frames", "/nowhere"], "--frames=/nowhere: no frames there"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(words, said, tmp_path):
    with pytest.raises(InputError, match=said):
        call(*words, folder=tmp_path)


def test_a_plan_does_nothing_and_hours_stop_with_whole_runs(tmp_path, capsys):
    words = ("table1", *SMALL, "model=relu,siren")
    assert call(*words, "--plan", folder=tmp_path) == 0
    assert "4 runs to do" in capsys.readouterr().out
    assert not (tmp_path / "runs").exists()
    assert call(*words, "--hours", "0", folder=tmp_path) == 0
    said = capsys.readouterr().out
    assert "table1: 0 of 4 runs are done; the same command goes on" in said
    assert not list(tmp_path.rglob("table1.txt")) and not list(tmp_path.rglob("*.part"))
    assert call(*words, "diagnostic=none", folder=tmp_path) == 0  # fitted, and not measured
    shutil.rmtree(tmp_path / "tables")
    assert call(*words, "--hours", "0", folder=tmp_path) == 0
    assert "table1: 0 of 4 runs are done; the same command goes on" in capsys.readouterr().out
    assert call(*words, folder=tmp_path) == 0
    assert list(tmp_path.rglob("table1.txt"))


def test_a_plan_of_what_cannot_be_is_no_success(tmp_path, capsys):
    assert call("table1", *SMALL[:4], "--items", "0", "--plan", folder=tmp_path) == 1
    assert "failed: table1: items=0" in capsys.readouterr().out
    with pytest.raises(InputError, match=r"--hours=-1: expected a number of at least 0"):
        call("table1", "--hours", "-1", folder=tmp_path)


def test_a_run_that_fails_is_said_and_the_rest_is_done(tmp_path, capsys, monkeypatch):
    from inr_experiments.sweep import runner

    done = runner.do
    monkeypatch.setattr(runner, "do", lambda cfg: (
        Result("broken", failed=True) if cfg.model.name == "rank_expanding" else done(cfg)
    ))  # fmt: skip
    assert call("table1", *SMALL, "model=relu,rank_expanding", folder=tmp_path) == 1
    said = capsys.readouterr()
    assert "2 of 4 runs are done" in said.out and "model=rank_expanding: broken" in said.err


def test_runs_that_experiments_share_are_done_once_with_the_diagnostics_of_all(tmp_path):
    names = ["table1", "training_clip"]
    both = runner_of(names, tmp_path)
    assert sum(map(len, both.cells.values())) == 8 and len(both.to_do()) == 5
    assert both.run() == []
    assert all(frame is not None for _, frame in both.frames({}))
    assert runner_of(names, tmp_path).to_do() == []


@pytest.mark.parametrize(("has", "precision"), [(True, "bf16"), (False, "fp32")])
def test_fast_is_for_experiments_of_which_every_model_may(tmp_path, monkeypatch, has, precision):
    monkeypatch.setattr("inr_experiments.fit.precision.has_bf16", lambda device: has)
    runner = runner_of(["bn_placement", "table1"], tmp_path, fast=True)
    kept = {n: {c.config["fit"]["precision"] for c in own} for n, own in runner.cells.items()}
    assert kept == {"table1": {"fp32"}, "bn_placement": {precision}}, "SIREN refuses it"


MINE = {
    "conf/model/mine.yaml": "defaults: [rank_expanding, _self_]\nname: mine\nlabel: My method\n"
    "colour: '#123456'\ninlet_init:\n  scale: 2.0\n",
    "conf/experiment/mine.yaml": "# @package _global_\n# inr -m experiment=mine · 2 laptop fits\n"
    "sweep:\n  - {fits: images, seed: 0, model: [relu, mine]}\n",
    "scripts/figures/fig_mine.py": '"""PSNR of mine."""\n\nimport matplotlib.pyplot as plt\n\n'
    'READS = ("mine",)\n\n\ndef draw(mine):\n    figure, axis = plt.subplots()\n'
    '    axis.bar(mine.labels, [mine.where(label=n).runs["psnr"].mean() for n in mine.labels])\n'
    "    return figure\n",
    "scripts/tables/table_mine.py": '"""PSNR of mine."""\n\n'
    "from inr_experiments.reporting import tables\n\n"
    'READS = ("mine",)\n\n\ndef rows(mine):\n    own = tables.rows(mine, "psnr")\n'
    '    header = ["method", *tables.header("PSNR")]\n'
    "    return tables.Table(header, [[n, *tables.cells(r)] for n, r in own.items()], '')\n",
}
CLAIM = """
C99:
  claim: Mine gains.
  source: me
  why: as it is mine
  refuted_by: a loss
  experiment: mine
  tests:
    - {kind: gain, metric: psnr, unit: dB, of: mine, over: relu, threshold: 0}
"""


def test_a_model_an_experiment_a_figure_and_a_claim_are_one_file_or_entry_each(tmp_path):
    for name in ("conf", "scripts", "inr_experiments"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in MINE.items():
        (tmp_path / path).write_text(text)
    with (tmp_path / "conf/claims.yaml").open("a") as claims:
        claims.write(CLAIM)
    both = (
        "import sys; from paper import main; words = sys.argv[1:]; "
        "sys.exit(main(['fig_mine', 'table_mine', *words]) or main(['report', *words]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", both, *SMALL, "--outputs", "o"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": f"{tmp_path}:{tmp_path / 'scripts'}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "My method" in done.stdout, done.stderr
    runs = pd.read_csv(tmp_path / "o/frames" / AT / "mine/runs.csv")
    assert list(runs["label"].unique()) == ["ReLU (default)", "My method"]
    assert (tmp_path / "o/figures" / AT / "fig_mine.svg").is_file()
    assert "C99  undecided" in done.stdout, done.stderr


@pytest.fixture(scope="module")
def frames(tmp_path_factory) -> Path:
    """Frames of every experiment, carried away from their runs; five hidden layers."""
    folder = tmp_path_factory.mktemp("everything")
    assert call("paper", *SMALL, "model.hidden_layers=5", folder=folder) == 0
    carried = tmp_path_factory.mktemp("carried") / "smoke-bundled"
    shutil.copytree(folder / "frames" / f"{AT}-model.hidden_layers=5", carried)
    shutil.rmtree(folder)
    return carried


@pytest.mark.smoke
@pytest.mark.xdist_group("paper")
def test_the_frames_have_what_the_papers_claims_ask_for(frames):
    asked = [test for claim in read_claims(paper.CLAIMS) for test in claim.tests]
    # Not all solids are here.
    for test in (t for t in asked if t.experiment != BENCH and not t.items):
        assert len(sample_of(read_frame(frames / test.experiment), test).values) >= 1


@pytest.mark.smoke
@pytest.mark.xdist_group("paper")
@pytest.mark.parametrize("stem", PIECES)
def test_every_figure_and_table_is_redrawn_from_carried_frames(stem, frames, tmp_path):
    assert call(stem, "--frames", str(frames), folder=tmp_path) == 0
    (out,) = tmp_path.glob("*/smoke-bundled")
    assert all(path.stat().st_size > 200 for path in out.iterdir())


def test_keys_go_to_every_experiment(tmp_path):
    words = ("table1", *SMALL, "model=relu,rank_expanding", "task.image=coffee")
    assert call(*words, folder=tmp_path) == 0
    (folder,) = tmp_path.glob("frames/*")
    assert folder.name == f"{AT}-model=relu,rank_expanding-task.image=coffee"
    frame = read_frame(folder / "table1")
    assert frame.labels == ["ReLU (default)", "REI"] and set(frame.runs["item"]) == {"coffee"}


def test_data_that_is_not_there_stops_its_experiments_only(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("INR_DATA", str(tmp_path / "none"))
    words = ("table1", "inlet", *SMALL, "--data", "real", "model=relu", "diagnostic=spectra")
    assert call(*words, folder=tmp_path / "o") == 1
    said = capsys.readouterr()
    assert "inr-download div2k" in said.err and "Traceback" not in said.err
    (runs,) = tmp_path.glob("o/frames/*/*/runs.csv")
    assert runs.parent.name == "inlet"


def test_a_run_that_diverged_is_told_each_time_and_is_in_no_frame(tmp_path, capsys):
    words = ("tune", *SMALL, "model=siren", "fit.lr=1e-3,1e30", "task.image=grace_hopper")
    for _ in range(2):
        assert call(*words, folder=tmp_path) == 1
        said = capsys.readouterr()
        assert "diverged at step" in said.err and "tune: 1 of 2 runs are done" in said.out
