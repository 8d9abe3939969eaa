"""Every sweep runs and every figure of it is drawn: tiny; `pytest -m sweeps`."""

import re
from pathlib import Path

import pytest

from inr_experiments.commands.cells import cells, varied
from inr_experiments.experiment import execute
from inr_experiments.paths import conf_dir
from inr_experiments.runs.frame import frame, read_frame, write_frame
from tests.scripts import load

ROOT = Path(__file__).parents[1]
EXPERIMENTS = sorted(path.stem for path in (conf_dir() / "experiment").glob("*.yaml"))
TINY = ("scale=smoke", "fit.steps=4", "fit.milestone_every=2", "task.side=32",
        "pictures=bundled", "seed=0")  # fmt: skip
#: One picture; but what table1 feeds wants the spread over two.
IMAGES = {"table1": "astronaut,coffee"}


def makefile(name: str) -> dict[str, list[str]]:
    """The variables `<name>…` of the Makefile, as words."""
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    found = re.findall(rf"^{name}(\w*) := (.*)$", text, re.M)
    return {stem: words.split() for stem, words in found}


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """Runs an experiment once; gives its frame's file."""
    folder = tmp_path_factory.mktemp("sweeps")

    def of(experiment: str) -> Path:
        path = folder / f"{experiment}.csv"
        if not path.exists():
            images = IMAGES.get(experiment, "astronaut")
            words = [f"experiment={experiment}", *TINY, f"task.image={images}"]
            words.append(f"outputs={folder}")
            runs = [execute(cfg) for cfg in cells(words)]
            assert {run.status for run in runs} == {"done"}
            swept = dict(zip([run.folder for run in runs], varied(words), strict=True))
            write_frame(frame(swept, swept), path)
        return path

    return of


def behind() -> dict[str, list[str]]:
    """The experiments behind every figure and table of the Makefile."""
    listed = makefile("FRAME_")
    stems = makefile("FIGURES")[""] + makefile("TABLES")[""]
    return {stem: listed.get(stem, [stem]) for stem in stems}


def test_every_experiment_is_behind_a_figure_a_table_or_a_claim():
    needed = {name for names in behind().values() for name in names}
    assert sorted(needed | set(makefile("CLAIMED")[""])) == EXPERIMENTS


@pytest.mark.sweeps
@pytest.mark.parametrize(("stem", "experiments"), behind().items(), ids=list(behind()))
def test_sweep_to_figure(stem, experiments, frames, tmp_path):
    (script,) = ROOT.glob(f"scripts/*/{stem}.py")
    inputs = [frames(name) for name in experiments]
    for path in inputs:
        assert not read_frame(path).empty
    load(f"{script.parent.name}/{stem}").main(*map(str, inputs), str(tmp_path / f"{stem}.png"))
    assert any(path.stat().st_size > 200 for path in tmp_path.iterdir())
