"""The runs that a sweep means: a union of products, enumerated without doing any.

An experiment says in its yaml what it sweeps, a block a product:

    sweep:
      - {fits: images, seed: [0, 1], model: [relu, rank_expanding]}
      - {fits: images, model: [relu, rank_expanding], task.coordinates: unit}

`fits` names an entry of the group `data`, which brings task and items. Of the values that the
command line gives a key, a block that has the key keeps those of its own and takes those that no
block has, and is left out where there are none; a block that lacks the key takes all. One's own
files, `task.path`, take the place of the items. Cells that two blocks share are one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import product
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from ..checks import InputError, choice, integer

#: Keys that decide what the blocks are.
SETTING_BLOCKS = ("experiment", "data", "items")
#: From overrides to the config that they compose.
Composer = Callable[[list[str]], DictConfig]
#: The overrides of one cell.
Job = tuple[str, ...]


def jobs(overrides: Sequence[str], composed: Composer) -> list[Job]:
    """The overrides of every cell of `inr -m <overrides>`, in order, each once.

    Raises:
        InputError: if the experiment's `sweep` cannot be read, or no cell is left of it.
    """
    given = parsed(overrides)
    for override in given:
        if override.is_sweep_override() and override.get_key_element() in SETTING_BLOCKS:
            raise InputError(f"{override.input_line}: expected one, as it decides what is swept")
    # Values may be of a task that only the blocks choose; what is composed in the end has them.
    whole = [o for o in given if "." not in o.get_key_element()]
    fixed = [o.input_line for o in whole if not o.is_sweep_override()]
    wanted = _choices(given)
    of_experiment(given)
    own_files = wanted.get("task.path", ["task.path=null"]) != ["task.path=null"]
    if own_files and (first := wanted.get("items", ["items=null"])) != ["items=null"]:
        raise InputError(f"{first[0]}: of the experiment's own; expected without task.path")
    # Composing takes a tenth of a second, and without these there is one block, an empty one.
    asked = any(o.key_or_group in (*SETTING_BLOCKS, "sweep") for o in given)
    read = _blocks(composed(fixed), own_files=own_files) if asked else [[]]
    blocks = [_choices(parsed(b)) for b in read]
    shared = [lines for block in blocks for key, lines in block.items() if key in wanted]
    anywhere = {_meaning(line) for lines in shared for line in lines}
    cells: dict[Job, None] = {}
    for block in blocks:
        chosen = dict(block)
        for key, lines in wanted.items():
            own = {_meaning(line) for line in block.get(key, lines)}
            chosen[key] = [n for n in lines if _meaning(n) in own or _meaning(n) not in anywhere]
        cells.update(dict.fromkeys(product(*(chosen[key] for key in sorted(chosen, key=_pace)))))
    if not cells:
        raise InputError(f"{' '.join(overrides)}: no cell of the experiment has all of these")
    # Blocks in turn: a sweep that is stopped has whole seeds and items, of all blocks.
    places = {place: n for n, place in enumerate(dict.fromkeys(map(_place, cells)))}
    return sorted(cells, key=lambda job: places[_place(job)])


def of_experiment(given: Sequence[Any]) -> None:
    """Raise an `InputError` for an override that means something beside an experiment alone."""
    keys = {override.get_key_element().lstrip("+"): override.input_line for override in given}
    for key in ("data", "items"):
        if key in keys and not {"experiment", "sweep"} & set(keys):
            raise InputError(f"{keys[key]}: of an experiment; expected experiment=NAME as well")


def _pace(key: str) -> int:
    """The order of keys, the slowest first."""
    return 0 if key == "seed" else 1 if key.startswith("task.") else 2


def _place(job: Job) -> Job:
    """The lines of a cell that say which seed of which item it is."""
    return tuple(line for line in job if _pace(line.partition("=")[0]) < 2)


def quoted(value: str) -> str:
    """The value as one string to Hydra's grammar, in quotes where it needs them.

    `${` in it is escaped: it is no interpolation.
    """
    with suppress(HydraException):
        if parsed([f"x={value}"])[0].value() == value and "${" not in value:
            return value
    return QuotedString(value.replace("${", "\\${"), Quote.double).with_quotes()


def _blocks(config: DictConfig, *, own_files: bool) -> list[list[str]]:
    """The blocks of the experiment as overrides; one empty block where there is none."""
    plain: Any = OmegaConf.to_container(config, resolve=False)
    blocks = plain.get("sweep")
    if blocks is None:
        return [[]]
    named = isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks)
    if not named or not blocks:
        raise InputError(f"sweep={blocks!r}: expected a list of blocks, each key: values")
    most = plain.get("items")
    if most is not None:
        integer("items", most)
    found = []
    for block in blocks:
        entries = dict(block)
        fits = entries.pop("fits", None)
        if fits is not None:
            brought = _items(plain, fits, most)
            if own_files:
                brought = {key: v for key, v in brought.items() if not isinstance(v, list)}
            entries = {**brought, **entries}
        found.append([f"{key}={_text(value)}" for key, value in entries.items()])
    return found


def _items(plain: Mapping[str, Any], fits: str, most: int | None) -> dict[str, Any]:
    """The entries of the group `data` for `fits`: task and items, the first `most` of them."""
    entry = plain["data"][choice("fits", fits, plain.get("data") or {})]
    return {key: v[:most] if isinstance(v, list) else v for key, v in entry.items()}


def _text(value: Any) -> str:
    """The value or values of a key as Hydra reads them."""
    if isinstance(value, list):
        return ",".join(map(_word, value))
    return _word(value)


def _word(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{','.join(map(_word, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}: {_word(own)}' for key, own in value.items())}}}"
    if isinstance(value, str):
        # In quotes, as one interpolation may stand in another.
        return f'"{value}"' if value.startswith("${") else quoted(value)
    return str(value)


def parsed(lines: Sequence[str]) -> list[Any]:
    """The overrides as Hydra reads them."""
    hydra = GlobalHydra.instance()
    # It knows the options that a pattern such as model=glob(rei*) means.
    loader = hydra.config_loader() if hydra.is_initialized() else None
    return [_parsed(line, loader) for line in lines]


@lru_cache(maxsize=4096)  # the cells of a sweep share most of their lines
def _parsed(line: str, loader: ConfigLoader | None) -> Any:
    return OverridesParser.create(config_loader=loader).parse_overrides([line])[0]


def _meaning(line: str) -> str:
    """The key and value of an override, however it is quoted or added."""
    (override,) = parsed([line])
    value = None if override.is_delete() else override.value()
    return f"{override.get_key_element().lstrip('+')}={value!r}"


def _readable(key: str, value: str) -> str:
    """An override of one of a sweep's values, which Hydra hands over without its quotes."""
    line = f"{key}={value}"
    try:
        parsed([line])
    except HydraException:  # as of letters that its grammar has no place for
        plain = re.sub(r"\\(.)", r"\1", value)
        return f"{key}={quoted(plain)}"
    return line


def _choices(overrides: Sequence[Any]) -> dict[str, list[str]]:
    """All values of each override as `key=value`, by key, whether or not it is added with `+`."""
    found = {}
    for override in overrides:
        key = override.get_key_element()
        if override.is_delete():
            lines = [override.input_line]
        elif override.is_interval_sweep():
            line = override.input_line
            raise InputError(f"{line}: expected values to be named, as {key}=1e-4,1e-3")
        elif override.is_sweep_override():
            lines = [_readable(key, value) for value in override.sweep_string_iterator()]
        else:
            lines = [f"{key}={override.get_value_element_as_str()}"]
        found[key.lstrip("+")] = lines
    return found
