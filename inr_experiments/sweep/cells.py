"""The runs that a sweep means, looked up on disk: the one enumeration for every command."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ..checks import InputError
from ..paths import user_path
from ..runs.collect import make_frame
from ..runs.frame import Frame
from ..runs.names import Name, note_name
from ..runs.store import Store
from .blocks import Composer, Job, jobs, parsed
from .compose import but_seed, compose_jobs, composing, seed_of


@dataclass(frozen=True)
class Cell:
    """A run of a sweep, done or not.

    Attributes:
        name: those of its overrides in which the cells differ; all where there is one cell.
        words: its overrides.
        composed: its config without what is of the sweep; its seed may be another one's.
        config: the config as plain values; empty where `error` is set.
        folder: of the run, whether or not it is there; None where `error` is set.
        asked: the name of its data, as it is asked for; None where `error` is set.
        record: of the finished run, failed or not; None before.
        done: the run is finished, did not fail, and has all diagnostics of the config.
        note: a sentence where the run was fitted to another file with the same bytes.
        error: the reason why it cannot be run, as where its picture cannot be read.
    """

    name: str
    words: tuple[str, ...]
    composed: DictConfig
    config: dict[str, Any]
    folder: Path | None = None
    asked: Name | None = None
    record: dict[str, Any] | None = None
    done: bool = False
    note: str = ""
    error: Exception | None = None

    @property
    def cfg(self) -> DictConfig:
        """A config of its own."""
        cfg = self.composed.copy()
        cfg.seed = self.config["seed"]
        return cfg

    @property
    def finished(self) -> dict[str, Any] | None:
        """The record of a finished run that did not fail."""
        return self.record if self.record and self.record["status"] == "done" else None


def find_cells(
    overrides: Sequence[str], *, outputs: Path | None = None, config_dir: Path | None = None
) -> list[Cell]:
    """Every cell of `inr -m <overrides>`, in order, with the run that lies on disk.

    Args:
        outputs: the folder to look in; None takes that of each config.
        config_dir: a folder of yaml files beside conf/.

    Raises:
        InputError: if the sweep cannot be read, or none of its cells can be run.
        HydraException: if a name among the overrides does not exist.
    """
    with composing(overrides, config_dir) as (own, composed):
        return look_up(jobs(own, composed), composed, outputs=outputs)


def look_up(
    listed: Sequence[Job], composed: Composer, *, outputs: Path | None = None
) -> list[Cell]:
    """The cell of every job; see `find_cells`."""
    made = compose_jobs(listed, composed)
    names = _names(listed, made)
    alike: dict[Job, list[Job]] = {}
    for job in listed:
        alike.setdefault(but_seed(job), []).append(job)
    found = {}
    for rest, own in alike.items():
        for job, config in zip(own, _resolved(made[rest], own), strict=True):
            found[job] = _cell(Cell(names[job], job, made[rest], {}), config, outputs)
    cells = _told_apart([found[job] for job in listed])
    if all(cell.error is not None for cell in cells):
        raise cells[0].error or InputError("no cell")
    return cells


def _told_apart(cells: Sequence[Cell]) -> list[Cell]:
    """The cells, with a note on those that are one run: what they differ in decides no number."""
    first: dict[tuple[Path, str], Cell] = {}
    found = []
    for cell in cells:
        one = cell
        if cell.folder is not None and cell.asked is not None:
            one = first.setdefault((cell.folder, cell.asked.source), cell)
        note = cell.note if one is cell else f"{cell.name} and {one.name} are one run"
        found.append(replace(cell, note=note))
    return found


def _resolved(cfg: DictConfig, own: Sequence[Job]) -> list[dict[str, Any] | Exception]:
    """The plain config of jobs that differ in the seed, or the reason why there is none.

    Resolved once where nothing refers to the seed.
    """
    from ..config import MOST_SEED, resolve
    from ..matching import matched

    default = cfg.seed
    seeds = [_value(words[0]) if (words := seed_of(job)) else default for job in own]

    def at(seed: Any) -> dict[str, Any] | Exception:
        cfg.seed = seed
        try:
            return matched(resolve(cfg))
        except Exception as error:
            return error

    depends = re.search(r"\$\{[^}]*seed", str(OmegaConf.to_container(cfg, resolve=False)))
    first = at(seeds[0])
    if (
        depends
        or isinstance(first, Exception)
        or not all(type(s) is int and 0 <= s <= MOST_SEED for s in seeds)
    ):
        return [at(seed) for seed in seeds]
    return [{**first, "seed": seed} for seed in seeds]


@cache
def _value(word: str) -> Any:
    return parsed([word])[0].value()


def _cell(cell: Cell, config: dict[str, Any] | Exception, outputs: Path | None) -> Cell:
    """The cell with the run that lies on disk."""
    from ..config import check_options
    from ..experiment import identify

    if isinstance(config, Exception):
        return replace(cell, error=config)
    try:
        check_options(cell.words, config["diagnostic"])
        key, asked = identify(config)
    except Exception as error:
        return replace(cell, config=config, error=error)
    folder = Store(outputs or user_path(config["outputs"])).folder(key, config["seed"])
    found = replace(cell, config=config, folder=folder, asked=asked)
    try:
        return look_again(found)
    except OSError as error:  # a record that may not be read
        return replace(found, error=error)


def look_again(cell: Cell) -> Cell:
    """The cell with what lies on disk now.

    Raises:
        OSError: if it may not be read.
    """
    from ..experiment import missing_diagnostics

    if cell.folder is None or cell.asked is None:
        return cell
    record = Store(cell.folder.parents[2]).record(cell.folder.parent.name, cell.config["seed"])
    note = "" if record is None else note_name(cell.folder, cell.asked)
    now = replace(cell, record=record, note=note)
    done = now.finished and not missing_diagnostics(cell.folder, cell.config["diagnostic"])
    return replace(now, done=bool(done))


def frame_of(name: str, cells: Sequence[Cell], **options: Any) -> Frame:
    """The frame of those cells that are finished and did not fail; options as of `make_frame`."""
    looks: dict[Path, Mapping[str, str]] = {}
    asked: dict[Path, list[Name]] = {}
    for cell in cells:
        if cell.folder is not None and cell.asked is not None and cell.record is not None:
            looks.setdefault(cell.folder, cell.config["model"])
            asked.setdefault(cell.folder, []).append(cell.asked)
    return make_frame(name, list(looks), looks=looks, asked=asked, **options)


def _names(listed: Sequence[Job], made: Mapping[Job, DictConfig]) -> dict[Job, str]:
    """The overrides of each job that not all jobs have; all of them where there is one job."""
    shared = set.intersection(*map(set, listed)) if len(listed) > 1 else set()
    plain = {word: _plain(word) for word in {word for job in listed for word in job}}
    return {
        job: " ".join(
            _followed(plain[word], made[but_seed(job)]) for word in job if word not in shared
        )
        for job in listed
    }


def _plain(word: str) -> str:
    """An override without the quotes and escapes of Hydra's grammar."""
    (override,) = parsed([word])
    value = None if override.is_delete() else override.value()
    return f"{override.get_key_element()}={value}" if isinstance(value, str) else word


def _followed(word: str, cfg: DictConfig) -> str:
    """A plain override with the value of the config in place of an interpolation."""
    key, _, value = word.partition("=")
    if not value.startswith("${"):
        return word
    with suppress(OmegaConfBaseException):
        return f"{key}={OmegaConf.select(cfg, key.lstrip('+'))}"
    return word
