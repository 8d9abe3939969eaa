"""A task from outside the tree: a file and a yaml, and every command knows it."""

import json

import pytest

from inr_experiments.runs.frame import read_frame
from tests.launching import inr

CODE = """
import numpy as np
import torch

from inr_experiments.tasks.task import Metric, Task


class Trace(Task):
    METRICS = {"mae": Metric("V", better="lower", keep_best=True), "precision": Metric("V")}
    NOUN = "trace"
    KEY_EXCLUDES = ("path", "comment")
    out_features = 1

    def __init__(self, *, path, gain=1.0, comment=""):
        y = torch.from_numpy(np.loadtxt(path)).float() * gain
        self.item, self.sha256 = self.item_name(path=path), self.fingerprint(path=path)
        self.coordinates = torch.linspace(-1, 1, len(y))[:, None]
        self.targets = y[:, None]

    @classmethod
    def suffixes(cls):
        return (".trace",)

    @property
    def without_network(self):
        return {"the mean": {"mae": (self.targets - self.targets.mean()).abs().mean().item()}}

    def evaluate(self, predict):
        error = predict(self.coordinates) - self.targets
        return {"mae": error.abs().mean().item(), "precision": error.mean().item()}
"""
YAML = """# task=trace: a voltage over time.
_target_: mytasks.trace.Trace
name: trace
scales:
  smoke: {width: 8, steps: 4, batch: full, milestone_every: 2}
path: null
gain: 1.0
comment: ""
"""
WORDS = (
    "task=trace", "task.path=my traces/", "model=relu,siren", "scale=smoke", "outputs=o",
    "trusted=[mytasks]",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a user, whose sweep over two traces has been run."""
    folder = tmp_path_factory.mktemp("own")
    for name, text in {
        "mytasks/__init__.py": "", "mytasks/trace.py": CODE, "myconf/task/trace.yaml": YAML,
        "my traces/a.trace": "0 1 2 3 2 1", "my traces/b.TRACE": "5 4 3 2 1 0",
        "my traces/notes.txt": "no trace",
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    done = inr("--config-dir", "myconf", "-m", *WORDS, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "4 cells, 0 done" in done.stdout and "mae (V) ± std" in done.stdout
    return folder


@pytest.fixture
def command(folder):
    """What a command prints of the sweep."""

    def call(module: str, *words: str) -> str:
        done = inr("--config-dir", "myconf", *WORDS, *words, cwd=folder, module=module)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def test_the_record_says_what_tables_and_claims_must_know(folder):
    records = [json.loads(p.read_text()) for p in folder.glob("o/runs/*/seed-000/record.json")]
    assert sorted(record["item"] for record in records) == ["a", "a", "b", "b"]
    for record in records:
        assert record["task"]["noun"] == "trace"
        assert record["task"]["metrics"]["mae"]["unit"] == "V"
        assert "scales" not in record["config"]["task"]
        best = min(milestone["mae"] for milestone in record["milestones"])
        assert record["metrics"]["mae_best"] == best and "precision_best" not in record["metrics"]


def test_it_is_found_again_and_what_decides_no_number_is_outside_its_key(folder, command):
    assert [line.split()[:3] for line in command("plan").splitlines()][1:] == [
        ["ReLU", "(default)", "2"], ["SIREN", "2", "2"], ["total", "4", "4"]
    ]  # fmt: skip
    assert "total                    4     4" in command("plan", "task.comment=other")
    assert "total                    4     0" in command("plan", "task.gain=2.0")


def test_tables_and_frames_know_its_metric(folder, command):
    table = command("table")
    assert "mae (V) ± std" in table and "mae: lower is better" in table
    (row,) = (line for line in table.splitlines() if line.startswith("the mean"))
    assert row.split()[2:4] == ["2", "1.17"], "of 0.83 and 1.5"
    command("collect", "--frame", "mine")
    frame = read_frame(folder / "mine")
    assert frame.value("data.without_network.the mean.mae").nunique() == 2
    assert set(frame.column("noun")) == {"trace"} and set(frame.column("metric")) == {"mae"}
    assert set(frame.column("item")) == {"a", "b"}
    assert set(frame.column("precision")) == {"fp32"}, "no metric takes the place of a column"
    assert frame.value("precision").dtype == float
    assert not {"task.path", "task.comment"} & set(frame.runs)


def test_a_pattern_and_an_empty_folder(folder, command):
    assert "total                    2     2" in command("plan", "task.path=my traces/a*")
    words = ("--config-dir", "myconf", "task=trace", "trusted=[mytasks]", "task.path=mytasks/")
    done = inr(*words, cwd=folder, module="plan")
    assert done.returncode == 2 and "holds no file to fit" in done.stderr


def test_a_scale_that_it_does_not_list_is_one_sentence(folder):
    words = (
        "--config-dir",
        "myconf",
        "task=trace",
        "trusted=[mytasks]",
        "task.path=my traces/a.trace",
    )
    done = inr(*words, "scale=paper", cwd=folder)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    said = "task=trace has no number for it at scale=paper; expected one in task.scales.paper"
    assert said in done.stderr and "(it has smoke)" in done.stderr


def test_a_hash_that_is_not_the_fingerprint_is_refused(folder):
    other = CODE.replace("self.fingerprint(path=path)", "'0' * 64").replace("Trace", "Other")
    (folder / "mytasks/other.py").write_text(other)
    words = ("--config-dir", "myconf", "task=trace", "scale=smoke", "trusted=[mytasks]")
    words = (*words, "task.path=my traces/a.trace", "task._target_=mytasks.other.Other")
    done = inr(*words, cwd=folder)
    assert done.returncode == 2 and "expected its fingerprint" in done.stderr


def test_a_class_that_is_no_task_is_refused(folder):
    words = ("--config-dir", "myconf", "task=trace", "scale=smoke", "trusted=[mytasks]")
    done = inr(*words, "task._target_=mytasks.trace.Metric", cwd=folder)
    assert done.returncode == 2 and "task._target_='mytasks.trace.Metric'" in done.stderr
