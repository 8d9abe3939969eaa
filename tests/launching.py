"""Starting the launcher as a user does, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SMOKE = ("scale=smoke", "model.width=8", "fit.steps=4")


def inr(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, module: str = "launch"
) -> subprocess.CompletedProcess[str]:
    """Run a command of the package in `cwd`."""
    return subprocess.run(
        command(*arguments, module=module),
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )


def command(*arguments: str, module: str = "launch") -> list[str]:
    start = f"from inr_experiments.cli.{module} import main; main()"
    return [sys.executable, "-c", start, *arguments]
