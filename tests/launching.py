"""Starting commands as a user does."""

import contextlib
import importlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inr_experiments.sweep.job import working_in

if TYPE_CHECKING:
    from inr_experiments.experiment import Outcome

SMOKE = ("scale=smoke", "model.width=8", "fit.steps=4")


def inr(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, module: str = "launch"
) -> subprocess.CompletedProcess[str]:
    """Run a command of the package in `cwd`.

    The launcher has a process of its own. The others are called in this one, which has imported
    torch already.
    """
    if module != "launch" and env is None:
        return _called(arguments, cwd, module)
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


def fit(*overrides: str, cwd: Path) -> "Outcome":
    """Do a run in `cwd`, or find it done, in this process."""
    from inr_experiments.experiment import execute
    from inr_experiments.sweep.arguments import ready
    from inr_experiments.sweep.compose import configs

    with working_in(str(cwd)):
        (cfg,) = configs(ready(overrides))
        outcome = execute(cfg)
    assert outcome.status == "done"
    return outcome


def _called(arguments: tuple[str, ...], cwd: Path, module: str) -> subprocess.CompletedProcess[str]:
    main = importlib.import_module(f"inr_experiments.cli.{module}").main
    out, err, code = io.StringIO(), io.StringIO(), 0
    with working_in(str(cwd)), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(list(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())
