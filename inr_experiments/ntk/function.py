"""The function whose kernels and Jacobians are asked for: a module's output, or a stage's."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..checks import InputError, integer, nearest

#: Layers whose per-sample gradient has a closed form: of a product, and of an elementwise scale.
SCALES = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm)
COVERED = (nn.Linear, *SCALES)


class Output:
    """The output of `module`, or of its submodule `stage`, as a function of trained parameters.

    The module is used as it stands: in its mode, its precision, on its device. Its buffers do not
    change, not even where BatchNorm in train mode would update them.

    Args:
        module: any module that maps (N, P) to one tensor (N, C), or (N,) for C = 1.
        stage: name of a submodule whose output is meant instead, as `named_modules` has it.

    Raises:
        InputError: if there is no Linear layer, nothing is trained, the precision is below
            float32, or the stage does not exist.
    """

    def __init__(self, module: nn.Module, stage: str | None = None) -> None:
        names = dict(module.named_modules())
        if stage is not None and (stage == "" or stage not in names):
            raise InputError(
                f"stage={stage!r}: expected the name of a submodule{nearest(stage, names)}"
            )
        linears = [m for m in names.values() if isinstance(m, nn.Linear)]
        if not linears:
            raise InputError(f"{_kind(module)} has no Linear layer; expected one or more")
        if not any(p.requires_grad for p in module.parameters()):
            raise InputError(f"{_kind(module)} has only frozen parameters; expected a trained one")
        self.dtype, self.device = linears[0].weight.dtype, linears[0].weight.device
        if self.dtype not in (torch.float32, torch.float64):
            raise InputError(
                f"{_kind(module)} holds {self.dtype}; expected float32 or float64, as by .float()"
            )
        self.module = module
        self.stage = stage

    def points(self, coordinates: Tensor) -> Tensor:
        """The coordinates on the module's device and in its precision.

        Shapes: (N, P) -> (N, P).

        Raises:
            InputError: if they are no (N, P) tensor, N ≥ 1, of finite numbers.
        """
        if not isinstance(coordinates, Tensor) or coordinates.ndim != 2 or not len(coordinates):
            shape = tuple(getattr(coordinates, "shape", ())) or type(coordinates).__name__
            raise InputError(f"coordinates of shape {shape}: expected (N, P) with N of at least 1")
        x = coordinates.detach().to(device=self.device, dtype=self.dtype)
        if not x.isfinite().all():
            raise InputError("coordinates hold NaN or infinity; expected finite numbers")
        return x

    def __call__(self, x: Tensor) -> Tensor:
        """The values at all points at once, with gradient. Shapes: (N, P) -> (N, C)."""
        seen: list[Any] = []
        hooks = []
        if self.stage is not None:
            hooks.append(self.module.get_submodule(self.stage).register_forward_hook(keeper(seen)))
        try:
            with torch.enable_grad():
                y = self._forward(x)
        finally:
            for hook in hooks:
                hook.remove()
        if self.stage is not None:
            if len(seen) != 1:
                raise InputError(f"stage={self.stage!r} ran {len(seen)} times; expected once")
            y = seen[0]
        return self._matrix(y, len(x))

    def _forward(self, x: Tensor) -> Any:
        try:
            if not self.module.training:
                return self.module(x)
            # Copies take the updates that a forward in train mode makes to running statistics.
            buffers = {name: b.clone() for name, b in self.module.named_buffers()}
            return torch.func.functional_call(self.module, buffers, (x,))
        except InputError:
            raise
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(
                f"{_kind(self.module)} takes no coordinates of shape {tuple(x.shape)}: {reason}"
            ) from error

    def _matrix(self, y: Any, points: int) -> Tensor:
        where = _kind(self.module) if self.stage is None else f"stage {self.stage!r}"
        if not isinstance(y, Tensor):
            raise InputError(f"{where} returned a {type(y).__name__}; expected one tensor (N, C)")
        if y.ndim == 1:
            y = y[:, None]
        if y.ndim != 2 or len(y) != points:
            raise InputError(
                f"{where} returned shape {tuple(y.shape)} for {points} points; expected (N, C)"
            )
        if not y.isfinite().all():
            raise InputError(f"{where} returned NaN or infinity; expected finite values")
        if not y.requires_grad:
            raise InputError(f"{where} depends on no trained parameter; expected one that it does")
        return y

    def trained(self) -> dict[str, dict[str, nn.Parameter]]:
        """Trained parameters by owning module and name, each parameter once, in module order."""
        found: dict[str, dict[str, nn.Parameter]] = {}
        known: set[int] = set()
        for layer, owner in self.module.named_modules():
            for name, parameter in owner.named_parameters(recurse=False):
                if parameter.requires_grad and id(parameter) not in known:
                    known.add(id(parameter))
                    found.setdefault(layer, {})[name] = parameter
        return found

    def interacts(self) -> str | None:
        """Why a row of the output is known to depend on other rows, or None where it is not."""
        for name, m in self.module.named_modules():
            if isinstance(m, nn.modules.batchnorm._BatchNorm) and (
                m.training or m.running_mean is None
            ):
                return f"BatchNorm {name!r} normalises by the batch, so that samples interact"
        return None

    def frozen_statistics(self) -> bool:
        """True where a BatchNorm stands in eval mode, with statistics that are constants."""
        return self.interacts() is None and any(
            isinstance(m, nn.modules.batchnorm._BatchNorm) for m in self.module.modules()
        )

    def dropout(self) -> str | None:
        """Why the function is another one at every call, or None where that is not known."""
        for name, m in self.module.named_modules():
            if isinstance(m, nn.modules.dropout._DropoutNd) and m.training and m.p > 0:
                return f"dropout {name!r} in train mode draws another function at every call"
        return None

    def uncovered(self) -> str | None:
        """A sentence on what of this module breaks the layer-wise identity, or None."""
        owners: dict[int, str] = {}
        for name, m in self.module.named_modules():
            for parameter in m.parameters(recurse=False):
                if not parameter.requires_grad:
                    continue
                if not isinstance(m, COVERED):
                    return f"{_kind(m)} {name!r} holds a trained parameter of its own"
                if owners.setdefault(id(parameter), name) != name:
                    return f"{owners[id(parameter)]!r} and {name!r} share a trained parameter"
        return self.interacts()


def keeper(seen: list[Any]) -> Any:
    """A forward hook that keeps a module's output and passes a copy on.

    The copy takes what an in-place operation downstream does to it.
    """

    def hook(_module: nn.Module, _inputs: tuple, output: Any) -> Any:
        seen.append(output)
        return output.clone() if isinstance(output, Tensor) else output

    return hook


def chosen(outputs: int | str, count: int) -> Sequence[int]:
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


def spread(count: int, most: int) -> Tensor:
    """At most `most` of the indices 0 … count − 1, evenly spread, both ends among them."""
    if most >= count:
        return torch.arange(count)
    return torch.linspace(0, count - 1, most, dtype=torch.float64).round().long()


def _kind(module: nn.Module) -> str:
    return type(module).__name__
