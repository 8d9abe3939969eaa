"""A network in a user's own file, diagnosed: paragraph, table and figure."""

import re
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from operator import attrgetter
from pathlib import Path

import torch
from torch import Tensor, nn

from .. import files
from ..building import within_package
from ..checks import ArgumentError, InputError
from ..diagnose import diagnose

#: A module of Python, and what in it makes a network.
NAME = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def diagnose_network(name: str, points: str, output: str | None, trusted: Sequence[str]) -> None:
    """Print the diagnosis of a network, and leave its figure in the current folder.

    Args:
        name: MODULE:FACTORY; the factory is called without arguments, or is the network itself.
        points: a grid over [-1, 1]^P, as `64x64`.
        output: key or index of the output meant, where there are several.
        trusted: packages that may be imported.

    Raises:
        InputError: if the module is not trusted, or there is no network of that name.
    """
    coordinates = grid(points)
    chosen = int(output) if output is not None and re.fullmatch(r"-?\d+", output) else output
    found = diagnose(made(name, trusted), coordinates, output=chosen)
    print(found, found.table().T.to_string(header=False), sep="\n\n")
    path = Path(f"{name.replace(':', '-')}.png")
    files.write(path, partial(found.plot().savefig, format="png", dpi=150))
    print(path)


def made(name: str, trusted: Sequence[str]) -> nn.Module:
    """The network that MODULE:FACTORY names; modules of the current folder are found."""
    module, _, factory = name.partition(":")
    if not any(within_package(module, package) for package in trusted):
        package = module.partition(".")[0]
        raise InputError(
            f"{name}: {module} is not trusted; if it is yours, allow it with 'trusted=[{package}]'"
        )
    sys.path.insert(0, str(Path.cwd()))
    try:
        network = attrgetter(factory)(import_module(module))
        if not isinstance(network, nn.Module):
            network = network()
    except (Exception, SystemExit) as error:
        says = f"{type(error).__name__}: {error}".splitlines()[0]
        raise InputError(f"{name}: {says}; INR_DEBUG=1 shows the traceback") from error
    finally:
        sys.path.remove(str(Path.cwd()))
    if not isinstance(network, nn.Module):
        raise InputError(f"{name} made a {type(network).__name__}; expected a torch.nn.Module")
    return network


def grid(points: str) -> Tensor:
    """Coordinates on an even grid over [-1, 1]^P. Shapes: `64x32` -> (2048, 2)."""
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)*", points):
        raise ArgumentError(f"points={points!r}: expected a grid such as 64x64")
    axes = [torch.linspace(-1, 1, int(count)) for count in points.split("x")]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).flatten(0, -2)
