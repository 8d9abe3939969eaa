"""Starting commands as a user does."""

import contextlib
import importlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

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


def _called(arguments: tuple[str, ...], cwd: Path, module: str) -> subprocess.CompletedProcess[str]:
    main = importlib.import_module(f"inr_experiments.cli.{module}").main
    out, err, before, code = io.StringIO(), io.StringIO(), Path.cwd(), 0
    os.chdir(cwd)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(list(arguments))
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os.chdir(before)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())
