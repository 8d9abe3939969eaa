"""The runs behind a report in short: what they are, their protocol, machines, time and places."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..checks import counted
from ..runs.frame import Frame, word

#: Config groups of which every value is told, and values that are none of a protocol's.
PROTOCOL = ("task.", "fit.", "model.width", "model.hidden_layers")
UNTOLD = ("_target_", "sha256")


@dataclass(frozen=True)
class Experiment:
    """The runs of a frame in numbers."""

    stem: str
    runs: int
    methods: int
    items: int
    tasks: tuple[str, ...]
    seeds: int
    scale: str
    hours: float

    @property
    def sentence(self) -> str:
        """A sentence on what there is to average over."""
        tasks = ", ".join(self.tasks)
        return (
            f"Experiment {self.stem}: {counted(self.runs, 'run')}, "
            f"{counted(self.methods, 'method')} on {counted(self.items, 'item')} of task {tasks}, "
            f"{counted(self.seeds, 'seed')}, scale {self.scale}."
        )


@dataclass(frozen=True)
class RunLinks:
    """A run and its files, as links relative to the page."""

    name: str
    config: str
    record: str
    page: str | None


@dataclass(frozen=True)
class RunSummary:
    """The runs of several frames in short.

    Attributes:
        experiments: by stem.
        protocol: by experiment, values of task and fit, each with the methods that have it.
        machines: processor, cores, device and threads, with the number of runs.
        code: commits (+: with uncommitted changes) with the number of runs; versions likewise.
        period: first and last run finished, UTC.
        runs: by experiment.
    """

    experiments: Mapping[str, Experiment]
    protocol: Mapping[str, Mapping[str, str]]
    machines: Mapping[str, int]
    code: Mapping[str, int]
    versions: Mapping[str, int]
    period: tuple[str, str] | None
    runs: Mapping[str, tuple[RunLinks, ...]]


def summarise_runs(frames: Iterable[Frame], outputs: Path, page_folder: Path) -> RunSummary:
    """The summary of frames whose runs lie under `outputs`; a run in several counts once."""
    frames = list(frames)
    tables = [frame.runs for frame in frames]
    runs = pd.concat(tables) if tables else pd.DataFrame()
    runs = runs[~runs.index.duplicated()]
    machines: Counter[str] = Counter()
    for _, run in runs.iterrows():
        machines[
            f"{run['processor']}, {run['cores']} cores, {run['platform']}, on {run['device']} with "
            f"{counted(run['threads'], 'thread')}"
        ] += 1
    return RunSummary(
        {frame.name: _experiment(frame) for frame in frames},
        {frame.name: _protocol(frame.runs) for frame in frames},
        machines,
        Counter(map(_commit, runs["commit"])) if len(runs) else {},
        Counter(runs["versions"]) if len(runs) else {},
        (runs["finished_utc"].min(), runs["finished_utc"].max()) if len(runs) else None,
        {frame.name: _links(frame.runs, outputs, page_folder) for frame in frames},
    )


def _commit(told: str | float) -> str:
    """The commit; a frame that was written and read has NaN for none."""
    return "outside a checkout" if pd.isna(told) or not told else str(told)


def _experiment(frame: Frame) -> Experiment:
    runs = frame.runs
    return Experiment(
        frame.name,
        len(runs),
        runs["label"].nunique(),
        runs["item"].nunique(),
        tuple(runs["task"].unique()),
        runs["seed"].nunique(),
        ", ".join(runs["scale"].unique()),
        float(runs["seconds_total"].sum()) / 3600,
    )


def _protocol(runs: pd.DataFrame) -> dict[str, str]:
    """Every value of width, depth, task and fit; where methods differ, who has which."""
    told = {}
    for key in runs:
        if not key.startswith(PROTOCOL) or key.endswith(UNTOLD):
            continue
        values: dict[str, set[str]] = defaultdict(set)
        for value, label in zip(runs[key], runs["label"], strict=True):
            values["–" if pd.isna(value) else word(value)].add(label)
        told[key] = _by_value(values, list(runs["label"].unique()))
    return told


def _by_value(values: Mapping[str, set[str]], order: list[str]) -> str:
    if all(labels == set(order) for labels in values.values()):
        return ", ".join(values)
    return "; ".join(
        f"{value} ({', '.join(sorted(labels, key=order.index))})"
        for value, labels in values.items()
    )


def _links(runs: pd.DataFrame, outputs: Path, page_folder: Path) -> tuple[RunLinks, ...]:
    def link(folder: str, name: str) -> str:
        return Path(os.path.relpath(outputs / folder / name, page_folder)).as_posix()

    return tuple(
        RunLinks(
            f"{run['label']} · {run['item']} · seed {run['seed']}",
            link(run["folder"], "config.yaml"),
            link(run["folder"], "record.json"),
            link(run["folder"], "page.html") if run["page"] else None,
        )
        for _, run in runs.iterrows()
    )
