"""Commands of the suite in processes of their own, timed."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path


def timed(
    *words: str, cwd: Path, command: str = "launch", env: Mapping[str, str] | None = None
) -> tuple[float, float]:
    """Wall seconds and processor seconds of one command, children included."""
    start = f"from inr_experiments.cli.{command} import main; main()"
    before, started = _children(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", start, *words],
        cwd=cwd, env={**os.environ, **(env or {})}, check=True, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - started, _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
