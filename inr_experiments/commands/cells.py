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
    overrides = ready(["-m", *overrides])[1:]
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        plain = [o.input_line for o in _parsed(overrides) if not o.is_sweep_override()]
        base = compose("config", plain, return_hydra_config=True)
        params = OmegaConf.to_container(base.hydra.sweeper).get("params") or {}  # type: ignore[union-attr]
        merged: dict[str, list[str]] = {}
        for override in _parsed([*(f"{k}={v}" for k, v in params.items()), *overrides]):
            merged[override.get_key_element()] = _choices(override)
        seeds = merged.pop("seed", [f"seed={base.seed}"])
        jobs = product(*merged.values())
        return [
            _with_seed(cfg, seed)
            for seed, cfg in product(seeds, [compose("config", list(job)) for job in jobs])
        ]


def _with_seed(cfg: DictConfig, override: str) -> DictConfig:
    """A copy of a composed config at another seed: composing anew takes far longer."""
    changed = cfg.copy()
    changed.seed = OmegaConf.from_dotlist([override]).seed
    return changed


def _parsed(lines: Sequence[str]) -> list[Any]:
    return OverridesParser.create().parse_overrides(list(lines))


def _choices(override: Any) -> list[str]:
    """All values of an override as `key=value`."""
    key = override.get_key_element()
    if not override.is_sweep_override():
        return [f"{key}={override.get_value_element_as_str()}"]
    return [f"{key}={value}" for value in override.sweep_string_iterator()]
