"""Networks built from the yaml files, as the launcher builds them."""

import pickle
from collections.abc import Sequence
from functools import cache
from typing import Any

from omegaconf import DictConfig, OmegaConf
from torch import nn

from inr_experiments.building import build, build_network, build_task
from inr_experiments.config import OF_THE_LAUNCHER, resolve, without
from inr_experiments.domain import Domain
from inr_experiments.matching import matched
from inr_experiments.models.network import Network
from inr_experiments.sweep.blocks import parsed
from inr_experiments.sweep.compose import configs
from inr_experiments.tasks.task import Task

#: Keys without a group that choose no option.
VALUES = ("seed", "outputs", "device", "force")


@cache
def config_of(*overrides: str) -> dict[str, Any]:
    """The resolved config of one run of smoke scale, where no other is given."""
    return matched(resolve(cfg_of(*overrides)))


def cfg_of(*overrides: str) -> DictConfig:
    """The composed config of one run."""
    values, options = [], []
    for override in parsed(overrides):
        key = override.key_or_group
        is_value = ("." in key or key in VALUES) and not override.is_delete()
        (values if is_value else options).append(override)
    cfg: DictConfig = pickle.loads(composed(*(option.input_line for option in options)))
    for value in values:  # as Hydra sets them: a key that is not there must be added
        added = value.is_add() or value.is_force_add()
        OmegaConf.update(cfg, value.key_or_group, value.value(), force_add=added)
    return cfg


@cache
def composed(*options: str) -> bytes:
    """The config of these options, pickled: composing takes a tenth of a second."""
    (cfg,) = configs(["scale=smoke", *options])
    return pickle.dumps(cfg)


def build_model(model: str, *, P: int = 2, C: int = 3, seed: int = 0, **changes: Any) -> Network:
    """A model of conf/model in any shape."""
    config = config_of(f"model={model}")
    node = without(config["model"], *OF_THE_LAUNCHER)
    shape = {"domain": Domain.cube(P, density=16), "out_features": C, "stream": (seed,)}
    return build({**node, **changes}, config, group="model", **shape)


def field_and_task(*overrides: Sequence[str]) -> tuple[Network, Task]:
    """What a run of these overrides would fit, and to what."""
    config = config_of(*overrides)
    task = build_task(config)
    return build_network(config, task), task


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
