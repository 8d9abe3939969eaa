"""A composed config as plain values; pure: the same on every machine, whatever it is doing."""

import pickle
import re
from collections.abc import Iterable
from copy import deepcopy
from functools import cache
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from .checks import InputError, boolean, choice, folder, integer, nearest
from .files import read_yaml
from .paths import conf_dir
from .runs.key import KEY_EXCLUDES

#: What a config holds, as conf/config.yaml lists it.
KEYS = (
    *("scale", "task", "model", "fit", "diagnostic", "tracking", "experiment"),
    *("seed", "device", "outputs", "force", "trusted"),
)
#: What it holds of a sweep; none of it is of one run.
OF_THE_SWEEP = ("sweep", "items", "data")
#: What of a model is for tables and figures, and of no part of it.
LOOKS = ("name", "label", "colour")
#: What of a model the launcher reads, and no constructor.
OF_THE_LAUNCHER = ("name", *KEY_EXCLUDES["model"])
#: The models whose size others may be given.
MATCHED = ("relu",)
#: Colours of models that have none.
SPARE = ("#8C564B", "#17BECF", "#7F7F00", "#9467BD")
#: So many digits fit into the name of a folder that an archive takes.
MOST_SEED = 10**18 - 1
DEVICES = ("auto", "cpu", "cuda")


def resolve(cfg: DictConfig) -> dict[str, Any]:
    """The config as plain values; nothing is timed, and no device is asked.

    Raises:
        InputError: if an interpolation leads nowhere or a name cannot be used.
    """
    own = [str(key) for key in cfg if key not in OF_THE_SWEEP]
    if len(own) < len(cfg):  # what is of the sweep may refer to another task's values
        cfg = OmegaConf.masked_copy(cfg, own)
    config = _plain(cfg, cfg)
    known("", config, KEYS)
    for key in KEYS:
        if key not in config and key != "experiment":
            raise InputError(f"{key}: missing; expected one in the config")
    if config.get("experiment") is not None:
        raise InputError(
            f"experiment={config['experiment']}: expected `# @package _global_` as the first line "
            "of its yaml"
        )
    for group in ("model", "task", "fit"):
        if not isinstance(config[group], dict):
            raise InputError(f"{group}={config[group]!r}: expected one of its yaml files")
    config["task"] = without(config["task"], "scales")
    config["diagnostic"] = chosen(config["diagnostic"])
    for group in ("model", "task"):
        name = config[group].get("name")
        if not isinstance(name, str) or not re.fullmatch(r"[\w-][\w.-]*", name):
            raise InputError(
                f"{group}.name={name!r}: expected letters, digits, '_', '-' or '.', no '.' at the "
                "start"
            )
    integer("seed", config["seed"], least=0, most=MOST_SEED)
    choice("model.bf16", config["model"].get("bf16", "allowed"), ("allowed", "refused"))
    config["model"] |= looks(config["model"])
    if (other := config["model"].get("match")) is not None:
        config["model"]["match"] = other_model(cfg, choice("model.match", other, MATCHED))
    if config["device"] not in DEVICES:  # of these no name is like another's
        raise InputError(f"device={config['device']!r}: expected one of {', '.join(DEVICES)}")
    folder("outputs", config["outputs"])
    boolean("force", config["force"])
    trusted = config["trusted"]
    if not isinstance(trusted, list) or not all(isinstance(name, str) for name in trusted):
        raise InputError(f"trusted={trusted!r}: expected a list of packages, as in trusted=[mine]")
    return config


def chosen(diagnostics: Any) -> Any:
    """The diagnostics without the options that an experiment has for one that is not chosen."""
    if not isinstance(diagnostics, dict):
        return diagnostics
    options = [
        n for n, node in diagnostics.items() if isinstance(node, dict) and "_target_" not in node
    ]
    listed = conf_dir() / "diagnostic"
    return without(diagnostics, *(n for n in options if (listed / f"{n}.yaml").is_file()))


def check_options(words: Iterable[str], diagnostics: dict[str, Any] | None) -> None:
    """Raise an `InputError` for a word that sets an option of a diagnostic that is not chosen."""
    for word in words:
        group, *names = word.lstrip("+").partition("=")[0].split(".")
        if group == "diagnostic" and names and names[0] not in (diagnostics or {}):
            raise InputError(f"{word}: not chosen; expected diagnostic={names[0]} as well")


def other_model(cfg: DictConfig, name: str) -> dict[str, Any]:
    """A model of conf/model that begins with no other, as it would be in this config."""
    plain: Any = OmegaConf.to_container(cfg)
    rest = {key: value for key, value in plain.items() if key != "model"}
    return deepcopy(_other_model(name, pickle.dumps(rest)))


@cache  # the models of a sweep ask for the same one, and interpolations are slow
def _other_model(name: str, rest: bytes) -> dict[str, Any]:
    model = OmegaConf.load(conf_dir() / f"model/{name}.yaml")
    cfg = OmegaConf.create({**pickle.loads(rest), "model": model})
    return dict(_plain(cfg.model, cfg, "model.match"))


def _plain(node: DictConfig, cfg: DictConfig, where: str = "") -> Any:
    """A node as plain values; what is missing is told with its key, or `where`."""
    try:
        return OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        says = missing_number(cfg, str(error.msg)) or str(error.msg).splitlines()[0]
        if lacking := re.fullmatch(r"Interpolation key '([\w.]+)' not found", says):
            says = f"it is that of {lacking[1]}, which is missing; expected one there or here"
        raise InputError(f"{where or error.full_key or 'config'}: {says}") from error


def missing_number(cfg: DictConfig, says: str) -> str | None:
    """The sentence where a number is asked of a scale that the task's yaml does not have it for."""
    found = re.search(r"'(?:task\.)?scales\.([^.']+)(?:\.(\w+))?' not found", says)
    if not found:
        return None
    name, scales = (OmegaConf.select(cfg, f"task.{key}") for key in ("name", "scales"))
    return (
        f"task={name} has no number for it at scale={found[1]}; expected one in task.scales."
        f"{found[1]} of its yaml (it has {', '.join(scales or {}) or 'none'}), or a value here"
    )


def looks(model: dict[str, Any]) -> dict[str, str]:
    """`label` and `colour` of a model; its name and a spare colour where its yaml has no label.

    A yaml that begins with another's, as most do, would else go by that one's label.
    """
    name, label, colour = (model.get(key) for key in LOOKS)
    if label is not None and not isinstance(label, str | int | float):
        raise InputError(f"model.label={label!r}: expected one line of text")
    others = {own for other, own in labels().items() if other != name}
    if label is None or label in others:
        return {"label": str(name), "colour": SPARE[sum(map(ord, str(name))) % len(SPARE)]}
    if not isinstance(colour, str) or not re.fullmatch("#[0-9A-Fa-f]{6}", colour):
        raise InputError(f"model.colour={colour!r}: expected six hex digits, as in '#D55E00'")
    return {"label": str(label), "colour": colour}


@cache
def labels() -> dict[str, str]:
    """The labels of the models in conf/model that have one, by their names."""
    yamls = map(read_yaml, (conf_dir() / "model").glob("*.yaml"))
    return {str(yaml.get("name")): str(yaml["label"]) for yaml in yamls if yaml.get("label")}


@cache
def published(metric: str) -> dict[str, float]:
    """The published values of a metric by the name of their model, from conf/published.yaml."""
    listed: Any = OmegaConf.load(conf_dir() / "published.yaml")
    return {str(name): float(value) for name, value in listed[metric]["values"].items()}


def without(node: dict[str, Any], *names: str) -> dict[str, Any]:
    """The entries that are for the reader, not for the constructor, left out."""
    return {key: value for key, value in node.items() if key not in names}


def known(where: str, node: dict[str, Any], names: Iterable[str] | None) -> None:
    """Raise an `InputError` for the first key of `node` that is none of `names`; None takes any."""
    if names is None:
        return
    names = list(names)
    for key in node:
        if key not in names and key not in ("_target_", "_partial_"):
            raise InputError(
                f"{where}{'.' * bool(where)}{key}: no such key; expected one of "
                f"{', '.join(names)}{nearest(key, names)}"
            )
