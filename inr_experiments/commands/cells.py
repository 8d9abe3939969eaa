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
        composed = [compose("config", list(job)) for job in product(*merged.values())]
        return composed, [OmegaConf.from_dotlist([seed]).seed for seed in seeds]


def _with_seed(cfg: DictConfig, seed: int) -> DictConfig:
    """A copy of a composed config at another seed: composing anew takes far longer."""
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
