"""Models of one size: `model.match=relu` solves a number of one for the default's parameters."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from .building import assemble, called, settings_of, task_class
from .checks import InputError, integer
from .config import LOOKS, without
from .domain import Domain

#: The share by which numbers of parameters may differ.
TOLERANCE = 0.05
#: The scale at which they may differ by more: its layers are a few units wide.
COARSE = "smoke"
#: The most that a solved number may be.
MOST = 2**22
#: So far on either side of a solution others are looked at: sizes of parts are rounded.
NEAR = 2


def matched(config: dict[str, Any]) -> dict[str, Any]:
    """The resolved config with the number at `model.match_by` solved, where `model.match` asks.

    The trained parameters come as near to those of the model matched as one number of `match_by`
    allows; a complex one counts as two. Both are counted in the shape that the task's class names
    beforehand, so that all items of a sweep have one size and none is opened.

    Raises:
        InputError: if they differ by more than 5 %, or the task has no such shape.
    """
    model = config["model"]
    reference = model.get("match")
    if not isinstance(reference, dict):  # none is asked for, or it is solved already
        return config
    key, solved = model.get("match_by", "width"), deepcopy({**model, "match": reference["name"]})
    models = json.dumps([without(node, *LOOKS) for node in (solved, reference)])
    shape = called(task_class(config).usual_shape, "task", **settings_of(config))
    found, count, target = solution(models, key, *shape, tuple(config["trusted"]))
    if abs(count / target - 1) > TOLERANCE and config["scale"].get("name") != COARSE:
        raise InputError(
            f"model.match={reference['name']}: model.{key}={found} comes nearest to {target:,} "
            f"parameters, with {count:,}; expected {TOLERANCE:.0%} between them at the most"
        )
    put(solved, key, found)
    return {**config, "model": solved}


@cache
def solution(
    models: str, key: str, domain: Domain, channels: int, trusted: tuple[str, ...]
) -> tuple[int, int, int]:
    """The number at `key` that gives the first of two models, as JSON, the size of the second.

    Returns it, and the trained parameters of both.
    """
    model, reference = json.loads(models)

    def count(node: dict[str, Any]) -> int:
        config = {"model": node, "trusted": list(trusted)}
        network = assemble(config, domain=domain, out_features=channels, stream=(0, "match"))
        return network.parameter_count(trained=True)

    def sized(n: int) -> int:
        node = deepcopy(model)
        put(node, key, n)
        return count(node)

    target = count(reference)
    found = nearest_count(sized, target, start=integer(f"model.{key}", at(model, key)))
    return found, sized(found), target


def nearest_count(count: Callable[[int], int], target: int, *, start: int) -> int:
    """The n ≥ 1 whose count is nearest to the target; counts grow with n, but for small steps."""
    count = cache(count)
    low = high = start
    while low > 1 and count(low) > target:
        low = low // 2
    while high < MOST and count(high) < target:
        high = 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) < target else (low, middle)
    near = range(max(1, low - NEAR), min(high + NEAR, MOST) + 1)
    return min(near, key=lambda n: (abs(count(n) - target), n))


def at(node: dict[str, Any], key: str) -> Any:
    """The value at a dotted key.

    Raises:
        InputError: if there is none.
    """
    for name in key.split("."):
        if not isinstance(node, dict) or name not in node:
            raise InputError(f"model.match_by={key!r}: no such key of the model; expected one")
        node = node[name]
    return node


def put(node: dict[str, Any], key: str, value: Any) -> None:
    """Set the value at a dotted key, which is there."""
    *path, last = key.split(".")
    for name in path:
        node = node[name]
    node[last] = value
