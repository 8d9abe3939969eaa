"""`inr`: one run, or with `-m` a sweep."""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from ..checks import InputError
from ..paths import conf_dir
from ..runs import files
from ..runs.store import read_diagnostic
from .arguments import ready
from .door import JobFailedError, door, sentence
from .finished import finished_sweep

if TYPE_CHECKING:
    from ..experiment import Outcome


# Two launches in the same microsecond have folders of their own; workers keep the launcher's name.
OmegaConf.register_new_resolver("launcher_pid", os.getpid, use_cache=True, replace=True)

#: What made a single run end badly. Raised after Hydra has returned, which would print it twice.
ended: list[BaseException] = []
#: Folder of the sweep that this process led.
swept: list[Path] = []


@hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
def job(cfg: DictConfig) -> None:
    """Do one run and say what came of it; in a sweep, leave a failure's traceback and go on."""
    from ..experiment import execute  # torch comes in here, so that --help need not wait for it

    hydra_config = HydraConfig.get()
    try:
        report(execute(cfg), pictures=hydra_config.mode == RunMode.RUN)
    except Exception as error:
        if hydra_config.mode == RunMode.RUN:
            ended.append(error)
            return
        overrides = " ".join(hydra_config.overrides.task)
        print(f"{overrides}: {sentence(error)}", file=sys.stderr)
        note_failure(Path(hydra_config.runtime.output_dir), overrides, error)


class NoteSweep(Callback):
    """Looks after a sweep as a whole, which Hydra leaves to callbacks."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """End it before its first job where the data that all jobs need is not there."""
        try:
            find_data(config.task)
        except InputError as error:
            print(f"inr: {error}", file=sys.stderr)
            raise SystemExit(2) from error  # anything milder Hydra swallows

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Tell `main` where the jobs left their notes; Hydra returns nothing."""
        swept.append(Path(config.hydra.sweep.dir))


def find_data(task: DictConfig) -> None:
    """Raise an `InputError` with the command to run where downloaded data is missing."""
    if task.get("path") is not None:
        return
    if task.get("source") == "div2k":
        from ..data.images import div2k

        div2k(task.image)
    elif task.get("shape") is not None:
        from ..data.solids import locate

        locate(shape=task.shape, path=None)


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
    ranks = read_diagnostic(outcome.folder, "inlet_spectrum") or []
    if ranks:
        path = " → ".join(f"{row['inlet/effective_rank']:.1f}" for row in (ranks[0], ranks[-1]))
        facts.append(f"effective rank of Z₀ {path}")
    print(f"{name}: {', '.join(facts)}{found}")
    if pictures or outcome.fresh:
        for note in record["data"].get("notes", ()):
            print(f"  {note}")
    if pictures:
        for picture in sorted(outcome.folder.glob("*.png")):
            print(f"  {picture}")


def note_failure(folder: Path, overrides: str, error: Exception) -> None:
    """Keep a failed job's message and traceback in its launch folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files.write_text(folder / "traceback.txt", "".join(traceback.format_exception(error)))
    files.write_json(folder / "failed.json", {"job": overrides, "error": sentence(error)})


def check_sweep(sweep: Path) -> None:
    """Raise a `JobFailedError` with a line for every failed job and where its traceback lies."""
    notes = sorted(sweep.glob("*/failed.json"), key=lambda path: int(path.parent.name))
    if notes:
        lines = [f"{len(notes)} job(s) failed, the others are done:"]
        for note in notes:
            failed = json.loads(note.read_text(encoding="utf-8"))
            lines.append(f"  {failed['job']}: {failed['error']} ({note.parent / 'traceback.txt'})")
        raise JobFailedError("\n".join(lines))


def main() -> None:
    """Run Hydra, and turn what went wrong into a sentence and an exit code."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions come to us, not to Hydra's printer
    with door("inr"):
        sys.argv[1:] = ready(sys.argv[1:])
        if found := finished_sweep(sys.argv[1:]):
            for outcome in found:
                report(outcome, pictures=False)
            return
        job()
        for error in ended:
            raise error
        for sweep in swept:
            check_sweep(sweep)
