"""From a composed config to a finished run: build, fit, measure, record."""

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig, OmegaConf

from .building import (
    Diagnostic,
    build,
    build_diagnostics,
    build_network,
    build_settings,
    fingerprint,
    item_of,
    kept_task,
    naming,
    pick_device,
    settings_of,
    task_class,
)
from .checks import InputError, within
from .config import resolve, without
from .fit.loop import DivergedError, fit
from .fit.precision import check_precision
from .fit.settings import FitSettings
from .fit.snapshot import Snapshot
from .matching import matched
from .models.batch_norm import freeze_statistics, need_two
from .models.network import Network
from .paths import user_path
from .runs.key import run_key
from .runs.measured import read_options, write_diagnostic
from .runs.names import Name, name_of, note_name, stored_names, write_names
from .runs.options import covers, united
from .runs.provenance import provenance
from .runs.store import Run, Store, leased
from .seeding import generator
from .tasks.task import Metric, Task

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run.

    Attributes:
        status: `done`, `failed: …`, or `elsewhere` where another worker has it.
        fresh: whether it was fitted now, not found.
        folder: where it lies.
        record: its record; empty for `elsewhere`.
        note: a sentence where it was fitted to another file with the same bytes.
    """

    status: str
    fresh: bool
    folder: Path
    record: dict[str, Any]
    note: str = ""


def execute(cfg: DictConfig) -> Outcome:
    """Do the run that `cfg` describes, or find it done; compute the diagnostics still missing.

    Raises:
        InputError: if the config or the data cannot be used; nothing has been written then, unless
            it is a diagnostic that refuses.
    """
    config = matched(resolve(cfg))
    seed = config["seed"]
    device = pick_device(config["device"])
    task = kept_task(config)
    settings = build_settings(config)
    diagnostics = build_diagnostics(config)
    tracker = (
        build(without(config["tracking"], "name"), config, "tracking")
        if "_target_" in config["tracking"]
        else None
    )
    store = Store(user_path(config["outputs"]))
    key = run_key(config, data_sha256=task.sha256, of_task=task.KEY_EXCLUDES)
    name = name_of(config, task.item)
    folder = store.folder(key, seed)
    force, fresh = config["force"], False
    record = None if force else store.record(key, seed)
    if record is None:
        with naming("task", settings_of(config)):  # its data may be looked through only here
            points = len(task.coordinates)
        network = build_network(config, task)
        batch = points if settings.batch == "full" else int(settings.batch)
        with within("model"):
            need_two(network, min(points, batch))
        with within("fit"):
            check_precision(settings.precision, device, bf16=config["model"].get("bf16", "allowed"))
            settings.check(network)
        with store.working(key, seed, again=force) as run:
            if run is not None:
                write_names(run.path, [name, *stored_names(folder)])
                fit_and_record(run, network, task, settings, config, device, diagnostics)
                fresh = True
        record = store.record(key, seed) if fresh or not force else None
    if record is None:
        return Outcome("elsewhere", False, folder, {})
    note = note_name(folder, name)
    if not fresh and missing_diagnostics(folder, config["diagnostic"]):
        with leased(folder) as lease:
            if lease is None:
                return Outcome("elsewhere", False, folder, {})
            backfill_diagnostics(folder, config, task)
    if tracker is not None:
        tracker.mirror(folder)
    return Outcome(record["status"], fresh, folder, record, note)


def identify(config: dict[str, Any]) -> tuple[str, Name]:
    """The key of the run that a resolved config describes, and the name of its data.

    Nothing is built or decoded. The bytes of a file are read once, as long as it does not change.

    Raises:
        InputError: if the task cannot be used, or its data is not there.
    """
    excludes = task_class(config).KEY_EXCLUDES
    key = run_key(config, data_sha256=fingerprint(config), of_task=excludes)
    return key, name_of(config, item_of(config))


def fit_and_record(
    run: Run,
    network: Network,
    task: Task,
    settings: FitSettings,
    config: dict[str, Any],
    device: str,
    diagnostics: dict[str, Diagnostic],
) -> None:
    """Fit, and fill the run's folder."""
    started = time.perf_counter()
    status = "done"
    results: dict[str, dict[int, dict]] = {name: {} for name in diagnostics}
    spent = dict.fromkeys(("evaluate", "diagnose", "draw"), 0.0)
    torch.manual_seed(generator(config["seed"], task.sha256, "fit").initial_seed())  # dropout
    try:
        for snapshot in fit(network, task, settings, seed=config["seed"], device=device):
            run.trace(snapshot.losses, snapshot.lrs)
            with timed(spent, "evaluate"):
                metrics = task.evaluate(snapshot.predict)
                if snapshot.step == settings.steps:
                    metrics |= task.evaluate_last(snapshot.predict)
                check_measured("task", metrics)
            run.append(snapshot.step, metrics)
            if not sys.stderr.isatty():  # where there is no progress bar
                facts = ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
                log.info("step %d of %d: %s", snapshot.step, settings.steps, facts)
            state = snapshot.network.state_dict()
            run.save_weights(snapshot.step, {name: v.cpu().numpy() for name, v in state.items()})
            with timed(spent, "diagnose"):
                measure(diagnostics, snapshot, task, results)
        with timed(spent, "draw"):
            task.draw(snapshot.predict, run.path)
    except DivergedError as error:
        run.trace(error.losses, error.lrs)
        status = f"failed: {error}"
    for name, result in results.items():
        write_diagnostic(run.path, name, result, config["diagnostic"][name])
    seconds = time.perf_counter() - started
    run.finish(
        {
            "key": run.path.parent.name,
            "seed": config["seed"],
            "status": status,
            "precision": settings.precision,
            "item": task.item,
            "config": config,
            "task": task.for_record(),
            "data": {
                "sha256": task.sha256,
                **task.facts,
                "without_network": task.without_network,
            },
            "parameters": network.parameter_count(),
            "metrics": summary(run.milestones, task.METRICS) if status == "done" else {},
            "seconds": {"total": seconds, "fit": seconds - sum(spent.values()), **spent},
            "provenance": {**provenance(), "device": device, "threads": torch.get_num_threads()},
        },
        OmegaConf.to_yaml(OmegaConf.create(config)),
    )


def measure(
    diagnostics: Mapping[str, Diagnostic], snapshot: Snapshot, task: Task, results: dict[str, Any]
) -> None:
    """Note the findings of every diagnostic at a snapshot under its name and step."""
    for name, diagnostic in diagnostics.items():
        with within(f"diagnostic.{name}"):
            found = diagnostic(snapshot, task)
        check_measured(f"diagnostic.{name}", found, arrays=True)
        results[name][snapshot.step] = found


def check_measured(where: str, found: Any, *, arrays: bool = False) -> None:
    """Raise an `InputError` unless what a part has measured is numbers by name, or arrays."""
    if not isinstance(found, Mapping):
        raise InputError(f"{where}: measured {type(found).__name__}; expected numbers by name")
    for name, value in found.items():
        if name == "step":
            raise InputError(f"{where}: measured 'step', the milestone's; expected another name")
        array = arrays and isinstance(value, np.ndarray) and not value.dtype.hasobject
        if not isinstance(value, Real) and not array:
            kind = type(value).__name__
            expected = "a number" + (" or an array of numpy, not of objects" if arrays else "")
            raise InputError(f"{where}: measured {name} is a {kind}; expected {expected}")


def summary(milestones: list[dict[str, float]], metrics: Mapping[str, Metric]) -> dict[str, float]:
    """The last milestone's metrics, and the best of some under `<name>_best`."""
    last = {name: value for name, value in milestones[-1].items() if name != "step"}
    best = {
        f"{name}_best": (max if metric.better == "higher" else min)(
            m[name] for m in milestones if name in m
        )
        for name, metric in metrics.items()
        if metric.keep_best and name in last
    }
    return {**last, **best}


def missing_diagnostics(folder: Path, wanted: Mapping[str, Any] | None) -> list[str]:
    """The names of those diagnostics that a finished run does not have with these options."""
    stored = {name: read_options(folder, name) for name in wanted or {}}
    return [n for n, had in stored.items() if had is None or not covers(had, (wanted or {})[n])]


def backfill_diagnostics(folder: Path, config: dict[str, Any], task: Task) -> None:
    """Compute what a finished run lacks of the config's diagnostics, from its stored weights.

    What is stored with other options is measured anew with those of both.

    Raises:
        InputError: if the stored weights are not those of this model.
    """
    wanted = config["diagnostic"]
    options = {
        name: united(read_options(folder, name) or {}, wanted[name])
        for name in missing_diagnostics(folder, wanted)
    }
    if not options:
        return
    diagnostics = build_diagnostics(config, options)
    results: dict[str, dict[int, dict]] = {name: {} for name in options}
    for snapshot in stored_snapshots(folder, build_network(config, task), task):
        measure(diagnostics, snapshot, task, results)
    for name, result in results.items():
        write_diagnostic(folder, name, result, options[name])
        log.info("computed %s from the stored weights of %s", name, folder)


def stored_snapshots(folder: Path, network: Network, task: Task) -> Iterator[Snapshot]:
    """The snapshots of a finished run, one after the other in the same `network`.

    Raises:
        InputError: if no weights are stored, or those of another network.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    found = sorted((folder / "weights").glob("*.safetensors"))
    if not found:
        raise InputError(
            f"{folder}: holds no weights (they do not travel in a pack); expected a run on the "
            "machine that fitted it, or a new one: force=true fits it again"
        )
    for path in found:
        try:
            network.load_state_dict(load_file(path))
        except (RuntimeError, SafetensorError) as error:
            why = " ".join(str(error).split())
            raise InputError(f"{path}: not the weights of this model ({why})") from error
        freeze_statistics(network, task.coordinates)
        yield Snapshot(int(path.stem), network, task.coordinates)


@contextmanager
def timed(spent: dict[str, float], name: str) -> Iterator[None]:
    """Add the block's seconds to `spent[name]`."""
    started = time.perf_counter()
    yield
    spent[name] += time.perf_counter() - started
