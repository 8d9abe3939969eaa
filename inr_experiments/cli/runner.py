"""The experiments behind figures, tables and claims: planned, run as far as needed, collected."""

import logging
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
from omegaconf import DictConfig, open_dict

from ..runs.collect import make_frame
from ..runs.frame import Frame
from ..runs.options import united
from ..runs.store import Store
from ..sweep import cells
from .cost import Costs
from .errors import sentence

#: Below so many seconds to go, starting other processes takes longer than it saves.
MIN_SECONDS_FOR_PROCESSES = 30.0


@dataclass(frozen=True)
class Choice:
    """The choices that all experiments of a call share, as the variables of make have them.

    `more` are overrides of any other key.
    """

    scale: str
    data: str
    seeds: str
    items: int | None
    device: str
    fast: bool
    outputs: Path
    more: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """The overrides."""
        words = [f"scale={self.scale}", f"data={self.data}", f"device={self.device}"]
        words += [f"seed={self.seeds}"] if self.seeds else []
        words += [f"items={self.items}"] if self.items else []
        return [*words, *self.more]


@dataclass(frozen=True)
class Cell:
    """A run of an experiment: its config, where it lies, seconds that are left to do of it."""

    config: dict[str, Any]
    cfg: DictConfig
    folder: Path
    done: bool
    seconds: float


class Runner:
    """Experiments whose runs are done in the order in which they are named.

    Attributes:
        cells: the runs of each experiment.
        refused: a sentence for each experiment that cannot be, as where its data is not there.
    """

    def __init__(self, choice: Choice, names: Sequence[str]) -> None:
        import torch

        from ..building import pick_device

        self.choice = choice
        on_gpu = pick_device(choice.device) == "cuda"
        self.side_by_side = 1 if on_gpu else joblib.cpu_count()
        # A process a core, as below; joblib gives each its share of the threads.
        costs = Costs(None if on_gpu else max(1, torch.get_num_threads() // self.side_by_side))
        self.cells: dict[str, list[Cell]] = {}
        self.refused: dict[str, str] = {}
        for name in names:
            try:
                self.cells[name] = self._cells(name, costs)
            except Exception as error:
                self.refused[name] = f"failed: {name}: {sentence(error)}"

    def _cells(self, name: str, costs: Costs) -> list[Cell]:
        from ..building import resolve
        from ..experiment import Keys, locate

        composed = cells([f"experiment={name}", *self.choice.words])
        if self.choice.fast and all(cfg.model.fast for cfg in composed):
            for cfg in composed:
                cfg.fit.precision = "bf16"
        keys, found = Keys(), {}
        for cfg in composed:
            cfg.outputs = str(self.choice.outputs)
            config = resolve(cfg)
            folder = locate(cfg, self.choice.outputs, keys)
            record = record_of(folder)
            if record is not None and record["status"] == "done":
                costs.learn(record)
            found[folder] = (config, cfg, record is not None, is_done(folder, config))
        return [
            Cell(config, cfg, folder, done, self._left(config, fitted, done, costs))
            for folder, (config, cfg, fitted, done) in found.items()
        ]

    @staticmethod
    def _left(config: dict[str, Any], fitted: bool, done: bool, costs: Costs) -> float:
        if done:
            return 0.0
        fitting, measuring = costs.of(config)
        return measuring if fitted else fitting + measuring

    def to_do(self) -> list[Cell]:
        """The cells that are not done, each once, with the diagnostics of all that share it."""
        found: dict[Path, Cell] = {}
        for cell in (c for own in self.cells.values() for c in own if not c.done):
            before = found.get(cell.folder)
            found[cell.folder] = cell if before is None else together(before, cell)
        return list(found.values())

    def seconds(self) -> float:
        """Seconds of what is to do, by the clock."""
        left = [cell.seconds for cell in self.to_do()]
        return max([sum(left) / self.side_by_side, *left]) if left else 0.0

    def plan(self) -> str:
        """One line an experiment: runs, those done, minutes to go; a shared run counts once."""
        lines = [f"{'experiment':<22} {'runs':>5} {'done':>5} {'min to go':>10}"]
        seen: set[Path] = set()
        for name, own in self.cells.items():
            new = [c for c in own if not c.done and c.folder not in seen]
            seen |= {c.folder for c in new}
            minutes = sum(c.seconds for c in new) / self.side_by_side / 60
            done = sum(c.done for c in own)
            lines.append(f"{name:<22} {len(own):>5} {done:>5} {minutes:>10.1f}")
        lines += self.refused.values()
        count, hours = len(self.to_do()), self.seconds() / 3600
        told = f"{60 * hours:.0f} min" if hours < 1 else f"{hours:.1f} h"
        return "\n".join([*lines, f"{count} runs to do, about {told}"])

    def run(self, hours: float | None = None) -> list[str]:
        """Do what is not done, until `hours` have passed; return a sentence for each failure."""
        cells, started, failures = self.to_do(), time.perf_counter(), list(self.refused.values())
        deadline = None if hours is None else started + 3600 * hours
        left = sum(cell.seconds for cell in cells)
        for n, (cell, said) in enumerate(self._done(cells, deadline), 1):
            left -= cell.seconds
            minutes = left / self.side_by_side / 60
            print(f"{n} of {len(cells)}, about {minutes:.0f} min left: {said}", flush=True)
            if said.startswith("failed"):
                failures.append(said)
        return failures

    def _done(self, cells: list[Cell], deadline: float | None) -> Iterator[tuple[Cell, str]]:
        """Every cell that was begun in time, with what came of it."""
        in_time = (c for c in cells if deadline is None or time.perf_counter() < deadline)
        if self.side_by_side == 1 or self.seconds() < MIN_SECONDS_FOR_PROCESSES:
            for cell in in_time:
                yield cell, do(cell.cfg)
            return
        workers = joblib.Parallel(
            self.side_by_side, return_as="generator_unordered", pre_dispatch="n_jobs"
        )
        yield from workers(joblib.delayed(numbered)(cell) for cell in in_time)

    def frames(self, pictures: Collection[str] = ()) -> Iterator[tuple[str, Frame | None]]:
        """The frame of every experiment that is whole; None, and a line, for the others.

        Args:
            pictures: the experiments whose frames hold pictures.
        """
        yield from ((name, None) for name in self.refused)
        for name, own in self.cells.items():
            whole = [c for c in own if c.done or is_done(c.folder, c.config)]
            if len(whole) < len(own):
                failed = sum(record_of(c.folder) is not None for c in own if c not in whole)
                rest = f"{failed} failed" if failed else "the same command goes on"
                print(f"{name}: {len(whole)} of {len(own)} runs are done; {rest}")
                yield name, None
                continue
            looks = {c.folder: c.config["model"] for c in own}
            diagnostics = {d for c in own for d in c.config["diagnostic"] or {}}
            yield (
                name,
                make_frame(
                    name,
                    list(looks),
                    looks=looks,
                    diagnostics=diagnostics,
                    pictures=name in pictures,
                ),
            )


def together(a: Cell, b: Cell) -> Cell:
    """The run of two cells with the diagnostics of both, each with the options of both."""
    first, second = a.config["diagnostic"] or {}, b.config["diagnostic"] or {}
    both = {**first, **{n: united(first.get(n, {}), node) for n, node in second.items()}}
    cfg = a.cfg.copy()
    with open_dict(cfg):
        cfg.diagnostic = both
    config = {**a.config, "diagnostic": both}
    return replace(a, cfg=cfg, config=config, seconds=max(a.seconds, b.seconds))


def is_done(folder: Path, config: dict[str, Any]) -> bool:
    """True where a run is finished, has not failed, and lacks no diagnostic of the config."""
    from ..experiment import missing_diagnostics

    record = record_of(folder)
    done = record is not None and record["status"] == "done"
    return done and not missing_diagnostics(folder, config["diagnostic"])


def record_of(folder: Path) -> dict[str, Any] | None:
    """The record of a finished run, failed or not; None where there is none, or a broken one."""
    seed = int(folder.name.removeprefix("seed-"))
    return Store(folder.parents[2]).record(folder.parent.name, seed)


def numbered(cell: Cell) -> tuple[Cell, str]:
    """A cell and what came of it, for a process that does several in any order."""
    return cell, do(cell.cfg)


def do(cfg: DictConfig) -> str:
    """Do a run; say in a line what came of it."""
    from ..experiment import execute

    name = f"{cfg.model.label}, seed {cfg.seed}"
    # What a fit warns of, it would say of every run of a sweep.
    logging.disable(logging.WARNING)
    try:
        outcome = execute(cfg)
    except Exception as error:
        return f"failed: {name}: {sentence(error)}"
    finally:
        logging.disable(logging.NOTSET)
    if outcome.status == "elsewhere":
        return f"{name}: another worker is on it"
    if outcome.status != "done":
        return f"failed: {name}: {outcome.status} ({outcome.folder})"
    metrics = outcome.record["metrics"]
    told = ", ".join(f"{k} {v:.4g}" for k, v in list(metrics.items())[:2])
    return f"{cfg.model.label} on {outcome.record['item']}, seed {cfg.seed}: {told}"
