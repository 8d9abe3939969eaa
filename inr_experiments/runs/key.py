"""A run's name: the hash of everything that decides its numbers."""

import json
from collections.abc import Collection
from typing import Any

from ..digest import sha256_of

#: Raised by hand when code changes what the same config computes.
SCIENCE_VERSION = 2

#: Where the data lies, how much of it is allowed and how the work is cut up decide no number. The
#: data itself enters by its hash, `model.lr` by `fit.lr`, `model.match` by the number that it
#: solves. A task says for itself what is outside.
KEY_EXCLUDES = {
    "model": ("lr", "bf16", "match", "match_by", "label", "colour"),
    "fit": ("chunk",),
}


def science(config: dict[str, Any], of_task: Collection[str]) -> dict[str, Any]:
    """The part of a resolved config that decides a run's numbers: model, task and fit."""
    return {
        group: {name: v for name, v in config[group].items() if name not in outside}
        for group, outside in {**KEY_EXCLUDES, "task": of_task}.items()
    }


def run_key(config: dict[str, Any], *, data_sha256: str, of_task: Collection[str]) -> str:
    """`<model>-<12 hex digits>`: the same for the same science, data and science version.

    Seed, device, folders, tracking, chunk size and diagnostics are left out.

    Args:
        of_task: the task's settings that are left out too, its `KEY_EXCLUDES`.
    """
    payload = {**science(config, of_task), "data": data_sha256, "version": SCIENCE_VERSION}
    text = json.dumps(payload, sort_keys=True, ensure_ascii=True)
    return f"{config['model']['name']}-{sha256_of(text)[:12]}"
