"""A sweep as one Slurm array, whose jobs are followed in the queue and by what they leave."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from omegaconf import OmegaConf

from ..checks import InputError
from ..errors import sentence
from .job import Result
from .launchers import Numbered, TellingLauncher, run_task

#: Seconds between two looks at the queue.
POLL = 2.0
#: Looks at which a job is neither in the queue nor has a result, before it counts as killed: a file
#: system that nodes share may show a file late.
LOOKS = 5
#: Parameters that submitit has for every cluster; the others are of Slurm.
COMMON = ("name", "timeout_min", "mem_gb", "nodes", "cpus_per_task", "gpus_per_node")


class SlurmLauncher(TellingLauncher):
    """Submits the runs as a job array, and waits for all of them.

    Args:
        folder: for scripts and logs.
        array_parallelism: jobs at a time.
        parameters: further ones of submitit's executor: partition, mem_gb, timeout_min …
    """

    def __init__(self, *, folder: str, array_parallelism: int, **parameters: Any) -> None:
        self.folder, self.parallel, self.parameters = folder, array_parallelism, parameters

    def at_once(self, count: int) -> int:
        return min(count, self.parallel)

    def results(self, tasks: Sequence[Numbered]) -> Iterator[tuple[int, Result]]:
        calls = [(number, words, self.context, self.config) for number, words in tasks]
        jobs = self._submit(calls)
        waiting = {job.job_id: (number, job) for (number, _), job in zip(tasks, jobs, strict=True)}
        missed = dict.fromkeys(waiting, 0)
        try:
            yield from self._follow(waiting, missed)
        except KeyboardInterrupt:
            arrays = " ".join(sorted({name.split("_")[0] for name in waiting}))
            print(f"the jobs stay in the queue; scancel {arrays} ends them", file=sys.stderr)
            raise

    def _follow(
        self, waiting: dict[str, tuple[int, Any]], missed: dict[str, int]
    ) -> Iterator[tuple[int, Result]]:
        while waiting:
            time.sleep(POLL)
            queued = _queued({name.split("_")[0] for name in waiting})
            for name, (number, job) in list(waiting.items()):
                ended = job.paths.result_pickle.exists()
                if queued is not None:
                    missed[name] = 0 if name in queued else missed[name] + 1
                if ended or missed[name] >= LOOKS:
                    del waiting[name]
                    yield number, _result(job) if ended else _killed(job)

    def _submit(self, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        try:
            import submitit
            from submitit.core.utils import FailedJobError
        except ImportError as error:
            raise InputError(
                "hydra/launcher=slurm: needs submitit; expected pip install -e '.[slurm]'"
            ) from error
        given = {
            key if key in COMMON else f"slurm_{key}": OmegaConf.to_container(value)
            if OmegaConf.is_config(value) else value
            for key, value in self.parameters.items() if value is not None
        }  # fmt: skip
        try:
            executor = submitit.AutoExecutor(folder=self.folder, cluster="slurm")
            executor.update_parameters(slurm_array_parallelism=self.parallel, **given)
            jobs: list[Any] = executor.map_array(_run_and_print, *zip(*calls, strict=True))
        except (FailedJobError, NameError, RuntimeError) as error:
            said = " ".join(str(error).split())
            raise InputError(f"hydra/launcher=slurm: the jobs were not taken: {said}") from error
        return jobs


def _run_and_print(*call: Any) -> Result:
    result = run_task(*call)
    if "UncompletedJobError" in result.said:  # raised by submitit before Slurm kills the job
        said = "reached its time limit; expected a larger hydra.launcher.timeout_min"
        result = replace(result, said=said)
    print(result.said, flush=True)  # for the job's log
    return result


def _result(job: Any) -> Result:
    try:
        result: Result = job.result()
        return result
    except Exception as error:
        lines = [line for line in str(error).splitlines() if line.strip("- ")]
        said = lines[-1].strip() if lines else sentence(error)
        return Result(f"{said} (log: {job.paths.stderr})", failed=True)


def _killed(job: Any) -> Result:
    said = f"its Slurm job {job.job_id} was killed"
    if state := _state(job.job_id):
        said += f" ({state})"
    log = job.paths.stderr
    if log.is_file():  # one that was cancelled before it began has none
        text = log.read_text(encoding="utf-8", errors="replace")
        # Where memory is not limited by cgroups, Slurm's state is a mere FAILED.
        said += "; it exceeded its memory limit" if "memory limit" in text else ""
        said += f"; log: {log}"
    return Result(said, failed=True)


def _queued(arrays: set[str]) -> set[str] | None:
    """The jobs of these arrays that have not ended; None where Slurm does not answer."""
    answer = _ask("squeue", "-h", "-r", "-o", "%i", "-j", ",".join(sorted(arrays)))
    if answer is None:
        # One that it does not know any more is an error; with several ids it would not be.
        answer = _ask("squeue", "-h", "-r", "-o", "%i")
    return None if answer is None else set(answer.split())


def _state(job: str) -> str:
    """Slurm's word for the end of a job, as far as it is kept: OUT_OF_MEMORY, TIMEOUT …"""
    kept = _ask("sacct", "-X", "-n", "-P", "-o", "State", "-j", job)
    if kept and kept.strip():
        return kept.split()[0]
    shown = re.search(r"JobState=(\w+)", _ask("scontrol", "show", "job", job) or "")
    return shown[1] if shown else ""


def _ask(*words: str) -> str | None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
