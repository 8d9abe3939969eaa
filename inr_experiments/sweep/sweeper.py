"""The Hydra sweeper of `inr -m`: it finds what is done, launches the rest, and tells of it."""

from collections.abc import Iterator, Sequence

from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, RunMode, TaskFunction
from omegaconf import DictConfig

from ..checks import InputError
from ..errors import JobFailedError, sentence
from ..reporting.comparison import as_table, compare_rows
from ..reporting.tables import as_text
from .blocks import jobs
from .cells import Cell, frame_of, look_again, look_up
from .compose import UNREAD, read_once, search_path
from .cost import Costs
from .job import Result
from .launchers import LocalLauncher, TellingLauncher, sweep_task
from .progress import Progress, seconds_left, told, told_of
from .slurm import SlurmLauncher


class UnionSweeper(Sweeper):
    """Do every cell of the sweep that is not done; show all of them in a table at the end."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Make the launcher.

        Raises:
            InputError: if it is none of ours.
        """
        self.context, self.master = hydra_context, config
        read_once(hydra_context.config_loader)
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=sweep_task, config=config
        )
        if not isinstance(launcher, TellingLauncher):
            name = config.hydra.runtime.choices["hydra/launcher"]
            raise InputError(
                f"hydra/launcher={name}: expected local, joblib or slurm, which tell of every run"
            )
        self._launcher = launcher

    def sweep(self, arguments: list[str]) -> None:
        """Launch what is not done, and say what became of it.

        Raises:
            InputError: if the sweep cannot be read, or none of its cells can be run.
            JobFailedError: if cells failed, with a line for each; the others are done.
        """
        HydraConfig.instance().set_config(self.master)
        cells = look_up(jobs(arguments, self._composed), self._composed)
        todo = [cell for cell in cells if not cell.done or _asks_for_more(cell)]
        for note in dict.fromkeys(cell.note for cell in cells if cell.note):
            print(note)
        failed = {cell.words: r for cell, r in self._told(todo, cells) if r.failed}
        now = [cell if cell.done else look_again(cell) for cell in cells]
        show(now)
        elsewhere = sum(not c.done and c.words not in failed for c in now)
        if elsewhere:
            said = f"{elsewhere} of {len(cells)} runs are with another worker"
            print(f"\n{said}; once they are done, the same command shows the whole table")
        if failed:
            lines = [told_of(cell.name, failed[cell.words]) for cell in now if cell.words in failed]
            others = sum(cell.done for cell in now)
            done = "the other is done" if others == 1 else "the others are done"
            rest = f", {done}" if others and not elsewhere else ""
            head = f"{len(lines)} of {len(now)} runs failed{rest}:"
            raise JobFailedError("\n  ".join([head, *lines]))

    def _told(self, todo: list[Cell], cells: list[Cell]) -> Iterator[tuple[Cell, Result]]:
        """Every cell and its result as it ends; before it and with each a line is printed."""
        if not todo:
            print(f"{_count(cells)}, all done")
            return
        done = len(cells) - len(todo)
        at_once = self._launcher.at_once(len(todo))
        print(f"{_count(cells)}, {done} done, {len(todo)} to do", end="", flush=True)
        progress = self._progress(todo, cells, at_once)  # which may time a few steps
        left = progress.seconds()
        print("" if left is None else f", about {told(left)}", flush=True)
        for index, result in self._results(todo):
            print(progress.line(index, todo[index].name, result), flush=True)
            yield todo[index], result

    def _progress(self, todo: list[Cell], cells: list[Cell], at_once: int) -> Progress:
        import torch

        if not isinstance(self._launcher, LocalLauncher):  # steps that are timed here tell nothing
            return Progress(None, len(todo), at_once)
        costs = Costs(max(1, torch.get_num_threads() // at_once))
        return Progress(seconds_left(todo, cells, costs), len(todo), at_once)

    def _results(self, todo: list[Cell]) -> Iterator[tuple[int, Result]]:
        able = []
        for index, cell in enumerate(todo):
            if cell.error is not None:
                yield index, Result(sentence(cell.error), failed=True)
            else:
                able.append((index, cell.words))
        if able:
            yield from self._launcher.results(able)

    def _composed(self, words: list[str]) -> DictConfig:
        loader, name = self.context.config_loader, self.master.hydra.job.config_name
        search = search_path(list(self.master.hydra.overrides.hydra))
        return loader.load_configuration(name, [*search, *words, *UNREAD], RunMode.RUN)


def show(cells: Sequence[Cell]) -> None:
    """Print the table of the cells that are finished, where there are several."""
    if sum(cell.done for cell in cells) < 2:
        return
    try:
        frame = frame_of("sweep", cells, diagnostics=(), arrays=())
        table = as_table(compare_rows(frame))
    except InputError as error:
        print(f"no table: {error}")
        return
    print(f"\n{as_text(table.header, table.body)}\n\n{table.note}")


def _count(cells: Sequence[Cell]) -> str:
    return f"{len(cells)} cell{'s' * (len(cells) != 1)}"


def _asks_for_more(cell: Cell) -> bool:
    """True where a finished run is to be redone or mirrored."""
    tracked = "_target_" in (cell.config["tracking"] or {})
    return bool(cell.config["force"]) or tracked


def register() -> None:
    """Make the sweeper and the launchers known to Hydra, which takes them of one package alone."""
    for plugin in (UnionSweeper, LocalLauncher, SlurmLauncher):
        own = plugin.__module__
        plugin.__module__ = "hydra_plugins.inr"
        Plugins.instance().register(plugin)
        plugin.__module__ = own  # by which workers find it
