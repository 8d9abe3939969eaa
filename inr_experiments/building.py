"""The parts that yaml files name, checked and built; the only file that instantiates them."""

import inspect
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import torch
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from .checks import InputError, choice, nearest
from .fit.plan import Plan
from .fit.precision import PRECISIONS, usable
from .fit.snapshot import Snapshot
from .models.field import Field
from .paths import conf_dir
from .tasks.task import Task

log = logging.getLogger(__name__)

#: Packages whose classes a yaml file may name.
TRUSTED = tuple(f"inr_experiments.{p}" for p in ("models", "tasks", "diagnostics", "tracking"))
TRUSTED += ("torch.nn",)
#: What a config holds, as conf/config.yaml lists it.
KEYS = (
    *("scale", "task", "model", "fit", "diagnostic", "tracking", "experiment"),
    *("seed", "device", "outputs", "force", "trusted"),
)
#: What it holds of a sweep; none of it is of one run.
OF_THE_SWEEP = ("sweep", "items", "data")
#: What of a model is for tables and figures, and of no part of it.
LOOKS = ("name", "label", "colour")
#: A model's parts, and whether it can do without.
PARTS = {
    **dict.fromkeys(("inlet_init", "inlet_activation", "hidden_init", "hidden_activation"), True),
    **{"head_init": True, "encoding": False, "batch_norm": False},
}

#: Colours of models that have none.
SPARE = ("#8C564B", "#17BECF", "#7F7F00", "#9467BD")

Diagnostic = Callable[[Snapshot, Task], dict[str, Any]]


def resolve(cfg: DictConfig) -> dict[str, Any]:
    """The config as plain values.

    Raises:
        InputError: if an interpolation leads nowhere or a name cannot be used.
    """
    try:
        config: Any = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        says = " ".join(str(error.msg).split())
        raise InputError(f"{error.full_key or 'config'}: {says}") from error
    known("", config, (*KEYS, *OF_THE_SWEEP))
    config = without(config, *OF_THE_SWEEP)
    for key in KEYS:
        if key not in config and key != "experiment":
            raise InputError(f"{key}: missing; expected one in the config")
    for group in ("model", "task", "fit"):
        if not isinstance(config[group], dict):
            raise InputError(f"{group}={config[group]!r}: expected one of its yaml files")
    name = config["model"].get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+", name):
        raise InputError(f"model.name={name!r}: expected letters, digits, '_', '-' or '.'")
    config["model"] |= looks(config["model"])
    if not isinstance(config["force"], bool):
        raise InputError(f"force={config['force']!r}: expected true or false")
    trusted = config["trusted"]
    if not isinstance(trusted, list) or not all(isinstance(name, str) for name in trusted):
        raise InputError(f"trusted={trusted!r}: expected a list of packages, as in trusted=[mine]")
    if "precision" in config["fit"]:
        config["fit"]["precision"] = pick_precision(config)
    return config


def looks(model: dict[str, Any]) -> dict[str, str]:
    """`label` and `colour` of a model; its name and a spare colour where its yaml has no label.

    A yaml that begins with another's, as most do, would else go by that one's label.
    """
    name, label, colour = (model.get(key) for key in LOOKS)
    if label is None or listed_labels().get(label, name) != name:
        return {"label": str(name), "colour": SPARE[sum(map(ord, str(name))) % len(SPARE)]}
    if not isinstance(colour, str) or not re.fullmatch("#[0-9A-Fa-f]{6}", colour):
        raise InputError(f"model.colour={colour!r}: expected six hex digits, as in '#D55E00'")
    return {"label": str(label), "colour": colour}


@cache
def listed_labels() -> dict[str, str]:
    """The names of the models in conf/model by their labels."""
    yamls = [OmegaConf.load(path) for path in sorted((conf_dir() / "model").glob("*.yaml"))]
    return {str(y.label): str(y.name) for y in yamls}


def pick_precision(config: dict[str, Any]) -> str:
    """`fit.precision`, or `fp32` where the model or the device is not for it, which is said.

    What is computed is what the config, and with it the run's key and record, says from here on.
    """
    asked = choice("fit.precision", config["fit"]["precision"], PRECISIONS)
    fast, name = config["model"].get("fast", True), config["model"]["name"]
    if not isinstance(fast, bool):
        raise InputError(f"model.fast={fast!r}: expected true or false")
    if asked != "fp32" and not fast:
        log.warning("fit.precision=%s: model.fast=false, %s stays in fp32", asked, name)
        return "fp32"
    return usable(asked, pick_device(config["device"]))


def pick_device(device: str) -> str:
    """`cpu` or `cuda`; `auto` takes the GPU where there is one."""
    choice("device", device, ("auto", "cpu", "cuda"))
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("device=cuda: no GPU is visible to torch; expected cpu or auto")
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return device


def build_task(config: dict[str, Any]) -> Task:
    """The task that the config names."""
    return build(without(config["task"], "name", "kind"), config, group="task")


def build_plan(config: dict[str, Any]) -> Plan:
    """The plan of the fit."""
    known("fit", config["fit"], Plan.__dataclass_fields__)
    try:
        return Plan(**config["fit"])
    except TypeError as error:
        raise InputError(f"fit: {error}") from error


def build_field(config: dict[str, Any], task: Task) -> Field:
    """The model that the config names, in the task's shape, at its initialisation."""
    for part, needed in PARTS.items():
        value = config["model"].get(part)
        if not (isinstance(value, dict) and "_target_" in value) and (needed or value is not None):
            raise InputError(f"model.{part}={value!r}: expected a part with a _target_")
    return build(
        without(config["model"], *LOOKS, "lr", "fast"),
        config,
        group="model",
        in_features=task.in_features,
        out_features=task.out_features,
        resolution=task.resolution,
        half_extents=task.half_extents,
        radius=task.radius,
        seed=config["seed"],
    )


def build_diagnostics(
    config: dict[str, Any], chosen: dict[str, Any] | None = None
) -> dict[str, Diagnostic]:
    """The diagnostics that the config chooses, or those `chosen`, by name."""
    chosen = config["diagnostic"] or {} if chosen is None else chosen
    for name, node in chosen.items():
        if not isinstance(node, dict):
            raise InputError(f"diagnostic.{name}={node!r}: expected a part with a _target_")
    return {n: build(node, config, group=f"diagnostic.{n}") for n, node in chosen.items()}


def without(node: dict[str, Any], *names: str) -> dict[str, Any]:
    """The entries that are for the reader, not for the constructor, left out."""
    return {key: value for key, value in node.items() if key not in names}


def build(node: dict[str, Any], config: dict[str, Any], group: str = "", **extra: Any) -> Any:
    """Instantiate a node after looking at every `_target_` in it.

    Raises:
        InputError: if a target is outside the trusted packages or does not take its arguments.
    """
    trusted = (*TRUSTED, *config["trusted"])
    for where, inner in nodes(node, group):
        target = str(inner["_target_"])
        if not any(within(target, package) for package in trusted):
            package = target.split(".")[0]
            package = package if package.isprintable() else repr(package)
            raise InputError(
                f"{where}._target_={target!r}: not in a trusted package ({', '.join(trusted)}); "
                f"if it is yours, allow it with 'trusted=[{package}]'"
            )
        names = parameters(where, target)
        if not any(within(target, package) for package in config["trusted"]):
            check_class(where, target)
        known(where, inner, names and [n for n in names if where != group or n not in extra])
    # Hydra would take `${` in a file's name for an interpolation; all of those are resolved by now.
    literal = {key: v for key, v in node.items() if isinstance(v, str) and "${" in v}
    node = without(node, *literal)
    try:
        made = instantiate(node, **extra, _convert_="all", _partial_=bool(literal))
        return made(**literal) if literal else made
    except InputError:
        raise
    except Exception as error:
        cause = error.__cause__ or error
        if isinstance(cause, InputError):
            raise cause from error
        raise InputError(f"{group}: cannot be built: {' '.join(str(cause).split())}") from error


def within(name: str, package: str) -> bool:
    """True where a dotted name is that of the package or of something in it."""
    return name == package or name.startswith(f"{package}.")


def check_class(where: str, target: str) -> None:
    """Raise an `InputError` unless the target is a class that a trusted package defines.

    A module holds what it imports too, and a function may write a file: the config of a run may be
    a stranger's.
    """
    found = get_object(target)
    if not isinstance(found, type) or not any(within(found.__module__, t) for t in TRUSTED):
        raise InputError(f"{where}._target_={target!r}: expected a class of {', '.join(TRUSTED)}")


def nodes(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every node with a `_target_`, with the key it stands at, the outermost first."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield where, node
        for key, value in node.items():
            yield from nodes(value, f"{where}.{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from nodes(value, f"{where}[{i}]")


def parameters(where: str, target: str) -> list[str] | None:
    """The names that a target takes; None where it takes any.

    Raises:
        InputError: if it cannot be imported.
    """
    try:
        signature = inspect.signature(get_object(target))
    except (ImportError, ValueError, TypeError) as error:
        raise InputError(
            f"{where}._target_={target!r}: cannot be imported; expected package.module.Class"
        ) from error
    if any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
        return None
    return list(signature.parameters)


def known(where: str, node: dict[str, Any], names: Iterable[str] | None) -> None:
    """Raise an `InputError` for the first key of `node` that is none of `names`."""
    if names is None:
        return
    names = list(names)
    for key in node:
        if key not in names and not str(key).startswith("_"):
            raise InputError(
                f"{where}{'.' * bool(where)}{key}: no such key; expected one of "
                f"{', '.join(names)}{nearest(key, names)}"
            )
