"""One run of a sweep, done, and what a person wants to know of it."""

import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from .. import files
from ..errors import JobFailedError, sentence
from ..runs.measured import read_diagnostic

if TYPE_CHECKING:
    from ..experiment import Outcome


@dataclass(frozen=True)
class Result:
    """The end of a run.

    Attributes:
        said: its metrics, or the sentence of its failure.
        failed: whether it failed.
        seconds: that it took; None where it was found or failed.
        notes: what was warned of, and what was done to its data.
        lost_gpu: whether the GPU failed: this process can use it no more.
    """

    said: str
    failed: bool = False
    seconds: float | None = None
    notes: tuple[str, ...] = ()
    lost_gpu: bool = False


def do(cfg: DictConfig, traceback_to: Path | None = None) -> Result:
    """Do a run, or find it done; a failure is a result too.

    Args:
        traceback_to: a file for the traceback of what is raised; the sentence names it.
    """
    from ..experiment import execute

    with _warnings() as warned:
        try:
            outcome = execute(cfg)
            said = facts(outcome)
        except Exception as error:
            lost = lost_gpu(error)
            said = sentence(error)
            if traceback_to is not None and not isinstance(error, JobFailedError):
                traceback_to.parent.mkdir(parents=True, exist_ok=True)
                files.write_text(traceback_to, "".join(traceback.format_exception(error)))
                said += f" ({traceback_to})"
            return Result(said, failed=True, notes=tuple(warned), lost_gpu=lost)
    seconds = outcome.record["seconds"]["total"] if outcome.fresh else None
    return Result(said, seconds=seconds, notes=(*warned, *notes(outcome)))


def lost_gpu(error: BaseException) -> bool:
    """True for an error of the GPU itself, after which a process cannot use it."""
    import torch

    return isinstance(error, torch.AcceleratorError)


def facts(outcome: "Outcome") -> str:
    """The metrics of a run, and its effective rank at the first and last step.

    Raises:
        JobFailedError: if its record says that it failed.
    """
    if outcome.status == "elsewhere":
        return f"another worker is on it ({outcome.folder})"
    found = "" if outcome.fresh else " (already done; force=true redoes it)"
    if outcome.status != "done":
        why = outcome.status.removeprefix("failed: ")
        raise JobFailedError(f"{why}{found}; its record is in {outcome.folder}")
    told = [f"{metric} {value:.4g}" for metric, value in outcome.record["metrics"].items()]
    ranks = read_diagnostic(outcome.folder, "spectra") or []
    if ranks and "inlet/effective_rank" in ranks[0]:
        path = " → ".join(f"{row['inlet/effective_rank']:.1f}" for row in (ranks[0], ranks[-1]))
        told.append(f"effective rank of Z₀ {path}")
    return ", ".join(told) + found


def notes(outcome: "Outcome") -> list[str]:
    """Notes on a run: the changes to its data if it is fresh, another file with the same bytes."""
    data: dict[str, Any] = outcome.record.get("data", {})
    done = data.get("notes", ()) if outcome.fresh else ()
    return [*done, *filter(None, [outcome.note])]


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Keep what is warned of, and print nothing: a sweep has one line a run."""
    kept: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: kept.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    before, level = root.handlers, root.level
    root.handlers, root.level = [handler], logging.WARNING
    try:
        yield kept
    finally:
        root.handlers, root.level = before, level


@contextmanager
def working_in(folder: str) -> Iterator[None]:
    """Work in a folder: `hydra.job.chdir` must not move what relative paths mean."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
