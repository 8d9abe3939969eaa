"""A person's words on the command line, made ready for Hydra's grammar."""

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ..checks import InputError
from ..paths import conf_dir, user_path
from .blocks import quoted
from .renamed import check_names

#: Keys whose value is a file or a folder.
PATHS = ("task.path", "outputs")
#: Hydra's options that take the next word.
TAKING = (
    *("--config-dir", "-cd", "--config-path", "-cp", "--config-name", "-cn", "--package", "-p"),
    *("--cfg", "-c", "--info", "-i", "--experimental-rerun"),
)


def ready(arguments: Sequence[str]) -> list[str]:
    """The arguments with every value quoted that Hydra's grammar rejects or would misread.

    A path is taken as it is written: spaces, commas, brackets, `=` and `~` are part of the name.
    In a sweep (`-m`) a folder means every picture in it (every mesh and volume with
    `task=occupancy`), a pattern every file that matches, and a comma stands between files unless
    one is named so.

    Raises:
        InputError: if an argument is no override, or a folder or pattern holds no file.
    """
    sweep = any(word in ("-m", "--multirun", "hydra.mode=MULTIRUN") for word in arguments)
    suffixes = "solids" if "task=occupancy" in arguments else "pictures"
    options: list[str] = []  # these go first: argparse loses overrides on both sides of one
    done: list[str] = []
    for i, argument in enumerate(arguments):
        if argument.startswith("-") or (i and arguments[i - 1] in TAKING):
            options.append(argument)
            continue
        check_names(argument)
        key, equals, value = argument.partition("=")
        if equals and key.lstrip("+") in PATHS:
            value = _path(key.lstrip("+"), value, sweep and "path" in key, suffixes)
        done.append(_accepted(argument, key + equals, value))
    return options + done


def _accepted(argument: str, start: str, value: str) -> str:
    """`start` and `value` as Hydra reads them, the value quoted where it must be."""
    for word in (start + value, start + quoted(value)):
        try:
            read = _read(word)
        except HydraException:
            continue
        # A number or null is no option of a group: quoted, Hydra says which ones there are.
        named = read.is_delete() or isinstance(read.value(), str | list) or read.is_sweep_override()
        if read.key_or_group and (named or not (conf_dir() / read.key_or_group).is_dir()):
            return word
    raise InputError(f"{argument!r}: expected key=value, such as model=siren or fit.steps=100")


def _read(word: str) -> Override:
    return OverridesParser.create().parse_override(word)


def _path(key: str, value: str, sweep: bool, kind: str) -> str:
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
            words += map(quoted, _files(key, part, kind) if sweep else [part])
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


def _files(key: str, value: str, kind: str) -> list[str]:
    """The file as it is named, or those that a folder or pattern holds."""
    path = user_path(value)
    if path.is_dir():
        found = [str(p) for p in sorted(path.iterdir()) if p.name.lower().endswith(_suffixes(kind))]
    elif path.exists() or not glob.has_magic(value):
        return [value]
    else:
        found = sorted(p for p in glob.glob(_pattern(path), recursive=True) if Path(p).is_file())
    if not found:
        raise InputError(f"{key}={value!r}: holds no file to fit; expected {kind}")
    return found


def _pattern(path: Path) -> str:
    """The path for `glob`, but that folders which are there are meant as they are written."""
    there = next(parent for parent in path.parents if parent.is_dir())
    rest = str(path.relative_to(there))
    return rest if there == Path() else os.path.join(glob.escape(str(there)), rest)


def _suffixes(kind: str) -> tuple[str, ...]:
    if kind == "solids":
        from ..data.solids import meshes, volumes

        return meshes.SUFFIXES + volumes.SUFFIXES
    from PIL import Image

    extensions = Image.registered_extensions().items()
    return tuple(suffix for suffix, form in extensions if form in Image.OPEN)
