"""What the records of the runs behind a report say: protocol, machines, time, where each lies."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ..runs.store import read_record
from .labels import in_order, method


@dataclass(frozen=True)
class Experiment:
    """What a frame holds."""

    stem: str
    runs: int
    models: tuple[str, ...]
    items: int
    tasks: tuple[str, ...]
    seeds: int
    scale: str
    hours: float

    @property
    def sentence(self) -> str:
        """What there is to average over, in words."""
        tasks = ", ".join(self.tasks)
        return (
            f"Experiment {self.stem}: {self.runs} runs, {len(self.models)} model(s) on "
            f"{self.items} item(s) of task {tasks}, {self.seeds} seed(s), scale {self.scale}."
        )


@dataclass(frozen=True)
class RunLinks:
    """A run and its files, as links relative to the page."""

    name: str
    config: str
    record: str
    page: str | None


@dataclass(frozen=True)
class Facts:
    """The records in short.

    Attributes:
        experiments: by stem.
        protocol: by experiment, values of task and fit, each with the models that have it.
        machines: processor, cores, device and threads, with the number of runs.
        code: commits, clean or not, with the number of runs; versions likewise.
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


@dataclass
class _Tally:
    machines: Counter[str] = field(default_factory=Counter)
    code: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    finished: list[str] = field(default_factory=list)
    seen: set[Path] = field(default_factory=set)

    def add(self, folder: Path, provenance: Mapping[str, Any]) -> None:
        """Count a run once, however many experiments share it."""
        if folder in self.seen:
            return
        self.seen.add(folder)
        self.machines[
            f"{provenance['processor']}, {provenance['cores']} cores, {provenance['platform']}, "
            f"on {provenance['device']} with {provenance['threads']} thread(s)"
        ] += 1
        git = provenance["git"]
        state = "outside a checkout"
        if git:
            state = git["commit"][:12] + (" with uncommitted changes" if git["dirty"] else "")
        self.code[state] += 1
        self.versions[", ".join(f"{n} {v}" for n, v in provenance["versions"].items())] += 1
        self.finished.append(provenance["finished_utc"])


def gather(frames: Mapping[str, pd.DataFrame], page_folder: Path) -> Facts:
    """Read the records of the runs in the frames; a run that is not on this disk is left out."""
    tally = _Tally()
    experiments, protocol, runs = {}, {}, {}
    for stem, frame in frames.items():
        experiments[stem] = _experiment(stem, frame)
        records = []
        for folder in map(Path, frame["folder"].unique()):
            if (folder / "record.json").is_file():
                record = read_record(folder)
                tally.add(folder, record["provenance"])
                records.append((folder, record))
        protocol[stem] = _protocol([record["config"] for _, record in records])
        runs[stem] = tuple(_links(folder, record, page_folder) for folder, record in records)
    period = (min(tally.finished), max(tally.finished)) if tally.finished else None
    return Facts(experiments, protocol, tally.machines, tally.code, tally.versions, period, runs)


def _experiment(stem: str, frame: pd.DataFrame) -> Experiment:
    def texts(name: str) -> tuple[str, ...]:
        return tuple(sorted(frame[name].unique()))

    seconds = frame.loc[frame["metric"] == "seconds", "value"].sum()
    return Experiment(
        stem,
        len(frame[["key", "seed"]].drop_duplicates()),
        tuple(in_order(set(frame["model"]))),
        frame["item"].nunique(),
        texts("task"),
        frame["seed"].nunique(),
        ", ".join(texts("scale")),
        float(seconds) / 3600,
    )


def _protocol(configs: list[dict[str, Any]]) -> dict[str, str]:
    """Every value of width, depth, task and fit; where models differ, who has which."""
    values: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for config in configs:
        model = config["model"]
        taken = {
            "model": {key: model[key] for key in ("width", "hidden_layers")},
            "task": config["task"],
            "fit": config["fit"],
        }
        for key, value in _leaves(taken):
            values[key][value].add(model["name"])
    return {key: _told(by_value) for key, by_value in values.items()}


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        elif key not in ("_target_", "cache", "path"):
            yield f"{prefix}{key}", "–" if value is None else str(value)


def _told(by_value: Mapping[str, set[str]]) -> str:
    if len(by_value) == 1:
        return next(iter(by_value))
    everyone = set().union(*by_value.values())
    if all(models == everyone for models in by_value.values()):
        return ", ".join(by_value)
    return "; ".join(
        f"{value} ({', '.join(method(name).label for name in in_order(models))})"
        for value, models in by_value.items()
    )


def _links(folder: Path, record: Mapping[str, Any], page_folder: Path) -> RunLinks:
    def link(name: str) -> str:
        return Path(os.path.relpath(folder / name, page_folder)).as_posix()

    label = method(record["config"]["model"]["name"]).label
    page = link("page.html") if (folder / "page.html").is_file() else None
    name = f"{label} · {record['item']} · seed {record['seed']}"
    return RunLinks(name, link("config.yaml"), link("record.json"), page)
