"""The function whose kernels and Jacobians are asked for: a module's output, or a stage's."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..checks import ArgumentError, InputError, integer, nearest
from ..hooks import hooked
from .forward import forward

BATCH_NORM = nn.modules.batchnorm._BatchNorm
#: Precisions that kernels are taken in, those of complex parameters beside them.
PRECISIONS = {
    torch.float32: torch.float32,
    torch.float64: torch.float64,
    torch.complex64: torch.float32,
    torch.complex128: torch.float64,
}


class ModuleFunction:
    """The output of `module`, or of its submodule `stage`, as a function of trained parameters.

    The module is used as it stands: in its mode, its precision, on its device. Its buffers do not
    change, not even where BatchNorm in train mode would update them.

    Args:
        module: any module that maps (N, P), or samples (N, ...), to one tensor (N, C), or (N,)
            for C = 1.
        stage: name of a submodule whose output is meant instead, as `named_modules` has it.

    Raises:
        InputError: if nothing is trained, the precision is below float32, or the stage does not
            exist.
    """

    def __init__(self, module: nn.Module, stage: str | None = None) -> None:
        if not isinstance(module, nn.Module):
            name = getattr(module, "__name__", type(module).__name__)
            raise InputError(f"module {name}: expected a torch.nn.Module, built")
        names = dict(module.named_modules())
        if stage is not None and (stage == "" or stage not in names):
            raise ArgumentError(
                f"stage={stage!r}: expected the name of a submodule{nearest(stage, names)}"
            )
        trained = [p for p in module.parameters() if p.requires_grad]
        if not trained:
            state = "only frozen" if any(True for _ in module.parameters()) else "no"
            raise InputError(f"{_kind(module)} has {state} parameters; expected a trained one")
        self.device = trained[0].device
        if trained[0].dtype not in PRECISIONS:
            raise InputError(
                f"{_kind(module)} holds {trained[0].dtype}; expected float32 or float64, as by "
                ".float()"
            )
        self.dtype = PRECISIONS[trained[0].dtype]
        self.module = module
        self.stage = stage

    def points(self, coordinates: Tensor) -> Tensor:
        """The coordinates, or samples of any shape, on the module's device in its precision.

        Shapes: (N, P), or (N, ...) as of patches or pictures -> the same.

        Raises:
            InputError: if they are no such tensor, N ≥ 1, of finite numbers.
        """
        if not isinstance(coordinates, Tensor) or coordinates.ndim < 2 or not len(coordinates):
            shape = tuple(getattr(coordinates, "shape", ())) or type(coordinates).__name__
            raise InputError(
                f"coordinates of shape {shape}: expected (N, P), or samples (N, ...), with N of at "
                "least 1"
            )
        x = dense(coordinates).detach().to(device=self.device, dtype=self.dtype)
        if not x.isfinite().all():
            raise InputError("coordinates hold NaN or infinity; expected finite numbers")
        return x

    def __call__(self, x: Tensor) -> Tensor:
        """The values at all points at once, with gradient. Shapes: (N, P) -> (N, C)."""
        seen: list[Any] = []

        def keep(_name: str, _module: nn.Module, _inputs: tuple, result: Any) -> Any:
            seen.append(result)
            # An in-place operation downstream would overwrite the result: give it a copy.
            return result.clone() if isinstance(result, Tensor) else result

        watched = {} if self.stage is None else {self.stage: self.module.get_submodule(self.stage)}
        with torch.enable_grad(), hooked(watched, after=keep):
            y = self._forward(x)
        if self.stage is not None:
            if len(seen) != 1:
                raise InputError(f"stage={self.stage!r} ran {len(seen)} times; expected once")
            y = seen[0]
        return self._matrix(y, len(x))

    def _forward(self, x: Tensor) -> Any:
        if not any(m.training for m in self.module.modules()):
            return forward(self.module, x)
        # Copies take the updates that a forward in train mode makes to running statistics.
        buffers = {name: b.clone() for name, b in self.module.named_buffers()}
        return forward(self.module, x, buffers)

    def _matrix(self, y: Any, points: int) -> Tensor:
        where = _kind(self.module) if self.stage is None else f"stage {self.stage!r}"
        if not isinstance(y, Tensor):
            raise InputError(
                f"{where} returned a {type(y).__name__}; expected one tensor (N, C)"
                + " or, for diagnose, output= with the one meant" * (self.stage is None)
            )
        if y.ndim == 1:
            y = y[:, None]
        if y.ndim != 2 or len(y) != points:
            raise InputError(
                f"{where} returned shape {tuple(y.shape)} for {points} points; expected (N, C)"
            )
        if y.is_complex():
            raise InputError(f"{where} returned {y.dtype}; expected real values")
        if not y.isfinite().all():
            raise InputError(f"{where} returned NaN or infinity; expected finite values")
        if not y.requires_grad:
            raise InputError(f"{where} depends on no trained parameter; expected one that it does")
        return y

    def trained(self) -> dict[str, dict[str, nn.Parameter]]:
        """Trained parameters by owning module and name, each parameter once, in module order.

        The module itself has the name "".
        """
        found: dict[str, dict[str, nn.Parameter]] = {}
        known: set[int] = set()
        for layer, owner in self.module.named_modules():
            for name, parameter in owner.named_parameters(recurse=False):
                if parameter.requires_grad and id(parameter) not in known:
                    known.add(id(parameter))
                    found.setdefault(layer, {})[name] = parameter
        return found

    def frozen_statistics(self) -> bool:
        """True where a BatchNorm stands in eval mode, with statistics that are constants."""
        batch_norm = any(isinstance(m, BATCH_NORM) for m in self.module.modules())
        return batch_norm and interaction(self.module) is None

    def shared(self) -> dict[str, str]:
        """Modules that hold a trained parameter of another module, and that module, by name."""
        owners: dict[int, list[str]] = {}
        for name, m in self.module.named_modules():
            for parameter in m.parameters(recurse=False):
                if parameter.requires_grad and name not in owners.setdefault(id(parameter), []):
                    owners[id(parameter)].append(name)
        groups = [names for names in owners.values() if len(names) > 1]
        return {name: next(n for n in names if n != name) for names in groups for name in names}


def dense(coordinates: Tensor) -> Tensor:
    """The coordinates, which are no sparse tensor and have values; else an `InputError`."""
    if coordinates.layout != torch.strided or coordinates.is_meta:
        kind = "on the meta device" if coordinates.is_meta else f"in {coordinates.layout}"
        raise InputError(f"coordinates {kind}: expected a dense tensor with values")
    return coordinates


def interaction(module: nn.Module) -> str | None:
    """Why a row of a module's output depends on other rows, or None where that is not known."""
    for name, m in module.named_modules():
        if isinstance(m, BATCH_NORM) and (m.training or m.running_mean is None):
            return f"BatchNorm {name!r} normalises by the batch, so that samples interact"
    for m in module.modules():
        if getattr(m, "couples_samples", False) is True:
            return f"{_kind(m)} says by couples_samples that samples interact"
    return None


def dropout(module: nn.Module) -> str | None:
    """Why a module is another function at every call, or None where that is not known."""
    for name, m in module.named_modules():
        if isinstance(m, nn.modules.dropout._DropoutNd) and m.training and m.p > 0:
            return f"dropout {name!r} in train mode draws another function at every call"
    return None


def resolve_outputs(outputs: int | str, count: int) -> Sequence[int]:
    """Indices of the outputs meant: one, or all for `trace` and `blocks`.

    Raises:
        InputError: if the output does not exist.
    """
    if outputs in ("trace", "blocks"):
        return range(count)
    if isinstance(outputs, str) or integer("outputs", outputs, least=0) >= count:
        raise InputError(
            f"outputs={outputs!r}: expected trace, blocks or an index from 0 to {count - 1}"
        )
    return (outputs,)


def _kind(module: nn.Module) -> str:
    return type(module).__name__
