"""One error for whatever a user can get wrong, and the checks that raise it."""

import math
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class InputError(ValueError):
    """A value or file that a user gave and that cannot be used; its text is one clear sentence."""


def integer(key: str, value: Any, *, least: int = 1, most: int | None = None) -> int:
    """`value` as an int from `least` to `most`, or an `InputError` that names `key`."""
    good = isinstance(value, int) and not isinstance(value, bool) and value >= least
    if not good or (most is not None and value > most):
        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{key}={value!r}: expected an integer {bounds}")
    return int(value)


def number(key: str, value: Any, *, above: float = 0.0, below: float = math.inf) -> float:
    """`value` as a finite float strictly between `above` and `below`, or an `InputError`."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not above < value < below:
        bounds = f"above {above:g}" + (f" and below {below:g}" if below < math.inf else "")
        raise InputError(f"{key}={value!r}: expected a finite number {bounds}")
    return float(value)


def choice(key: str, value: Any, options: Iterable[str]) -> str:
    """`value` if it is one of `options`, or an `InputError` with the nearest of them."""
    options = list(options)
    if value in options:
        return str(value)
    raise InputError(
        f"{key}={value!r}: expected one of {', '.join(options)}{nearest(value, options)}"
    )


def nearest(value: Any, options: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the option most like `value`, or nothing."""
    close = get_close_matches(str(value), list(options), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
