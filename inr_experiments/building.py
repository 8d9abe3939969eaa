"""The parts that a config names, checked and built; the only file that knows their keys."""

import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import torch

from .checks import InputError, keyed
from .config import OF_THE_LAUNCHER, known, without
from .domain import Domain
from .fit.settings import FitSettings
from .fit.snapshot import Snapshot
from .models.field import Field
from .models.network import Network, fault_of
from .seeding import generator
from .tasks.task import Task

#: Packages whose classes a yaml file may name.
OURS = ("models", "tasks", "fit", "diagnostics", "tracking")
TRUSTED = (*(f"inr_experiments.{package}" for package in OURS), "torch.nn", "torch.optim")
#: The parts of a field, and whether it can do without.
PARTS = {
    **dict.fromkeys(("inlet_init", "inlet_activation", "hidden_init", "hidden_activation"), True),
    **{"head_init": True, "encoding": False, "batch_norm": False},
}

#: So many tasks, and bytes of their own arrays, are kept in a process; the last one always is.
KEPT, KEPT_BYTES = 32, 2**30
_kept: dict[str, Task] = {}

Diagnostic = Callable[[Snapshot, Task], dict[str, Any]]


def pick_device(device: str) -> str:
    """`cpu` or `cuda`; `auto` takes the GPU where there is one."""
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("device=cuda: no GPU is visible to torch; expected cpu or auto")
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return device


def build_task(config: dict[str, Any]) -> Task:
    """The task that the config names.

    Raises:
        InputError: if it cannot be built, or has another hash than its class told: a sweep would
            look for its run elsewhere.
    """
    task_class(config)
    task: Task = build(without(config["task"], "name"), config, group="task")
    told = {"sha256": fingerprint(config), "item": item_of(config)}
    for name, expected in told.items():
        if (found := getattr(task, name, None)) != expected:
            of = {"sha256": "fingerprint", "item": "item_name"}[name]
            raise InputError(f"task: {name} is {found}; expected its {of}, {expected}")
    return task


def kept_task(config: dict[str, Any]) -> Task:
    """The task that the config names, read once a process: models of a sweep share its items."""
    name = json.dumps([config["task"], config["trusted"]])
    task = _kept.pop(name, None)
    if task is None or task.sha256 != fingerprint(config):
        task = build_task(config)
    _kept[name] = task  # the last one at the end
    while len(_kept) > 1 and (
        len(_kept) > KEPT or sum(task.nbytes for task in _kept.values()) > KEPT_BYTES
    ):
        del _kept[next(iter(_kept))]
    return task


def task_class(config: Mapping[str, Any]) -> type[Task]:
    """The class of the config's task, for what it knows without being built.

    Raises:
        InputError: if it is in no trusted package, is no task, or lacks a setting of that name.
    """
    node, own = without(config["task"], "name"), config["trusted"]
    target = str(node.get("_target_"))
    check_target("task", target, own)
    found = resolve_name(target)
    if not (isinstance(found, type) and issubclass(found, Task)):
        base = f"{Task.__module__}.{Task.__name__}"
        raise InputError(f"task._target_={target!r}: expected a class derived from {base}")
    known("task", node, parameters("task", target))
    if not found.METRICS:
        raise InputError(f"task._target_={target!r}: METRICS is empty; expected one metric or more")
    return found


def fingerprint(config: Mapping[str, Any]) -> str:
    """The hash of the data behind the config's task, which is not built.

    Raises:
        InputError: if it is not there.
    """
    return str(called(task_class(config).fingerprint, "task", **settings_of(config)))


def item_of(config: Mapping[str, Any]) -> str:
    """The item that the config's task fits, as tables name it."""
    return str(called(task_class(config).item_name, "task", **settings_of(config)))


def settings_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the config's task."""
    return without(config["task"], "name", "_target_")


def build_settings(config: dict[str, Any]) -> FitSettings:
    """The settings of the fit."""
    return build(config["fit"], config, group="fit")


def build_network(config: dict[str, Any], task: Task) -> Network:
    """The network that the config names, in the task's shape, at its initialisation.

    Its weights are drawn from the seed and the data, so that pictures are independent draws, and
    the networks of one seed and picture are paired.
    """
    return assemble(
        config,
        domain=task.domain,
        out_features=task.out_features,
        stream=(config["seed"], task.sha256),
    )


def assemble(
    config: dict[str, Any], *, domain: Domain, out_features: int, stream: tuple[int | str, ...]
) -> Network:
    """The network that the config names in any shape; its weights are drawn from the stream.

    Raises:
        InputError: if it cannot be built.
    """
    node = without(config["model"], *OF_THE_LAUNCHER)
    if node.get("_target_") == f"{Field.__module__}.{Field.__qualname__}":
        for part, needed in PARTS.items():
            value = node.get(part)
            built = isinstance(value, dict) and "_target_" in value
            if not built and (needed or value is not None):
                raise InputError(f"model.{part}={value!r}: expected a part with a _target_")
    with torch.random.fork_rng(devices=[]):  # of what torch's own layers draw by themselves
        torch.manual_seed(generator(*stream, "network").initial_seed())
        network = build(
            node,
            config,
            group="model",
            domain=domain,
            out_features=out_features,
            stream=stream,
        )
    if (fault := fault_of(network)) is not None:
        raise InputError(f"model: {fault}")
    return network


def build_diagnostics(
    config: dict[str, Any], chosen: dict[str, Any] | None = None
) -> dict[str, Diagnostic]:
    """The diagnostics that the config chooses, or those `chosen`, by name."""
    chosen = config["diagnostic"] or {} if chosen is None else chosen
    for name, node in chosen.items():
        if not isinstance(node, dict) or "_target_" not in node:
            raise InputError(f"diagnostic.{name}={node!r}: expected a part with a _target_")
    return {n: build(node, config, group=f"diagnostic.{n}") for n, node in chosen.items()}


def build(node: dict[str, Any], config: dict[str, Any], group: str, **extra: Any) -> Any:
    """Build a node after looking at every `_target_` in it; a `_partial_` one as a function.

    Raises:
        InputError: if a target is outside the trusted packages, or refuses an argument.
    """
    for where, inner in nodes(node, group):
        check_target(where, str(inner["_target_"]), config["trusted"])
        names = parameters(where, str(inner["_target_"]))
        known(where, inner, names and [n for n in names if where != group or n not in extra])
    return made(node, group, extra)


def made(node: Any, where: str, extra: dict[str, Any] | None = None) -> Any:
    """The object that a node with a `_target_` describes, its parts first; other values as is."""
    if isinstance(node, list):
        return [made(value, f"{where}[{i}]") for i, value in enumerate(node)]
    if not isinstance(node, dict):
        return node
    own = {key: value for key, value in node.items() if not str(key).startswith("_")}
    parts = {key: made(value, f"{where}.{key}") for key, value in own.items()}
    if "_target_" not in node:
        return parts
    target = resolve_name(node["_target_"])
    call = partial(called, target, where, **parts, **(extra or {}))
    call.__wrapped__ = target  # type: ignore[attr-defined]  # whoever calls it may ask what it takes
    return call if node.get("_partial_") else call()


def called(target: Callable[..., Any], where: str, /, *args: Any, **parts: Any) -> Any:
    """`target(*args, **parts)`; what it refuses is told with the key of the config.

    Raises:
        InputError: for whatever goes wrong in it.
    """
    with naming(where, parts):
        return target(*args, **parts)


@contextmanager
def naming(where: str, names: Iterable[str]) -> Iterator[None]:
    """Tell what the block refuses with the key at which its part stands; `names` are arguments.

    Raises:
        InputError: for whatever goes wrong in it.
    """
    try:
        yield
    except InputError as error:
        raise InputError(keyed(error, where, names)) from error
    except Exception as error:
        raise InputError(f"{where}: cannot be built: {' '.join(str(error).split())}") from error


def check_target(where: str, target: str, own: list[str]) -> None:
    """Raise an `InputError` unless the target is the user's `own`, or a class of a trusted package.

    A module holds what it imports too, and a function may write a file: the config of a run may be
    a stranger's.
    """
    trusted = (*TRUSTED, *own)
    if not any(within_package(target, package) for package in trusted):
        package = target.split(".")[0]
        package = package if package.isprintable() else repr(package)
        raise InputError(
            f"{where}._target_={target!r}: not in a trusted package ({', '.join(trusted)}); "
            f"if it is yours, allow it with 'trusted=[{package}]'"
        )
    yours = any(within_package(target, package) for package in own)
    if yours and (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)  # a command's own path has only what is installed
    parameters(where, target)
    if yours:
        return
    found = resolve_name(target)
    if not isinstance(found, type) or not any(within_package(found.__module__, t) for t in TRUSTED):
        raise InputError(f"{where}._target_={target!r}: expected a class of {', '.join(TRUSTED)}")


def within_package(name: str, package: str) -> bool:
    """True where a dotted name is that of the package or of something in it."""
    return name == package or name.startswith(f"{package}.")


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
        signature = inspect.signature(resolve_name(target))
    except Exception as error:  # a module may fail in any way
        says = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise InputError(
            f"{where}._target_={target!r}: cannot be imported ({says}); expected "
            "package.module.Class"
        ) from error
    if any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
        return None
    return list(signature.parameters)
