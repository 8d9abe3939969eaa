"""The runs that an experiment means, without doing them."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from ..paths import conf_dir
from .arguments import ready


def cells(overrides: Sequence[str]) -> list[DictConfig]:
    """The composed config of every job of `inr -m <overrides>`, in the sweep's order.

    What the experiment's `hydra.sweeper.params` and the command line sweep over is multiplied out
    as Hydra's basic sweeper does; the command line wins. Seeds vary slowest.
    """
    composed, seeds = compositions(overrides)
    return [_with_seed(cfg, seed) for seed in seeds for cfg in composed]


def compositions(overrides: Sequence[str]) -> tuple[list[DictConfig], list[int]]:
    """The configs of a sweep that differ in more than the seed, and its seeds."""
    overrides = ready(["-m", *overrides])[1:]
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        plain = [o.input_line for o in _parsed(overrides) if not o.is_sweep_override()]
        base = compose("config", plain, return_hydra_config=True)
        params = OmegaConf.to_container(base.hydra.sweeper).get("params") or {}  # type: ignore[union-attr]
        merged: dict[str, list[str]] = {}
        for override in _parsed([*(f"{k}={v}" for k, v in params.items()), *overrides]):
            merged[override.get_key_element()] = _choices(override)
        seeds = merged.pop("seed", [f"seed={base.seed}"])
        composed = _composed(merged)
        return composed, [OmegaConf.from_dotlist([seed]).seed for seed in seeds]


def _composed(choices: dict[str, list[str]]) -> list[DictConfig]:
    """The config of every job. Those that differ in values only are copies of one, changed.

    Composing takes far longer than a copy, and Hydra puts values in last anyhow.
    """
    values = {key for key, lines in choices.items() if len(lines) > 1 and _is_value(key)}
    bases: dict[tuple[str, ...], DictConfig] = {}
    jobs = []
    for job in product(*choices.values()):
        named = dict(zip(choices, job, strict=True))
        fixed = tuple(line for key, line in named.items() if key not in values)
        if fixed not in bases:
            bases[fixed] = compose("config", list(job))
        cfg = bases[fixed].copy()
        for override in _parsed([named[key] for key in named if key in values]):
            OmegaConf.update(cfg, override.key_or_group, override.value(), merge=True)
        jobs.append(cfg)
    return jobs


def _is_value(key: str) -> bool:
    """Whether an override changes a value that is there, not a group or what the config holds."""
    return key[0] not in "+~" and "@" not in key and not (conf_dir() / key).is_dir()


def _with_seed(cfg: DictConfig, seed: int) -> DictConfig:
    """A copy at another seed."""
    changed = cfg.copy()
    changed.seed = seed
    return changed


def _parsed(lines: Sequence[str]) -> list[Any]:
    return OverridesParser.create().parse_overrides(list(lines))


def _choices(override: Any) -> list[str]:
    """All values of an override as `key=value`."""
    key = override.get_key_element()
    if not override.is_sweep_override():
        return [f"{key}={override.get_value_element_as_str()}"]
    return [f"{key}={value}" for value in override.sweep_string_iterator()]
