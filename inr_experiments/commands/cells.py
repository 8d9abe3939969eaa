"""The runs that an experiment means, without doing them."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from ..paths import conf_dir
from .arguments import ready

#: Keys that have a column in every frame.
COLUMNS = ("seed", "model", "task.image", "task.shape", "task.path")


def cells(overrides: Sequence[str]) -> list[DictConfig]:
    """The composed config of every job of `inr -m <overrides>`, in the sweep's order.

    What the experiment's `hydra.sweeper.params` and the command line sweep over is multiplied out
    as Hydra's basic sweeper does; the command line wins. Seeds vary slowest.
    """
    composed, seeds = compositions(overrides)
    return [_with_seed(cfg, seed) for seed in seeds for cfg in composed]


def compositions(overrides: Sequence[str]) -> tuple[list[DictConfig], list[int]]:
    """The configs of a sweep that differ in more than the seed, and its seeds."""
    choices, _ = _multiplied(overrides)
    seeds = [override.value() for override in _parsed(choices.pop("seed"))]
    made: dict[tuple[str, ...], DictConfig] = {}
    composed = []
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        for job in product(*choices.values()):
            overridden = _parsed(job)
            groups = tuple(o.input_line for o in overridden if not _is_value(o))
            if groups not in made:
                made[groups] = compose("config", list(job))
            composed.append(_with(made[groups], [o for o in overridden if _is_value(o)]))
    return composed, seeds


def varied(overrides: Sequence[str]) -> list[dict[str, str]]:
    """For every job of `cells`, its values of the keys that the sweep varies, as text.

    Only of keys that a frame has no column for anyhow: `{"task.fitted": "0.25"}`.
    """
    choices, swept = _multiplied(overrides)
    keys = [key for key in swept if key not in COLUMNS]
    jobs = [dict(zip(choices, job, strict=True)) for job in product(*choices.values())]
    return [{key.lstrip("+"): job[key].partition("=")[2] for key in keys} for job in jobs]


def _multiplied(overrides: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """What is multiplied out, as `key=value` by key, `seed` first; and the keys that are swept."""
    overrides = ready(["-m", *overrides])[1:]
    given = _parsed(overrides)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        plain = [o.input_line for o in given if not o.is_sweep_override()]
        base = compose("config", plain, return_hydra_config=True)
    params = OmegaConf.to_container(base.hydra.sweeper).get("params") or {}  # type: ignore[union-attr]
    choices = {"seed": [f"seed={base.seed}"]}
    for override in _parsed([*(f"{k}={v}" for k, v in params.items()), *overrides]):
        choices[override.get_key_element()] = _choices(override)
    swept = [o.get_key_element() for o in given if o.is_sweep_override()]
    return choices, list(dict.fromkeys([*params, *swept]))


def _is_value(override: Any) -> bool:
    """Whether it sets one value, and chooses no group and merges no node."""
    key = override.get_key_element()
    return "." in key and not isinstance(override.value(), dict)


def _with(cfg: DictConfig, values: Sequence[Any]) -> DictConfig:
    """A copy of a composed config with other values: composing anew takes far longer."""
    changed = cfg.copy()
    for override in values:
        OmegaConf.update(changed, override.key_or_group, override.value())
    return changed


def _with_seed(cfg: DictConfig, seed: int) -> DictConfig:
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
