"""A module's own forward pass, and whose error it is that comes out of it."""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import CheckpointFunction

from ..checks import InputError
from ..hooks import HookError


def forward(module: nn.Module, x: Tensor, buffers: Mapping[str, Tensor] | None = None) -> Any:
    """Call a module, with other buffers where they are given. Shapes: x (N, P).

    Raises:
        InputError: for whatever goes wrong in the module; an error of ours is left as it is.
    """
    try:
        with _kept_graph():
            if buffers is None:
                return module(x)
            return torch.func.functional_call(module, dict(buffers), (x,))
    except (InputError, HookError):
        raise
    except Exception as error:
        raise user_error(module, x, error) from error


@contextmanager
def _kept_graph() -> Iterator[None]:
    """Run reentrant checkpoints as plain calls: autograd takes no derivatives by parameters there.

    Memory is not saved; the values are the same.
    """
    plain = staticmethod(lambda run, _preserve, *inputs: run(*inputs))
    CheckpointFunction.apply = plain  # type: ignore[method-assign]
    try:
        yield
    finally:
        with suppress(AttributeError):  # of another thread that was here meanwhile
            del CheckpointFunction.apply


def user_error(module: nn.Module, x: Tensor, error: Exception) -> InputError:
    """A failure of a module's own forward as one sentence. Shapes: x (N, P)."""
    says = f": {str(error).splitlines()[0]}" if str(error) else ""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not _is_foreign(f.filename)]
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    if "indices" in says:
        where += "; coordinates come as floats, so that an Embedding needs .long() before it"
    return InputError(
        f"{type(module).__name__} fails on coordinates of shape {tuple(x.shape)}: "
        f"{type(error).__name__}{says}{where}; INR_DEBUG=1 shows the traceback"
    )


def _is_foreign(file: str) -> bool:
    """True for a file that is not the user's: PyTorch's, or ours but for our models."""
    ours, torchs = Path(__file__).parents[1], Path(torch.__file__).parent
    path = Path(file)
    own = path.is_relative_to(ours) and not path.is_relative_to(ours / "models")
    return own or path.is_relative_to(torchs)
