"""`inr`: one run, or with `-m` a sweep."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import hydra
from omegaconf import DictConfig

from ..checks import InputError
from ..paths import conf_dir

if TYPE_CHECKING:
    from ..experiment import Outcome


class JobFailedError(RuntimeError):
    """A job of a sweep failed; the others go on."""


@hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
def job(cfg: DictConfig) -> None:
    """Do one run and say what came of it."""
    from ..experiment import execute  # torch comes in here, so that --help need not wait for it

    say(execute(cfg))


def say(outcome: "Outcome") -> None:
    """Print what a person wants to know of a finished run."""
    record = outcome.record
    if outcome.status == "elsewhere":
        print(f"{outcome.folder}: another worker has it")
        return
    name = f"{record['config']['model']['name']} on {record['item']}, seed {record['seed']}"
    found = "" if outcome.fresh else " (already done; force=true redoes it)"
    if outcome.status != "done":
        raise JobFailedError(f"{name}: {outcome.status}{found}; see {outcome.folder}")
    metrics = record["metrics"]
    print(f"{name}: " + ", ".join(f"{k} {v:.2f}" for k, v in metrics.items()) + found)


def main() -> None:
    """The door: run Hydra, and turn what a user can mend into one sentence."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions come here, not to Hydra's printer
    try:
        job()
    except InputError as error:
        sys.exit(f"inr: {error}")
