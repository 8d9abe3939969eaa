"""The groups of conf/ as Markdown tables, made of the first lines of their yaml files."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..checks import InputError
from ..files import read_yaml
from .tables import as_markdown

#: A generated part of a document: its name and its table.
PART = re.compile(r"(?<=<!-- generated: )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)


def filled(text: str, conf: Path) -> str:
    """The text with what stands between its markers made anew."""
    made = {"groups": _groups, "models": _models, "experiments": _experiments}
    return PART.sub(lambda part: f"{part[1]}{part[2]}\n{made[part[1]](conf)}\n\n", text)


def options(conf: Path) -> dict[str, list[str]]:
    """The options of every group, the files in its folder."""
    found: dict[str, list[str]] = {}
    for path in sorted(conf.rglob("*/*.yaml")):
        found.setdefault(path.parent.relative_to(conf).as_posix(), []).append(path.stem)
    return found


def first_line(path: Path) -> str:
    """The first comment of a yaml file that is none of Hydra's.

    Raises:
        InputError: if there is none.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.match("# (?!@)", line):
            return line[2:]
    raise InputError(f"{path}: no comment; expected one that says what it is for")


def phrase(path: Path) -> str:
    """The first sentence of that comment, without the name of the option."""
    said = re.sub(r"^\S+=[^\s:]+(?: \([^)]*\))?: ", "", first_line(path))
    return re.split(r"\.(?: (?=[A-Z])|$)", said)[0]


def _groups(conf: Path) -> str:
    """Every option but models and experiments, which have tables of their own."""
    chosen = _defaults(conf)
    body = []
    for group, names in options(conf).items():
        if group in ("model", "experiment"):
            continue
        for name in names:
            default = " (default)" if chosen.get(group) == name else ""
            body.append([f"`{group}={name}`{default}", phrase(conf / group / f"{name}.yaml")])
    return as_markdown(("option", "means"), body)


def _models(conf: Path) -> str:
    body = []
    for name in options(conf)["model"]:
        path = conf / "model" / f"{name}.yaml"
        default = " (default)" if _defaults(conf)["model"] == name else ""
        body.append([f"`{name}`{default}", read_yaml(path).get("label", name), phrase(path)])
    return as_markdown(("model", "in tables", "means"), body)


def _experiments(conf: Path) -> str:
    body = []
    for name in options(conf)["experiment"]:
        path = conf / f"experiment/{name}.yaml"
        if len(parts := first_line(path).split(" · ")) != 3:
            raise InputError(f"{path}: first comment; expected command · cost · question")
        body.append([f"`{parts[0]}`", *parts[1:]])
    return as_markdown(("command", "cost", "question"), body)


def _defaults(conf: Path) -> Mapping[str, Any]:
    entries = (e for e in read_yaml(conf / "config.yaml")["defaults"] if isinstance(e, dict))
    return {key.removeprefix("override "): name for e in entries for key, name in e.items()}
