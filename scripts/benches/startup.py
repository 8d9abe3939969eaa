"""Costs of commands beside the fits: help, a smoke run, a sweep asked again, collecting.

Processor seconds stand beside the wall's, which others on the machine lengthen.
"""

import json
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from inr_experiments.runs.store import read_record
from inr_experiments.sweep.cells import find_cells

from .launching import timed
from .timing import RUNS, Row

SMOKE = ("scale=smoke",)
#: Rates × seeds of the sweep that is asked again, and runs that are collected.
SWEEP, COLLECTED = (200, 5), 3000


def rows(*, quick: bool) -> Iterator[Row]:
    """A row a command; `target_s` is what was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        cwd = Path(folder)
        for name, words in (("help", ["--help"]), ("cfg_job", ["--cfg", "job"])):
            measured = [timed(*words, cwd=cwd) for _ in range(1 if quick else RUNS)]
            yield row(name, measured, target_s=1.0)
        yield smoke("smoke", cwd / "plain", quick, target_s=0.3)
        if not quick:
            offline = ("tracking=wandb", "tracking.mode=offline")
            yield smoke("smoke_wandb", cwd / "wandb", quick, *offline, target_s=0.6)
        rates, seeds = (2, 2) if quick else SWEEP
        lr = ",".join(f"{1e-4 * (1 + i):.6g}" for i in range(rates))
        sweep = [*SMOKE, f"fit.lr={lr}", f"seed=range({seeds})"]
        again = cwd / "again"
        spread(again, sweep)
        measured = [timed("-m", *sweep, cwd=again) for _ in range(1 if quick else 3)]
        yield row("finished_sweep", measured, target_s=20.0, runs=rates * seeds)
        many = 4 if quick else COLLECTED
        collect = cwd / "collect"
        spread(collect, [*SMOKE, f"seed=range({many})"])
        measured = [timed(cwd=collect, command="collect") for _ in range(1 if quick else 3)]
        yield row("collect", measured, target_s=2.0, runs=many)


def row(name: str, measured: list[tuple[float, float]], **more: Any) -> Row:
    """Medians of wall and processor seconds."""
    wall, processor = zip(*measured, strict=True)
    return Row(
        f"startup/{name}",
        statistics.median(wall),
        None,
        {"processor_s": statistics.median(processor), **more},
    )


def smoke(name: str, cwd: Path, quick: bool, *words: str, target_s: float) -> Row:
    """Seconds from one finished run of a sweep to the next, and what is left without its fit."""
    cwd.mkdir()
    timed("-m", *SMOKE, *words, f"seed=range({3 if quick else 12})", cwd=cwd)
    done = sorted(cwd.glob("outputs/runs/*/*/DONE"), key=lambda path: path.stat().st_mtime)
    fits = [read_record(path.parent)["seconds"]["fit"] for path in done]
    times = [path.stat().st_mtime for path in done]
    between = [after - before for before, after in pairwise(times)]
    overhead = [whole - fit for whole, fit in zip(between, fits[1:], strict=True)]
    more = {"overhead_s": statistics.median(overhead), "target_s": target_s}
    return Row(f"startup/{name}", statistics.median(between), None, more)


def spread(cwd: Path, words: Sequence[str]) -> None:
    """Put a finished run where every run of a sweep would lie: one is made, the others copied."""
    cwd.mkdir()
    timed(*SMOKE, cwd=cwd)
    (made,) = (path.parent for path in cwd.glob("outputs/runs/*/*/DONE"))
    record = read_record(made)
    for cell in find_cells(words, outputs=cwd / "outputs"):
        if cell.folder is not None and cell.folder != made:
            shutil.copytree(made, cell.folder)
            key, seed = cell.folder.parent.name, cell.config["seed"]
            changed = {**record, "key": key, "seed": seed, "config": cell.config}
            (cell.folder / "record.json").write_text(json.dumps(changed), encoding="utf-8")
