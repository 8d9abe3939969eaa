"""One error for whatever a user can get wrong, the checks that raise it, and words for it."""

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any


class InputError(ValueError):
    """A value or file that a user gave and that cannot be used; its text is one clear sentence."""


class ArgumentError(InputError):
    """An argument that cannot be used; the text begins with its name, and knows no config key."""


@contextmanager
def within(argument: str) -> Iterator[None]:
    """Name the argument whose own argument a block refuses: `inlet_init.epsilon=-1: …`."""
    try:
        yield
    except ArgumentError as error:
        raise ArgumentError(f"{argument}.{error}") from error


def keyed(error: InputError, where: str, names: Iterable[str]) -> str:
    """The text of an error with the key of a config at which its part stands.

    The name of a refused argument, and further on those of `names` that stand before a `=`, get
    `where` in front: `side=1: …` of a task is `task.side=1: …`.
    """
    start, colon, rest = str(error).partition(": ")
    if isinstance(error, ArgumentError):
        start = f"{where}.{start}"
    for name in names:
        rest = re.sub(rf"(?<![\w./']){re.escape(name)}=", f"{where}.{name}=", rest)
    return start + colon + rest


def integer(key: str, value: Any, *, least: int = 1, most: int | None = None) -> int:
    """`value` as an int from `least` to `most`, or an `ArgumentError` that names `key`."""
    good = isinstance(value, int) and not isinstance(value, bool) and value >= least
    if not good or (most is not None and value > most):
        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ArgumentError(f"{key}={value!r}: expected an integer {bounds}")
    return int(value)


def number(
    key: str,
    value: Any,
    *,
    above: float = 0.0,
    below: float = math.inf,
    least: float | None = None,
) -> float:
    """`value` as a finite float strictly between `above` and `below`, or an `ArgumentError`.

    With `least` it may be that, or more, in the place of `above`.
    """
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    enough = good and (value > above if least is None else value >= least)
    if not enough or not value < below:
        bounds = f"above {above:g}" if least is None else f"of at least {least:g}"
        bounds += f" and below {below:g}" if below < math.inf else ""
        raise ArgumentError(f"{key}={value!r}: expected a finite number {bounds}")
    return float(value)


def boolean(key: str, value: Any) -> bool:
    """`value` if it is true or false, or an `ArgumentError`: a word such as no would be true."""
    if not isinstance(value, bool):
        raise ArgumentError(f"{key}={value!r}: expected true or false")
    return value


def choice(key: str, value: Any, options: Iterable[str]) -> str:
    """`value` if it is one of `options`, or an `ArgumentError` with the nearest of them."""
    options = list(options)
    if value in options:
        return str(value)
    raise ArgumentError(
        f"{key}={value!r}: expected one of {', '.join(options)}{nearest(value, options)}"
    )


def folder(key: str, value: Any) -> str:
    """`value` if it may name a folder, or an `ArgumentError`."""
    if not isinstance(value, str) or not value:
        raise ArgumentError(f"{key}={value!r}: expected a folder")
    return value


def nearest(value: Any, options: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the option most like `value`, or nothing."""
    close = get_close_matches(str(value), list(options), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def counted(count: int, noun: str) -> str:
    """A count with its noun: `1 seed`, `4 seeds`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
