"""`inr-diagnose`: measure finished runs from their stored weights, or any network in a file."""

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from ..checks import InputError
from ..config import check_options, resolve
from ..digest import sha256_of
from ..errors import exit_on_error
from ..paths import conf_dir, user_path
from ..runs.names import read_names
from ..runs.store import leased, read_record, state
from ..sweep.arguments import ready
from .network import NAME, diagnose_network

#: What a word begins with that is no run.
KEYS = ("diagnostic=", "diagnostic.", "+diagnostic", "trusted=")


def main(arguments: Sequence[str] | None = None) -> None:
    """Take run folders and what to measure of them, or networks."""
    parser = argparse.ArgumentParser(
        prog="inr-diagnose",
        description="Measure finished runs from their stored weights, at every milestone. What a "
        "run has with these options is left as it is; arrays go to <run>/diagnostics. A network "
        "of one's own, named by a module of Python and what makes it there, is diagnosed on a "
        "grid over [-1, 1]^P; its figure goes to MODULE-FACTORY.png.",
        usage="inr-diagnose RUN [RUN ...] diagnostic=[layer_ntk,spectra] [trusted=[...]]\n"
        "       inr-diagnose MODULE:FACTORY trusted=[MODULE] [--points 64x64] [--output KEY]",
    )
    parser.add_argument("words", nargs="+", metavar="RUN | MODULE:FACTORY | key=value")
    parser.add_argument("--points", help="the grid that a network sees; default: 64x64")
    parser.add_argument("--output", help="the one meant, of a network with several")
    parsed = parser.parse_intermixed_args(arguments)
    words = parsed.words
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    keys = [word for word in words if word.startswith(KEYS)]
    with exit_on_error("inr-diagnose"):
        networks = [word for word in words if NAME.fullmatch(word) and not Path(word).exists()]
        if not networks and not any("diagnostic" in key for key in keys):
            raise InputError("nothing to measure; expected diagnostic=[NAME,...]")
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            chosen = compose("config", ready(keys))
        folders = [word for word in words if word not in keys and word not in networks]
        if not networks and (parsed.points or parsed.output):
            raise InputError("--points, --output: of a network; expected none beside a run")
        if networks and not folders and any("diagnostic" in key for key in keys):
            raise InputError("diagnostic=: of runs; expected none beside a network")
        trusted = resolve(chosen)["trusted"]
        for network in networks:
            diagnose_network(network, parsed.points or "64x64", parsed.output, trusted)
        if networks and not folders:
            return
        if not folders:
            raise InputError("no run; expected a folder such as outputs/runs/KEY/seed-000")
        if not (diagnostics := resolve(chosen)["diagnostic"]):
            raise InputError("diagnostic=none: nothing to measure; expected diagnostic=[NAME,...]")
        check_options(keys, diagnostics)
        for folder in folders:
            measure(user_path(folder), chosen)


def measure(folder: Path, chosen: DictConfig) -> None:
    """Compute the chosen diagnostics that the run lacks.

    Raises:
        InputError: if the folder is no finished run, or its data is not what it was fitted to.
    """
    from .. import building
    from ..experiment import backfill_diagnostics

    placed_as_run = Path(os.path.abspath(folder)).parent.parent.name == "runs"
    if not placed_as_run or not (folder / "record.json").is_file():
        raise InputError(f"{folder}: no run; expected a folder such as outputs/runs/KEY/seed-000")
    if (what := state(folder)) != "done":
        raise InputError(f"{folder}: {what}; expected a finished run")
    record = read_record(folder)
    asked = resolve(chosen)
    # What may be built is for the asker to say, not for the folder, which may be a stranger's.
    config = {**record["config"], **{key: asked[key] for key in ("diagnostic", "trusted")}}
    config["task"] = placed(folder, record)
    task = building.build_task(config)
    if task.sha256 != record["data"]["sha256"]:
        path = config["task"].get("path") or task.item
        raise InputError(f"{path}: its data has changed; expected what {folder} was fitted to")
    with leased(folder) as lease:
        if lease is None:
            raise InputError(f"{folder}: another worker is on it; expected a run that is free")
        backfill_diagnostics(folder, config, task)
    for name in config["diagnostic"] or {}:
        print(folder / "diagnostics" / f"{name}.npz")


def placed(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """The task of a run's config, with its file and its cache where they lie now.

    Raises:
        InputError: if the file cannot be found.
    """
    task = dict(record["config"]["task"])
    outputs = Path(os.path.abspath(folder)).parents[2]
    if task.get("cache") is not None:
        task["cache"] = str(outputs / "cache")
    if task.get("path") is None:
        return task
    paths = [name.absolute for name in read_names(folder) if name.absolute]
    paths += [str(user_path(task["path"])), *beside(outputs, record["config"])]
    paths = list(dict.fromkeys(paths))
    there = [path for path in paths if os.path.isfile(path)]
    if not there:
        tried = " or ".join(paths)
        raise InputError(f"{folder}: no file at {tried}; expected the file it was fitted to")
    same = [path for path in there if sha256_of(Path(path)) == record["data"]["sha256"]]
    return {**task, "path": (same or there)[0]}


def beside(outputs: Path, config: Mapping[str, Any]) -> list[str]:
    """The path of a file that was moved together with the outputs; none where one is absolute."""
    path, given = user_path(config["task"]["path"]), user_path(config["outputs"])
    if (
        path.is_absolute()
        or given.is_absolute()
        or outputs.parts[-len(given.parts) :] != given.parts
    ):
        return []
    return [str(outputs.parents[len(given.parts) - 1] / path)]
