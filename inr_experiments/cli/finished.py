"""A sweep whose runs are all done is answered from disk: Hydra would compose every job twice."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from ..checks import InputError
from ..paths import user_path
from ..sweep import cells_by_seed

if TYPE_CHECKING:
    from ..experiment import Keys, Outcome


class _NotDoneError(Exception):
    """There is something left to do."""


def finished_sweep(arguments: Sequence[str]) -> list["Outcome"]:
    """The outcomes of `inr <arguments>` if it is a sweep with nothing left to do, else nothing.

    Whatever is unusual, a wrong word or another option among it, is left to the sweep itself.
    """
    if not arguments or arguments[0] not in ("-m", "--multirun"):
        return []
    if any(word.startswith(("-", "hydra.")) for word in arguments[1:]):
        return []
    try:
        from ..experiment import Keys  # torch comes in here

        keys = Keys()
        found: list[Outcome] = []
        for cfg, seeds in cells_by_seed(arguments[1:]):
            found += _outcomes(cfg, seeds, keys)
        return found
    except (_NotDoneError, InputError, HydraException, OmegaConfBaseException):
        return []


def _outcomes(cfg: DictConfig, seeds: Sequence[int], keys: "Keys") -> Iterator["Outcome"]:
    """The outcome at every seed.

    Raises:
        _NotDoneError: at the first run that is not done, has failed, lacks a diagnostic, or is to
            be mirrored.
    """
    from ..building import resolve
    from ..experiment import Outcome, missing_diagnostics
    from ..runs.store import Store

    config = resolve(cfg)
    store = Store(user_path(config["outputs"]))
    if config["force"] or "_target_" in (config["tracking"] or {}) or not store.runs.is_dir():
        raise _NotDoneError
    key = keys.of(config)
    for seed in seeds:
        folder, record = store.folder(key, seed), store.record(key, seed)
        if record is None or record["status"] != "done":
            raise _NotDoneError
        if missing_diagnostics(folder, config["diagnostic"]):
            raise _NotDoneError
        yield Outcome("done", False, folder, record)
