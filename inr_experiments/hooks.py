"""Forward hooks on named modules that are always removed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import nn


class HookError(Exception):
    """An error of a function that watches, set apart from those of what it watches."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


@contextmanager
def hooked(
    modules: Mapping[str, nn.Module],
    *,
    before: Callable[[str, nn.Module, tuple], Any] | None = None,
    after: Callable[[str, nn.Module, tuple, Any], Any] | None = None,
) -> Iterator[None]:
    """Call functions at every forward pass of some modules, for as long as the block runs.

    A value that a function returns takes the place of the module's inputs or of its result. An
    error of a function is a `HookError` inside the block and itself again outside.

    Args:
        modules: those to watch, by the name that the functions are told.
        before: called with name, module and inputs.
        after: called with name, module, inputs and result.
    """
    handles = []
    try:
        for name, module in modules.items():
            if before is not None:
                handles.append(module.register_forward_pre_hook(partial(_apart, before, name)))
            if after is not None:
                handles.append(module.register_forward_hook(partial(_apart, after, name)))
        yield
    except HookError as wrapped:
        raise wrapped.error from None
    finally:
        for handle in handles:
            handle.remove()


def _apart(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Exception as error:
        raise HookError(error) from error
