"""Options of stored diagnostics against those that are asked for, as their yaml has them."""

from collections.abc import Mapping
from typing import Any

Options = Mapping[str, Any]


def covers(stored: Options, wanted: Options) -> bool:
    """True where a result with the options `stored` holds all that one with `wanted` would.

    It does where each option is the same, a switch that is not wanted, or a list of names with all
    that are wanted.
    """
    return set(stored) == set(wanted) and all(_holds(stored[k], wanted[k]) for k in wanted)


def united(stored: Options, wanted: Options) -> dict[str, Any]:
    """The options of a result that holds both; where they exclude each other, those wanted."""
    return {key: _both(stored[key], value) if key in stored else value
            for key, value in wanted.items()}  # fmt: skip


def _holds(stored: Any, wanted: Any) -> bool:
    if _are_names(stored) and _are_names(wanted):
        return all(entry in stored for entry in wanted)
    return stored == wanted or wanted is False


def _both(stored: Any, wanted: Any) -> Any:
    if _are_names(stored) and _are_names(wanted):
        return [*stored, *(entry for entry in wanted if entry not in stored)]
    return stored if wanted is False else wanted


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
