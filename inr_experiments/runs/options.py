"""Options of stored diagnostics against those that are asked for, as their yaml has them."""

from collections.abc import Mapping
from typing import Any

Options = Mapping[str, Any]


def covers(stored: Options, wanted: Options) -> bool:
    """True where a result with the options `stored` holds all that one with `wanted` would.

    It does where each option is the same, wanted to be off (false or 0), or a list with all that is
    wanted.
    """
    return set(stored) == set(wanted) and all(_holds(stored[k], wanted[k]) for k in wanted)


def united(stored: Options, wanted: Options) -> dict[str, Any]:
    """The options of a result that holds both; where they exclude each other, those wanted."""
    return {key: _both(stored[key], value) if key in stored else value
            for key, value in wanted.items()}  # fmt: skip


def _holds(stored: Any, wanted: Any) -> bool:
    if isinstance(stored, list) and isinstance(wanted, list):
        return all(entry in stored for entry in wanted)
    return stored == wanted or _is_off(wanted)


def _both(stored: Any, wanted: Any) -> Any:
    if isinstance(stored, list) and isinstance(wanted, list):
        return [*stored, *(entry for entry in wanted if entry not in stored)]
    return stored if _is_off(wanted) else wanted


def _is_off(value: Any) -> bool:
    return isinstance(value, bool | int) and not value
