"""Provenance, which a number needs to be believed: code, versions, machine."""

import os
import platform
import subprocess
import sys
from datetime import datetime, timezone
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..paths import PACKAGE

PACKAGES = ("inr_experiments", "torch", "numpy", "hydra-core", "scikit-image", "pillow")


def provenance() -> dict[str, Any]:
    """Code, versions, machine and command behind a run."""
    return {
        **_unchanging(),
        "finished_utc": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
    }


@cache
def _unchanging() -> dict[str, Any]:
    return {
        "git": _git(),
        "versions": {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
        "platform": platform.platform(),
        **machine(),
    }


@cache
def machine() -> dict[str, Any]:
    """The processor by name, and the cores of it that may be used."""
    allowed = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if allowed else os.cpu_count()
    return {"processor": _processor(), "cores": cores}


def _git() -> dict[str, Any] | None:
    """Commit and dirtiness of the checkout that the package runs from; None outside one."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(PACKAGE), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        if not git("ls-files", "paths.py"):
            return None
        dirty = bool(git("status", "--porcelain", "--untracked-files=no"))
        return {"commit": git("rev-parse", "HEAD"), "dirty": dirty}
    except (OSError, subprocess.CalledProcessError):
        return None


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor()
