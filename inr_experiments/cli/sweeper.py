"""The Hydra sweeper of `inr -m`: the cells of an experiment's sweep, and what became of them."""

import sys
from types import ModuleType
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, RunMode, TaskFunction
from omegaconf import DictConfig

from ..sweep import jobs
from .errors import JobFailedError


class UnionSweeper(Sweeper):
    """Give the launcher every cell of the sweep; raise at the end for those that failed."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.context, self.name = hydra_context, config.hydra.job.config_name
        self.launcher: Launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Launch all cells.

        Raises:
            InputError: if the sweep cannot be read, or the data that all of it needs is not there.
            JobFailedError: if cells failed, with a line for each; the others are done.
        """
        cells = jobs(arguments, self._composed)
        find_data(self._composed(list(cells[0])).task)
        results = self.launcher.launch([list(cell) for cell in cells], initial_job_idx=0)
        said = [result.return_value for result in results]
        failed = [line for line in said if line is not None]
        if failed:
            lines = [f"{len(failed)} job(s) failed, the others are done:", *failed]
            raise JobFailedError("\n  ".join(lines))
        return results

    def _composed(self, words: list[str]) -> DictConfig:
        return self.context.config_loader.load_configuration(self.name, words, RunMode.RUN)


def register() -> None:
    """Make the sweeper known to Hydra, which takes plugins of the package hydra_plugins alone."""
    UnionSweeper.__module__ = "hydra_plugins.inr"
    alias = ModuleType("hydra_plugins.inr")
    alias.UnionSweeper = UnionSweeper  # type: ignore[attr-defined]
    sys.modules["hydra_plugins.inr"] = alias
    Plugins.instance().register(UnionSweeper)


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
