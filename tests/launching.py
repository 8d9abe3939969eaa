"""Starting commands as a user does."""

import contextlib
import importlib
import io
import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inr_experiments.sweep.compose import Repository
from inr_experiments.sweep.job import working_in

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

    from inr_experiments.experiment import Outcome

#: Gives processes that have imported torch and its compiler, which takes seconds.
WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload(["inr_experiments.experiment", "torch._dynamo"])

SMOKE = ("scale=smoke", "model.width=8", "fit.steps=4")


def inr(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    module: str = "launch",
    encoding: str = "utf-8",
) -> subprocess.CompletedProcess[str]:
    """Call a command of the package in `cwd`, in this process, which has imported torch already."""
    main = importlib.import_module(f"inr_experiments.cli.{module}").main
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding, newline="\n") for _ in range(2))
    code = 0
    with (
        pytest.MonkeyPatch.context() as patch,
        _as_new(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.chdir(cwd)
        patch.syspath_prepend(cwd)  # as of `python -c`
        for name, value in {"HYDRA_FULL_ERROR": "1", **(env or {})}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["inr", *arguments])
        # Half of a call: Hydra reads all files, and composes, a second time to ask for hydra.mode.
        patch.setattr("hydra._internal.config_loader_impl.ConfigRepository", Repository)
        patch.setattr("hydra._internal.hydra.Hydra.get_mode", lambda *_, **__: None)
        try:
            main() if module == "launch" else main(list(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue().decode(encoding))
    return subprocess.CompletedProcess(arguments, code, *said)


def started(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `inr` in a process of its own, which takes seconds to import torch."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )


def begun(*arguments: str, cwd: Path, said: Path) -> "ForkServerProcess":
    """Begin `inr` in a process of its own, and of a session of its own, which writes to `said`."""
    process = WARM.Process(target=_say_all, args=(arguments, cwd, said))
    with pytest.MonkeyPatch.context() as patch:
        # Of OpenMP's threads a fork has none, and would wait for them.
        patch.setenv("OMP_NUM_THREADS", "1")
        process.start()
    return process


def _say_all(arguments: tuple[str, ...], cwd: Path, said: Path) -> None:
    from inr_experiments.cli.launch import main

    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell started this
    os.chdir(cwd)
    sys.argv = ["inr", *arguments]
    sys.stdout = sys.stderr = said.open("w", buffering=1, encoding="utf-8")
    main()


def command(*arguments: str, module: str = "launch") -> list[str]:
    start = f"from inr_experiments.cli.{module} import main; main()"
    return [sys.executable, "-c", start, *arguments]


def records(folder: Path) -> list[dict]:
    """Of all finished runs in `o` of a folder."""
    paths = sorted((folder / "o/runs").glob("*/seed-*[0-9]/record.json"))
    return [json.loads(path.read_text()) for path in paths]


def fit(*overrides: str, cwd: Path) -> "Outcome":
    """Do a run in `cwd`, or find it done, in this process."""
    from inr_experiments.experiment import execute
    from inr_experiments.sweep.arguments import ready
    from tests.fields import cfg_of

    with working_in(str(cwd)):
        outcome = execute(cfg_of(*ready(overrides)))
    assert outcome.status == "done"
    return outcome


@contextlib.contextmanager
def _as_new(cwd: Path) -> Iterator[None]:
    """Undo what Hydra does to the root logger, and forget the modules of `cwd`."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:], root.level = handlers, level
        own = f"{cwd}{os.sep}"
        for name, module in list(sys.modules.items()):
            if (getattr(module, "__file__", None) or "").startswith(own):
                del sys.modules[name]
