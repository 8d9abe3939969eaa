"""A person's words on the command line, made ready for Hydra's grammar."""

import glob
import logging
import os
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ..checks import InputError
from ..paths import conf_dir, user_path
from .blocks import jobs, parsed, quoted
from .compose import compose_jobs, composing

if TYPE_CHECKING:
    from ..tasks.task import Task

#: From nothing to the classes of the tasks: asked only where it matters, as it needs torch.
Tasks = Callable[[], list[type["Task"]]]

log = logging.getLogger(__name__)

#: Any of them makes a sweep of a command.
A_SWEEP = frozenset(("-m", "--multirun", "hydra.mode=MULTIRUN"))
#: So many names are told of files that are skipped.
FEW = 5
#: Keys whose value is a file or a folder.
PATHS = ("task.path", "outputs")
#: Hydra's options that take the next word.
TAKING = (
    *("--config-dir", "-cd", "--config-path", "-cp", "--config-name", "-cn", "--package", "-p"),
    *("--cfg", "-c", "--info", "-i", "--experimental-rerun"),
)


def ready(arguments: Sequence[str], config_dir: Path | None = None) -> list[str]:
    """The arguments with every value quoted that Hydra's grammar rejects or would misread.

    A path is taken as it is written: spaces, commas, brackets, `=` and `~` are part of the name.
    In a sweep (`-m`) a folder means every file in it that the task fits, a pattern every file that
    matches, and a comma stands between files unless one is named so.

    Args:
        config_dir: a folder of yaml files, where it is not among the arguments.

    Raises:
        InputError: if an argument is no override, or a folder or pattern holds no file.
    """
    sweep = not A_SWEEP.isdisjoint(arguments)
    options: list[str] = []  # these go first: argparse loses overrides on both sides of one
    plain: list[str] = []
    for i, argument in enumerate(arguments):
        taken = i > 0 and arguments[i - 1] in TAKING
        (options if argument.startswith("-") or taken else plain).append(argument)
    read = {word: _accepted(word, *_parts(word)) for word in plain if not _is_path(word)}
    tasks = partial(_tasks, list(read.values()), _config_dir(options) or config_dir)
    for argument in filter(_is_path, plain):
        start, value = _parts(argument)
        key = start.strip("+=")
        value = _path(key, value, sweep and "path" in key, tasks)
        read[argument] = _accepted(argument, start, value)
    found = options + [read[argument] for argument in plain]
    for word in found:
        if not word.isascii() and (name := re.search(r"[^,]*[\udc80-\udcff][^,]*", word)):
            raise InputError(f"{name[0]!a}: not in UTF-8; expected another name")
    return found


def of_the_blocks(arguments: Sequence[str]) -> list[str]:
    """Arguments of a sweep, a value of the task as a choice of one.

    Hydra first composes the config that the blocks start from, and leaves choices out of it: the
    task that has the key may be one that only a block brings.
    """
    if A_SWEEP.isdisjoint(arguments):
        return list(arguments)
    found = []
    for argument in arguments:
        start, text = _parts(argument)
        of_task = start.lstrip("+").startswith("task.")
        if not of_task or (read := parsed([argument])[0]).is_sweep_override():
            found.append(argument)
            continue
        value = read.value()
        if isinstance(value, str):  # in a choice it may hold no blank without quotes
            text = QuotedString(value, Quote.double).with_quotes()
        found.append(f"{start}choice({text})")
    return found


def _parts(argument: str) -> tuple[str, str]:
    """The key of an override with its `=`, and its value."""
    key, equals, value = argument.partition("=")
    return key + equals, value


def _is_path(argument: str) -> bool:
    key, equals, _ = argument.partition("=")
    return bool(equals) and key.lstrip("+") in PATHS


def _config_dir(options: Sequence[str]) -> Path | None:
    """The folder that `--config-dir DIR` or `--config-dir=DIR` names."""
    for i, word in enumerate(options):
        name, equals, value = word.partition("=")
        if name in ("--config-dir", "-cd"):
            return user_path(value if equals else "".join(options[i + 1 : i + 2]))
    return None


def _tasks(words: Sequence[str], config_dir: Path | None) -> list[type["Task"]]:
    """The classes of the tasks that the other words of a sweep choose."""
    from ..building import task_class

    with composing(words, config_dir) as (own, composed):
        cfgs = compose_jobs(jobs(own, composed), composed).values()
    targets = dict.fromkeys((cfg.task.get("_target_"), tuple(cfg.trusted)) for cfg in cfgs)
    return [task_class({"task": {"_target_": t}, "trusted": list(own)}) for t, own in targets]


def _accepted(argument: str, start: str, value: str) -> str:
    """`start` and `value` as Hydra reads them, the value quoted where it must be."""
    for word in (start + value, start + quoted(value)):
        try:
            (read,) = parsed([word])
        except HydraException:
            continue
        # A number or null is no option of a group: quoted, Hydra says which ones there are.
        named = read.is_delete() or isinstance(read.value(), str | list) or read.is_sweep_override()
        if read.key_or_group and (named or not (conf_dir() / read.key_or_group).is_dir()):
            return word
    raise InputError(f"{argument!r}: expected key=value, such as model=siren or fit.steps=100")


def _path(key: str, value: str, sweep: bool, tasks: Tasks) -> str:
    """The value of a path key, quoted; in a sweep several, with commas between."""
    there = user_path(value).exists()
    if value[:1] in "'\"" and not there:
        return value  # nothing, or in quotes already
    chosen = re.fullmatch(r"choice\((.+)\)", value) if sweep and not there else None
    value = chosen[1] if chosen else value
    # A comma inside ${...} stands between a variable and its default.
    parts = re.split(r",(?![^{]*\})", value) if sweep and not there else [value]
    words: list[str] = []
    for part in map(_with_environment, parts):
        if part == "null":
            words.append(part)
        elif "${" in part and not user_path(part).exists():
            words.append(f'"{part}"')  # quoted, so that blanks and brackets may stand beside it
        else:
            words += map(quoted, _files(key, part, tasks) if sweep else [part])
    return ",".join(words)


def _with_environment(value: str) -> str:
    """The value with `${oc.env:NAME}` resolved, as it may lead to a folder or a pattern.

    Raises:
        InputError: if a variable is not set.
    """
    if "${oc.env:" not in value or user_path(value).exists():
        return value
    try:
        resolved: Any = OmegaConf.create({"value": value.strip("'\"")})
        return str(resolved.value)
    except OmegaConfBaseException as error:
        missing = re.search(r"Environment variable '(.+)' not found", str(error))
        if missing:
            raise InputError(
                f"{value}: no variable {missing[1]} in the environment; expected one that is set"
            ) from error
        return value  # it also refers to the config


def _files(key: str, value: str, tasks: Tasks) -> list[str]:
    """The file as it is named, or those that a folder or pattern holds."""
    path = user_path(value)
    if path.is_dir():
        files = [str(p) for p in path.iterdir()]
    elif path.exists() or not glob.has_magic(value):
        return [value]
    else:
        files = glob.glob(_pattern(path), recursive=True)
    # A link that leads nowhere is a file that is missing: its run says so.
    seen = sorted(p for p in files if Path(p).is_file() or not Path(p).exists())
    fitting = tasks()
    endings = [task.suffixes() for task in fitting]
    some = tuple(ending for own in endings for ending in own) if all(endings) else ("",)
    found = [p for p in seen if Path(p).name.lower().endswith(some) and not hidden(Path(p))]
    taken = set(found)
    skipped = [Path(p).name for p in seen if p not in taken]
    nouns = " or ".join(f"{task.NOUN}s" for task in fitting)
    if not found:
        held = f" ({_some(skipped)})" if skipped else ""
        raise InputError(f"{key}={value!r}: holds no file to fit{held}; expected {nouns}")
    if skipped:
        log.warning("%s=%r: skipped, as hidden or no %s: %s", key, value, nouns, _some(skipped))
    return found


def hidden(path: Path) -> bool:
    """True for what a person does not see in a folder: dot files, and those of other systems."""
    return path.name.startswith(".") or "__MACOSX" in path.parts


def _some(names: Sequence[str]) -> str:
    """The first few of many names."""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(map(repr, names[:FEW])) + more


def _pattern(path: Path) -> str:
    """The path for `glob`, but that folders which are there are meant as they are written."""
    there = next(parent for parent in path.parents if parent.is_dir())
    rest = str(path.relative_to(there))
    return rest if there == Path() else os.path.join(glob.escape(str(there)), rest)
