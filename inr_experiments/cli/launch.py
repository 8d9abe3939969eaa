"""`inr`: one run, or with `-m` a sweep."""

import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from ..checks import InputError
from ..paths import conf_dir
from ..runs import files
from ..runs.store import read_diagnostic
from . import sweeper
from .arguments import ready
from .errors import JobFailedError, exit_on_error, sentence
from .finished import finished_sweep

if TYPE_CHECKING:
    from ..experiment import Outcome


# Two launches in the same microsecond have folders of their own; workers keep the launcher's name.
OmegaConf.register_new_resolver("launcher_pid", os.getpid, use_cache=True, replace=True)

#: What made a single run end badly. Raised after Hydra has returned, which would print it twice.
ended: list[BaseException] = []


@hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
def job(cfg: DictConfig) -> str | None:
    """Do one run and say what came of it; in a sweep, return the sentence of a failure."""
    from ..experiment import execute  # torch comes in here, so that --help need not wait for it

    hydra_config = HydraConfig.get()
    single = hydra_config.mode == RunMode.RUN
    try:
        if single and cfg.sweep is not None:
            name = hydra_config.runtime.choices.get("experiment")
            raise InputError(f"experiment={name}: a sweep; expected inr -m experiment={name}")
        report(execute(cfg), pictures=single)
        return None
    except Exception as error:
        if single:
            ended.append(error)
            return None
        overrides = " ".join(hydra_config.overrides.task)
        print(f"{overrides}: {sentence(error)}", file=sys.stderr)
        return note_failure(Path(hydra_config.runtime.output_dir), overrides, error)


def report(outcome: "Outcome", *, pictures: bool) -> None:
    """Say what a person wants to know of a run, what was done to its data, where pictures are.

    Raises:
        JobFailedError: if the run's record says that it failed.
    """
    record = outcome.record
    if outcome.status == "elsewhere":
        print(f"{outcome.folder}: another worker is on it")
        return
    name = f"{record['config']['model']['name']} on {record['item']}, seed {record['seed']}"
    found = "" if outcome.fresh else " (already done; force=true redoes it)"
    if outcome.status != "done":
        raise JobFailedError(f"{name}: {outcome.status}{found}; its record is in {outcome.folder}")
    facts = [f"{metric} {value:.4g}" for metric, value in record["metrics"].items()]
    ranks = read_diagnostic(outcome.folder, "spectra") or []
    if ranks and "inlet/effective_rank" in ranks[0]:
        path = " → ".join(f"{row['inlet/effective_rank']:.1f}" for row in (ranks[0], ranks[-1]))
        facts.append(f"effective rank of Z₀ {path}")
    print(f"{name}: {', '.join(facts)}{found}")
    if pictures or outcome.fresh:
        for note in record["data"].get("notes", ()):
            print(f"  {note}")
    if pictures:
        for picture in sorted(outcome.folder.glob("*.png")):
            print(f"  {picture}")


def note_failure(folder: Path, overrides: str, error: Exception) -> str:
    """Keep a failed job's traceback in its launch folder; return what failed, why, and where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "traceback.txt"
    files.write_text(path, "".join(traceback.format_exception(error)))
    return f"{overrides}: {sentence(error)} ({path})"


def main() -> None:
    """Run Hydra, and turn what went wrong into a sentence and an exit code."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions come to us, not to Hydra's printer
    with exit_on_error("inr"):
        sys.argv[1:] = ready(sys.argv[1:])
        if found := finished_sweep(sys.argv[1:]):
            for outcome in found:
                report(outcome, pictures=False)
            return
        sweeper.register()
        job()
        for error in ended:
            raise error
