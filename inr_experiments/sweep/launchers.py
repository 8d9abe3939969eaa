"""Hydra launchers that tell of every run as it ends: in this process, or in several."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra import version
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, run_job, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from ..errors import sentence
from .job import Result, do, working_in
from .pool import in_processes, slots

# Two launches in the same microsecond have folders of their own; workers keep the launcher's name.
OmegaConf.register_new_resolver("launcher_pid", os.getpid, use_cache=True, replace=True)

#: A number in the sweep, and its overrides.
Numbered = tuple[int, tuple[str, ...]]


class TellingLauncher(Launcher):
    """A launcher whose results come one by one, in the order in which runs end."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what jobs are composed of; `do` takes the place of the task function."""
        self.context, self.config = hydra_context, config
        str(config.hydra.sweep.dir)  # resolved here, so that all workers have the same one

    def at_once(self, count: int) -> int:
        """The number of runs at a time, of `count`."""
        raise NotImplementedError

    def results(self, tasks: Sequence[Numbered]) -> Iterator[tuple[int, Result]]:
        """The number and the result of every task, as they end."""
        raise NotImplementedError

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Not called: our sweeper takes `results`, and Hydra's own are refused."""
        raise NotImplementedError


class LocalLauncher(TellingLauncher):
    """Runs in this process, or in several that share the cores.

    Args:
        n_jobs: processes; 1 is this one, -1 one a core.
    """

    def __init__(self, *, n_jobs: int = 1) -> None:
        self.n_jobs = n_jobs

    def at_once(self, count: int) -> int:
        return slots(self.n_jobs, count)

    def results(self, tasks: Sequence[Numbered]) -> Iterator[tuple[int, Result]]:
        calls = [(number, words, self.context, self.config) for number, words in tasks]
        return in_turn(run_task, calls, self.at_once(len(calls)), here=self.n_jobs == 1)


def in_turn(
    function: Callable[..., Result], calls: Iterable[tuple[Any, ...]], at_once: int, *, here: bool
) -> Iterator[tuple[int, Result]]:
    """The first argument of every call, its number, and the result, as they end.

    Args:
        at_once: processes.
        here: in this process, until one loses the GPU.
    """
    left = iter(calls)
    if here:
        for call in left:
            result = function(*call)
            yield call[0], result
            if result.lost_gpu:
                break  # those left go on in processes of their own
        else:
            return
    for call, ended in in_processes(function, left, at_once):
        failed = not isinstance(ended, Result)
        yield call[0], Result(sentence(ended), failed=True) if failed else ended


def run_task(
    number: int, words: Sequence[str], context: HydraContext, config: DictConfig
) -> Result:
    """Compose a job as Hydra does, and do it."""
    setup_globals()
    version.setbase("1.3")  # Hydra keeps it by process
    try:
        cfg = context.config_loader.load_sweep_config(config, list(words))
        with open_dict(cfg):
            cfg.hydra.job.id = cfg.hydra.job.num = number
        returned = run_job(
            task_function=sweep_task,
            config=cfg,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            hydra_context=context,
        )
        result: Result = returned.return_value
        return result
    except Exception as error:
        return Result(sentence(error), failed=True)


def sweep_task(cfg: DictConfig) -> Result:
    """Do the run of a job that Hydra has set up."""
    hydra = HydraConfig.get()
    with working_in(hydra.runtime.cwd):
        return do(cfg, Path(hydra.runtime.output_dir) / f"traceback-{hydra.job.num}.txt")
