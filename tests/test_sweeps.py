"""Every sweep runs and every figure of it is drawn: tiny; `make smoke`."""

import re
import runpy
from pathlib import Path

import pytest

from inr_experiments.commands.cells import cells, varied
from inr_experiments.experiment import execute
from inr_experiments.paths import conf_dir
from inr_experiments.runs.frame import frame, read_frame, write_frame
from tests.scripts import load

ROOT = Path(__file__).parents[1]
EXPERIMENTS = sorted(path.stem for path in (conf_dir() / "experiment").glob("*.yaml"))
TINY = ("scale=smoke", "fit.steps=4", "fit.milestone_every=2", "task.side=32", "seed=0")


def makefile(name: str) -> dict[str, list[str]]:
    """The variables `<name>…` of the Makefile, as words."""
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    found = re.findall(rf"^{name}(\w*) := (.*)$", text, re.M)
    return {stem: re.sub(r"\$\((\w+)\)", named, words).split() for stem, words in found}


def named(reference: re.Match) -> str:
    """What a reference to another variable stands for."""
    return " ".join(makefile(reference[1])[""])


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """Runs an experiment once; gives its frame's file."""
    folder = tmp_path_factory.mktemp("sweeps")

    def of(experiment: str) -> Path:
        path = folder / f"{experiment}.csv"
        if not path.exists():
            words = [f"experiment={experiment}", *TINY, *few(experiment), f"outputs={folder}"]
            runs = [execute(cfg) for cfg in cells(words)]
            assert {run.status for run in runs} == {"done"}
            swept = dict(zip([run.folder for run in runs], varied(words), strict=True))
            write_frame(frame(swept, swept), path)
        return path

    return of


def few(experiment: str) -> list[str]:
    """One picture or shape, and small lattices in 3D; `significance` wants two pictures."""
    text = (conf_dir() / "experiment" / f"{experiment}.yaml").read_text()
    if "/object:" in text:
        return ["task.shape=torus_knot", "model.width=27"]
    if "/shapes:" in text:
        return ["task.shape=torus_knot"]
    several = experiment in ("table1", "table1_seeds")
    return ["task.image=" + ("astronaut,coffee" if several else "astronaut")]


def behind() -> dict[str, list[str]]:
    """The experiments behind every figure and table of the Makefile."""
    listed = makefile("FRAME_")
    stems = makefile("FIGURES")[""] + makefile("TABLES")[""]
    return {stem: listed.get(stem, [stem]) for stem in stems}


def test_every_experiment_is_behind_a_figure_a_table_or_a_claim():
    needed = {name for names in behind().values() for name in names}
    assert sorted(needed | set(makefile("CLAIMED")[""])) == EXPERIMENTS


def test_fast_leaves_no_model_and_no_figure_of_two_precisions():
    faster = set(makefile("FASTER")[""])
    for name in faster:
        models = [cfg.model for cfg in cells([f"experiment={name}", "scale=smoke"])]
        assert not [m.name for m in models if m.get("fast") is False], name
    mixed = [s for s, names in behind().items() if 0 < len(faster & set(names)) < len(names)]
    assert sorted(mixed) == ["fig_rank_ablation", "rank_correlations"], "SIREN's knob is not pooled"


@pytest.mark.parametrize(("stem", "experiments"), behind().items())
def test_a_frame_that_is_not_there_is_one_sentence(stem, experiments, monkeypatch, capsys):
    (script,) = ROOT.glob(f"scripts/*/{stem}.py")
    frames = [f"{name}.csv" for name in experiments]
    monkeypatch.setattr("sys.argv", [str(script), *frames, f"{stem}.png"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(script), run_name="__main__")
    assert stopped.value.code == 2
    assert re.match(rf"{stem}: \w+\.csv: No such file", capsys.readouterr().err)


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("stem", "experiments"),
    [
        # Two processes, and what is drawn from the same runs in the same one.
        pytest.param(stem, names, id=stem, marks=pytest.mark.xdist_group(names[0]))
        for stem, names in behind().items()
    ],
)
def test_sweep_to_figure(stem, experiments, frames, tmp_path):
    (script,) = ROOT.glob(f"scripts/*/{stem}.py")
    inputs = [frames(name) for name in experiments]
    for path in inputs:
        assert not read_frame(path).empty
    draw = load(f"{script.parent.name}/{stem}").main
    draw(*map(str, inputs), str(tmp_path / f"{stem}.png"))
    assert any(path.stat().st_size > 200 for path in tmp_path.iterdir())
    if stem in makefile("PARTIAL")[""]:  # what the plan may leave of it
        draw(str(inputs[0]), str(tmp_path / "part.png"))
        assert any(path.stat().st_size > 200 for path in tmp_path.glob("part.*"))
