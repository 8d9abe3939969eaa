"""What every command does with an error: one sentence on stderr and an exit code."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from ..checks import InputError


class JobFailedError(RuntimeError):
    """A run failed, as its record or launch folder says."""


@contextmanager
def door(command: str) -> Iterator[None]:
    """Turn what went wrong inside the block into one sentence and an exit code.

    2 for what the user can mend, 1 for a failed run, 130 for Ctrl-C. `INR_DEBUG=1` shows the
    traceback instead.
    """
    try:
        yield
    except KeyboardInterrupt:
        print(
            f"\n{command}: stopped; finished runs are kept, the same command goes on",
            file=sys.stderr,
        )
        sys.exit(130)
    except Exception as error:
        if os.environ.get("INR_DEBUG") == "1":
            raise
        print(f"{command}: {sentence(error)}", file=sys.stderr)
        usual = InputError | HydraException | OmegaConfBaseException
        sys.exit(2 if isinstance(error, usual) else 1)


def sentence(error: Exception) -> str:
    """An error as one line."""
    if isinstance(error, InputError | JobFailedError):
        return str(error)
    if isinstance(error, HydraException | OmegaConfBaseException):
        lines = [line.strip() for line in str(error).splitlines()]
        return "; ".join(line for line in lines if line)
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"unexpected {type(error).__name__}: {error} ({where.filename}:{where.lineno}); "
        "INR_DEBUG=1 shows the traceback"
    )
