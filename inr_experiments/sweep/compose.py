"""Configs of a sweep's cells, composed as `inr` composes them, those that are alike only once."""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from hydra import compose, initialize_config_dir
from hydra._internal.config_repository import ConfigRepository
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf, open_dict

from ..checks import InputError
from ..config import OF_THE_SWEEP
from ..paths import conf_dir
from .blocks import Composer, Job, jobs, parsed

#: Hydra's own groups: no run reads them, and with them composing takes twice as long.
UNREAD = tuple(
    f"~hydra/{group}"
    for group in (
        "output", "launcher", "sweeper", "help", "hydra_help",
        "hydra_logging", "job_logging", "env",
    )
)  # fmt: skip

#: Sources of files, those of packages and of a folder.
KEPT = ("pkg", "file")


@contextmanager
def composing(
    overrides: Sequence[str], config_dir: Path | None = None
) -> Iterator[tuple[list[str], Composer]]:
    """The overrides that are of the runs, and a composer that knows conf/ and the search path.

    Of the words that begin with `hydra` only the search path counts.

    Args:
        config_dir: a further folder of yaml files.

    Raises:
        InputError: if there is no such folder.
    """
    search = search_path(overrides)
    own = [word for word in overrides if not word.lstrip("+~").startswith(("hydra.", "hydra/"))]
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        if config_dir is not None:
            add_folder(config_dir)
        read_once(GlobalHydra.instance().config_loader())
        yield own, lambda words: compose("config", [*search, *words, *UNREAD])


def search_path(overrides: Sequence[str]) -> list[str]:
    """The override of Hydra's search path, where there is one."""
    return [word for word in overrides if word.lstrip("+").startswith("hydra.searchpath=")]


def add_folder(folder: Path) -> None:
    """Let Hydra, which is initialised, look in a further folder, as its own `--config-dir` does."""
    if not folder.is_dir():
        raise InputError(f"--config-dir={folder}: no such folder; expected one of yaml files")
    path = GlobalHydra.instance().config_loader().get_search_path()
    path.prepend("command-line", f"file://{folder.absolute()}", anchor="schema")


def read_once(loader: ConfigLoader) -> None:
    """Let Hydra read each yaml file of its search path once, and again where it has changed."""
    loader.repository = Repository(loader.get_search_path())  # type: ignore[attr-defined]


class Repository(ConfigRepository):
    """Hydra's own, with its files and its own node kept: to read them takes half of composing.

    They are kept pickled: a copy is then made six times as fast as by `deepcopy`.
    """

    read: ClassVar[dict[Any, bytes]] = {}

    def load_config(self, config_path: str) -> ConfigResult | None:
        source = self._find_object_source(config_path, ObjectType.CONFIG)
        if source is None or (source.scheme() not in KEPT and config_path != "hydra/config"):
            return super().load_config(config_path)
        file = Path(source.path, source._normalize_file_name(config_path))
        stat = file.stat() if source.scheme() == "file" else None
        key = (source.scheme(), file, stat and (stat.st_mtime_ns, stat.st_size))
        if key not in self.read:
            self.read[key] = pickle.dumps(super().load_config(config_path))
        found: ConfigResult | None = pickle.loads(self.read[key])
        return found


def configs(overrides: Sequence[str]) -> list[DictConfig]:
    """The config of every cell of `inr -m <overrides>`, in order."""
    with composing(overrides) as (own, composed):
        listed = jobs(own, composed)
        shared = compose_jobs(listed, composed)
        return [with_values(shared[but_seed(job)], parsed(seed_of(job))) for job in listed]


def compose_jobs(listed: Sequence[Job], composed: Composer) -> Mapping[Job, DictConfig]:
    """The config of every job, by the job without its seed.

    Those that differ in values only are composed once: composing anew takes far longer.
    """
    made: dict[Job, DictConfig] = {}
    found = {}
    for rest in dict.fromkeys(map(but_seed, listed)):
        overridden = parsed(rest)
        values = [o for o in overridden if _is_value(o)]
        alike = tuple(o.get_key_element() if o in values else o.input_line for o in overridden)
        if alike not in made:
            made[alike] = composed(list(rest))
            with open_dict(made[alike]):
                for key in (*OF_THE_SWEEP, "hydra"):
                    made[alike].pop(key, None)
        found[rest] = with_values(made[alike], values)
    return found


def with_values(cfg: DictConfig, values: Sequence[Any]) -> DictConfig:
    """A copy of a composed config with other values."""
    changed: DictConfig = pickle.loads(pickle.dumps(cfg))  # far faster than its own copy()
    for override in values:
        OmegaConf.update(changed, override.key_or_group, override.value(), force_add=True)
    return changed


def seed_of(job: Job) -> list[str]:
    """The override of the seed, where there is one."""
    return [word for word in job if word.startswith("seed=")]


def but_seed(job: Job) -> Job:
    """The overrides without that of the seed."""
    return tuple(word for word in job if not word.startswith("seed="))


def _is_value(override: Any) -> bool:
    """True where it sets one value, and chooses no group and merges no node."""
    if override.is_delete() or isinstance(override.value(), dict):
        return False
    return "." in override.get_key_element()
