"""A run's name: the hash of everything that decides its numbers."""

import hashlib
import json
from typing import Any

#: Raised by hand when code changes what the same config computes.
SCIENCE_VERSION = 1

#: Where the data lies, how much of it is allowed and how the work is cut up decide no number. The
#: data itself enters by its hash, `model.lr` by `fit.lr`.
OUTSIDE = {
    "model": ("lr", "fast"),
    "task": ("image", "path", "pixel_limit", "shape", "cache"),
    "fit": ("chunk",),
}

#: Options that came after runs were stored, at the value that changes nothing: left out there, so
#: that those runs keep their names.
NEUTRAL: dict[str, dict[str, Any]] = {"task": {"noise": 0.0}, "fit": {"precision": "fp32"}}


def science(config: dict[str, Any]) -> dict[str, Any]:
    """The part of a resolved config that decides a run's numbers: model, task and fit."""
    return {
        group: {
            name: value
            for name, value in config[group].items()
            if name not in outside and not _neutral(group, name, value)
        }
        for group, outside in OUTSIDE.items()
    }


def _neutral(group: str, name: str, value: Any) -> bool:
    options = NEUTRAL.get(group, {})
    return name in options and value == options[name]


def run_key(config: dict[str, Any], *, data_sha256: str) -> str:
    """`<model>-<12 hex digits>`: the same for the same science, data and science version.

    Seed, device, folders, tracking, chunk size and diagnostics are left out.
    """
    payload = {**science(config), "data": data_sha256, "version": SCIENCE_VERSION}
    text = json.dumps(payload, sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{config['model']['name']}-{digest[:12]}"
