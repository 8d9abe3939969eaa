"""The experiments behind figures, tables and claims: planned, run as far as needed, collected."""

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from loky import cpu_count
from omegaconf import DictConfig, open_dict

from ..errors import sentence
from ..runs.frame import Frame
from ..runs.options import united
from .cells import Cell, find_cells, frame_of, look_again
from .cost import Costs
from .job import Result, do
from .launchers import in_turn
from .progress import Progress, seconds_left, told

log = logging.getLogger(__name__)

#: Below so many seconds to go, starting other processes takes longer than it saves.
MIN_SECONDS_FOR_PROCESSES = 30.0
#: Processes that share a GPU: one fits while another measures, draws and writes.
ON_ONE_GPU = 3


def allows_bf16(cell: Cell) -> bool:
    """True where the cell's model is as good in bfloat16."""
    return bool(cell.config["model"].get("bf16", "allowed") == "allowed")


class Runner:
    """Experiments whose runs are done in the order in which they are named.

    Args:
        names: of the experiments.
        words: overrides that all of them share.
        device: `auto`, `cpu` or `cuda`.
        fast: bfloat16 for experiments of which every model may have it.
        config_dir: a folder of yaml files beside conf/.

    Attributes:
        cells: the runs of each experiment.
        refused: a sentence for each experiment that cannot be, as where its data is not there.
    """

    def __init__(
        self,
        names: Sequence[str],
        words: Sequence[str],
        *,
        device: str = "auto",
        fast: bool = False,
        config_dir: Path | None = None,
    ) -> None:
        import torch

        from ..building import pick_device
        from ..fit.precision import has_bf16

        self._words, self._config_dir = [*words, f"device={device}"], config_dir
        picked = pick_device(device)
        on_gpu, has = picked == "cuda", has_bf16(picked)
        if fast and not has:
            log.warning("FAST=1: no instructions for bfloat16 here; the fits stay in fp32")
        self._fast = fast and has
        self.at_once = min(cpu_count(), ON_ONE_GPU) if on_gpu else cpu_count()
        # A process a core, as below, each with its share of the threads.
        costs = Costs(None if on_gpu else max(1, torch.get_num_threads() // self.at_once))
        self.cells: dict[str, list[Cell]] = {}
        self.refused: dict[str, str] = {}
        for name in names:
            try:
                self.cells[name] = self._cells(name)
            except Exception as error:
                self.refused[name] = f"failed: {name}: {sentence(error)}"
        everything = [cell for own in self.cells.values() for cell in own]
        todo = [cell for cell in everything if not cell.done]
        self._seconds: dict[Path | None, float] = {}
        for cell, seconds in zip(todo, seconds_left(todo, everything, costs), strict=True):
            self._seconds[cell.folder] = max(seconds, self._seconds.get(cell.folder, 0.0))

    def _cells(self, name: str) -> list[Cell]:
        words = [f"experiment={name}", *self._words]
        found = find_cells(words, config_dir=self._config_dir)
        if self._fast and all(map(allows_bf16, found)):
            words = [*words, "fit.precision=bf16"]
            found = find_cells(words, config_dir=self._config_dir)
        for cell in found:
            if cell.error is not None:
                raise cell.error
        return list({cell.folder: cell for cell in found}.values())

    def to_do(self) -> list[Cell]:
        """The cells that are not done, each once, with the diagnostics of all that share it."""
        found: dict[Path | None, Cell] = {}
        for cell in (c for own in self.cells.values() for c in own if not c.done):
            before = found.get(cell.folder)
            found[cell.folder] = cell if before is None else together(before, cell)
        return list(found.values())

    def _progress(self, cells: Sequence[Cell]) -> Progress:
        estimates = [self._seconds[cell.folder] for cell in cells]
        return Progress(estimates, len(cells), self.at_once)

    def plan(self) -> str:
        """One line an experiment: runs, those done, minutes to go; a shared run counts once."""
        lines = [f"{'experiment':<22} {'runs':>5} {'done':>5} {'min to go':>10}"]
        seen: set[Path | None] = set()
        for name, own in self.cells.items():
            new = [c for c in own if not c.done and c.folder not in seen]
            seen |= {c.folder for c in new}
            minutes = sum(self._seconds[c.folder] for c in new) / self.at_once / 60
            done = sum(c.done for c in own)
            lines.append(f"{name:<22} {len(own):>5} {done:>5} {minutes:>10.1f}")
        lines += self.refused.values()
        left = self.to_do()
        about = told(self._progress(left).seconds() or 0.0)
        return "\n".join([*lines, f"{len(left)} runs to do, about {about}"])

    def run(self, hours: float | None = None) -> list[str]:
        """Do what is not done, until `hours` have passed; return a sentence for each failure."""
        cells, started, failures = self.to_do(), time.perf_counter(), list(self.refused.values())
        deadline = None if hours is None else started + 3600 * hours
        progress = self._progress(cells)
        for index, result in self._results(cells, deadline, progress.seconds() or 0.0):
            print(progress.line(index, cells[index].name, result), flush=True)
            if result.failed:
                failures.append(f"failed: {cells[index].name}: {result.said}")
        return failures

    def _results(
        self, cells: list[Cell], deadline: float | None, seconds: float
    ) -> Iterator[tuple[int, Result]]:
        """Every cell that was begun in time, by its number, with what came of it."""
        in_time = (
            (index, cell.cfg)
            for index, cell in enumerate(cells)
            if deadline is None or time.perf_counter() < deadline
        )
        here = self.at_once == 1 or seconds < MIN_SECONDS_FOR_PROCESSES
        return in_turn(_numbered, in_time, self.at_once, here=here)

    def finished(self) -> list[Path]:
        """The folders of the runs that are done, each once."""
        everything = (look_again(cell) for own in self.cells.values() for cell in own)
        return list({cell.folder: None for cell in everything if cell.done and cell.folder})

    def frames(self, arrays: Mapping[str, Collection[str]]) -> Iterator[tuple[str, Frame | None]]:
        """The frame of every experiment that is whole; None, and a line, for the others.

        Of a refused one there is neither.

        Args:
            arrays: patterns of those that the frame of an experiment holds, by its name.
        """
        for name, own in self.cells.items():
            now = [look_again(cell) for cell in own]
            lacking = [cell for cell in now if not cell.done]
            if lacking:
                failed = sum(cell.record is not None and cell.finished is None for cell in lacking)
                rest = f"{failed} failed" if failed else "the same command goes on"
                print(f"{name}: {len(now) - len(lacking)} of {len(now)} runs are done; {rest}")
                yield name, None
                continue
            diagnostics = {d for cell in now for d in cell.config["diagnostic"] or {}}
            drawn = arrays.get(name, ())
            yield name, frame_of(name, now, diagnostics=diagnostics, arrays=drawn)


def together(a: Cell, b: Cell) -> Cell:
    """The run of two cells with the diagnostics of both, each with the options of both."""
    first, second = a.config["diagnostic"] or {}, b.config["diagnostic"] or {}
    both = {**first, **{n: united(first.get(n, {}), node) for n, node in second.items()}}
    composed = a.cfg
    with open_dict(composed):
        composed.diagnostic = both
    return replace(a, composed=composed, config={**a.config, "diagnostic": both})


def _numbered(_: int, cfg: DictConfig) -> Result:
    return do(cfg)
