"""Frames made from the records of finished runs, and from nothing else."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..checks import InputError
from .frame import Array, Frame
from .measured import diagnostic_names, read_arrays, read_diagnostic
from .names import Name, asked_for, items_of, read_names
from .store import may_be_passed_on, read_losses, read_record

#: Values kept of a spectrum at the most, denser where it begins.
THINNED = 128
#: Arrays that are spectra, whose values are kept with their indices.
SPECTRA = ("singular_values", "eigenvalues")
#: Files of a run that figures show, and whether the licence of what was fitted decides on them.
PICTURES = {"target.png": True, "reconstruction.png": True, "prediction.png": False}
#: Config values that have columns of their own, as the name and looks of a model.
NOT_LEAVES = ("name", "label", "colour")
#: What a run is, before the config values in which runs differ.
IDENTITY = ("run", "key", "seed", "model", "label", "colour", "task", "item", "scale")


def make_frame(
    name: str,
    folders: Sequence[Path],
    *,
    looks: Mapping[Path, Mapping[str, str]] | None = None,
    diagnostics: Collection[str] | None = None,
    arrays: Collection[str] | None = None,
    asked: Mapping[Path, Collection[Name]] | None = None,
) -> Frame:
    """The frame of finished runs, in the order of `folders`, from what lies in them.

    Args:
        looks: `label` and `colour` by folder, where an experiment has its own for what it sweeps;
            those of the record otherwise.
        diagnostics: the names of those kept; None keeps all.
        arrays: patterns of the names of arrays that are kept, as `*/slices/*`; None keeps all.
            Pictures and slices are of the lowest seed.
        asked: the names asked for, by folder; all names of a folder without.
    """
    rows: list[dict[str, Any]] = []
    steps: list[tuple[str, int, str, float]] = []
    found: dict[str, Array] = {}
    records = [(folder, read_record(folder)) for folder in dict.fromkeys(folders)]
    done = [(folder, record) for folder, record in records if record["status"] == "done"]
    first_seed = min((record["seed"] for _, record in done), default=0)
    items = _items(done, asked or {})
    for (folder, record), item in zip(done, items, strict=True):
        row = _row(folder, record, item, (looks or {}).get(folder, {}))
        kept = [n for n in diagnostic_names(folder) if diagnostics is None or n in diagnostics]
        rows.append(row)
        steps += [(row["run"], *entry) for entry in _steps(folder, record, kept)]
        for place, values in _arrays(folder, record, kept, pictures=record["seed"] == first_seed):
            key = f"{row['run']}/{place}"
            if arrays is None or any(fnmatchcase(key, pattern) for pattern in arrays):
                found[key] = values
    runs = pd.DataFrame(rows, columns=None if rows else list(IDENTITY))
    leaves = [column for column in runs if "." in column]
    last = [column for column in runs if column not in (*IDENTITY, *leaves)]
    table = pd.DataFrame(steps, columns=["run", "step", "metric", "value"])
    return Frame(name, runs[[*IDENTITY, *leaves, *last]].set_index("run"), table, found)


def _items(
    done: Sequence[tuple[Path, Mapping[str, Any]]], asked: Mapping[Path, Collection[Name]]
) -> list[str]:
    """The item of every run, with all names that are told of its data."""
    told = []
    for folder, record in done:
        names = read_names(folder)
        chosen = asked_for(names, asked[folder]) if folder in asked else names
        told.append((record["data"]["sha256"], chosen))
    return items_of(told)


def _row(
    folder: Path, record: Mapping[str, Any], item: str, looks: Mapping[str, str]
) -> dict[str, Any]:
    if "task" not in record:
        raise InputError(
            f"{folder}: its record says nothing of its task; expected a run fitted by this version "
            "of the suite"
        )
    config, provenance, data = record["config"], record["provenance"], record["data"]
    model, task = config["model"], record["task"]
    git = provenance["git"]
    return {
        # First, so that a metric with the name of a column below does not replace it.
        **record["metrics"],
        "run": f"{record['key']}/{record['seed']}",
        "key": record["key"],
        "seed": record["seed"],
        "model": model["name"],
        "label": looks.get("label") or model["label"],
        "colour": looks.get("colour") or model["colour"],
        "task": config["task"]["name"],
        "item": item,
        "scale": config["scale"]["name"],
        **{
            f"{group}.{key}": value
            for group in ("model", "task", "fit")
            for key, value in _leaves(config[group])
            # What names the item or says where it lies differs without a difference in numbers.
            if group != "task" or key not in task["key_excludes"]
        },
        **{f"data.{key}": value for key, value in _plain(data)},
        **{
            f"metric.{name}.{key}": metric[key]
            for name, metric in task["metrics"].items()
            for key in ("unit", "better")
            if metric[key]
        },
        "noun": task["noun"],
        "metric": next(iter(task["metrics"])),
        "redistributable": may_be_passed_on(record),
        "precision": record["precision"],
        "parameters": record["parameters"],
        "seconds": record["seconds"]["fit"],
        "seconds_total": record["seconds"]["total"],
        **{key: provenance[key] for key in ("device", "threads", "processor", "cores", "platform")},
        "commit": (git["commit"][:12] + ("+" if git["dirty"] else "")) if git else "",
        "versions": ", ".join(f"{n} {v}" for n, v in provenance["versions"].items()),
        "finished_utc": provenance["finished_utc"],
        "folder": "/".join(("runs", *folder.parts[-2:])),
        "page": (folder / "page.html").is_file(),
        "early_slope": early_slope(read_losses(folder)),
    }


def _plain(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The facts of the data that are plain values, but for that which has a column of its own.

    Metrics without a network are `without_network.<label>.<metric>`.
    """
    for key, value in data.items():
        if isinstance(value, str | int | float) and key != "redistributable":
            yield key, value
    for label, metrics in data.get("without_network", {}).items():
        for metric, value in metrics.items():
            yield f"without_network.{label}.{metric}", value


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a config group by its key; lists as text."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        elif (prefix or key not in NOT_LEAVES) and key != "_partial_" and value is not None:
            yield f"{prefix}{key}", str(value) if isinstance(value, list) else value


def _steps(
    folder: Path, record: Mapping[str, Any], diagnostics: Sequence[str]
) -> Iterator[tuple[int, str, float]]:
    """Step, metric and value of all metrics and diagnostics."""
    rows = [("", record["milestones"])]
    rows += [(f"{name}/", read_diagnostic(folder, name) or []) for name in diagnostics]
    for prefix, entries in rows:
        for entry in entries:
            for metric, value in entry.items():
                if metric != "step":
                    yield int(entry["step"]), f"{prefix}{metric}", float(value)


def _arrays(
    folder: Path, record: Mapping[str, Any], diagnostics: Sequence[str], *, pictures: bool
) -> Iterator[tuple[str, Array]]:
    """The arrays of a run that figures draw, by name."""
    shareable = may_be_passed_on(record)
    for name in diagnostics:
        by_step = read_arrays(folder, name)
        ends = (min(by_step, default=0), max(by_step, default=0))
        for step, found in by_step.items():
            for key, values in found.items():
                kind = key.rpartition("/")[2]
                where = f"{step:06d}/{name}/{key}"
                if kind.endswith(SPECTRA) and step in ends:
                    yield where, thinned(values)
                elif kind == "reconstruction" and shareable and pictures:
                    yield where, values
                elif kind == "thresholds" and step in ends:
                    yield where, values.astype(np.float32)
    if pictures:
        for file, licensed in PICTURES.items():
            path = folder / file
            if path.is_file() and (shareable or not licensed):
                yield path.stem, np.frombuffer(path.read_bytes(), dtype=np.uint8)
        if (folder / "slices.npz").is_file():
            with np.load(folder / "slices.npz") as stored:
                for key in stored.files:
                    yield f"slices/{key}", stored[key] > 0.5


def thinned(values: Array) -> Array:
    """Indices from 1 and values of a spectrum, at most `THINNED`, evenly spread on a log scale.

    Shapes: (K,) -> (2, min(K, THINNED)) float32 at the most.
    """
    count = len(values)
    index = np.arange(1, count + 1)
    if count > THINNED:
        index = np.unique(np.geomspace(1, count, THINNED).round().astype(int))
    return np.stack([index, np.asarray(values)[index - 1]]).astype(np.float32)


def early_slope(losses: Sequence[float]) -> float:
    """d ln(loss) / d step over the first tenth of the steps, by least squares; below 0 it falls.

    At least two steps are taken; NaN for a run of one, or where the loss is 0.
    """
    first = np.asarray(losses[: max(2, len(losses) // 10)])
    if len(first) < 2 or not (first > 0).all():
        return float("nan")
    step = np.arange(len(first)) - (len(first) - 1) / 2
    return float(step @ np.log(first) / (step @ step))
