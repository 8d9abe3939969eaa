"""`inr-diagnose`: measure finished runs from their stored weights, without a fit."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from ..checks import InputError
from ..paths import conf_dir, user_path
from ..runs.store import read_record, state
from .arguments import ready
from .errors import exit_on_error

#: What a word begins with that is no run.
KEYS = ("diagnostic=", "diagnostic.", "+diagnostic", "trusted=")


def main(arguments: Sequence[str] | None = None) -> None:
    """Take run folders and what to measure of them."""
    parser = argparse.ArgumentParser(
        prog="inr-diagnose",
        description="Measure finished runs from their stored weights, at every milestone. What a "
        "run has with these options is left as it is; arrays go to <run>/diagnostics.",
        usage="inr-diagnose RUN [RUN ...] diagnostic=[layer_ntk,spectra] [trusted=[...]]",
    )
    parser.add_argument("words", nargs="+", metavar="RUN | key=value")
    words = parser.parse_args(arguments).words
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    keys = [word for word in words if word.startswith(KEYS)]
    with exit_on_error("inr-diagnose"):
        if not any("diagnostic" in key for key in keys):
            raise InputError("nothing to measure; expected diagnostic=[NAME,...]")
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            chosen = compose("config", ready(keys))
        folders = [word for word in words if word not in keys]
        if not folders:
            raise InputError("no run; expected a folder such as outputs/runs/KEY/seed-000")
        for folder in folders:
            measure(user_path(folder), chosen)


def measure(folder: Path, chosen: DictConfig) -> None:
    """Compute the chosen diagnostics that the run lacks.

    Raises:
        InputError: if the folder is no finished run, or its data is not what it was fitted to.
    """
    from .. import building
    from ..experiment import backfill_diagnostics

    if not (folder / "record.json").is_file():
        raise InputError(f"{folder}: no run; expected a folder such as outputs/runs/KEY/seed-000")
    if (what := state(folder)) != "done":
        raise InputError(f"{folder}: {what}; expected a finished run")
    record = read_record(folder)
    asked = building.resolve(chosen)
    # What may be built is for the asker to say, not for the folder, which may be a stranger's.
    config = {**record["config"], **{key: asked[key] for key in ("diagnostic", "trusted")}}
    task = building.build_task(config)
    if task.sha256 != record["data"]["sha256"]:
        raise InputError(f"{folder}: its data has changed since it was fitted")
    backfill_diagnostics(folder, config, task)
    for name in config["diagnostic"] or {}:
        print(folder / "diagnostics" / f"{name}.npz")
