"""Fields built from the yaml files, as the launcher builds them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from torch import nn

from inr_experiments.building import LOOKS, build, build_field, build_task, resolve, without
from inr_experiments.models.field import Field
from inr_experiments.sweep.compose import configs
from inr_experiments.tasks.task import Task


@cache
def config_of(*overrides: str) -> dict[str, Any]:
    """The resolved config of one run."""
    (cfg,) = configs(["scale=smoke", *overrides])
    return resolve(cfg)


def build_model(model: str, *, P: int = 2, C: int = 3, seed: int = 0, **changes: Any) -> Field:
    """A model of conf/model in any shape."""
    config = config_of(f"model={model}")
    node = without(config["model"], *LOOKS, "lr", "fast")
    shape = {"in_features": P, "out_features": C, "resolution": 32, "seed": seed}
    return build({**node, **changes}, config, group="model", **shape)


def field_and_task(*overrides: Sequence[str]) -> tuple[Field, Task]:
    """What a run of these overrides would fit, and to what."""
    config = config_of(*overrides)
    task = build_task(config)
    return build_field(config, task), task


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
