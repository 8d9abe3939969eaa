"""A checked request for a kernel: whose, where, of which outputs, by which method."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from ..checks import InputError, choice
from ..domain import evenly_spaced
from .autograd import Jacobian, Key
from .capture import capture
from .check import CHECKED_POINTS, TOLERANCE, Check, check_against_autograd
from .function import ModuleFunction, dropout, interaction, resolve_outputs
from .matchers import Form

METHODS = ("auto", "identity", "jacobian")
#: Outputs of a trace that are captured at a time.
GROUP = 16


@dataclass(frozen=True)
class KernelRequest:
    """A kernel as it is to be computed.

    Attributes:
        function: the output whose kernel is meant.
        x: points, (N, P).
        outputs: indices of the outputs meant.
        blocks: all pairs of outputs instead of their trace.
        layers: those by factors and rows, in module order.
        rest: layer and name of the parameters by Jacobian.
        method: a phrase for people.
        difference: measured by the check against autograd; None where all goes by Jacobian.
        inputs, sensitivities: numbers that factors and rows hold a point, and a point and output.
    """

    function: ModuleFunction
    x: Tensor
    outputs: tuple[int, ...]
    blocks: bool
    layers: tuple[str, ...]
    rest: tuple[Key, ...]
    method: str
    difference: float | None
    inputs: float
    sensitivities: float

    @staticmethod
    def resolve(
        module: nn.Module, x: Tensor, *, outputs: int | str, stage: str | None, method: str
    ) -> KernelRequest:
        """Check a request and pick its method; the arguments are those of `EmpiricalNtk`.

        Raises:
            InputError: for whatever cannot be used, and where the identity is asked for and does
                not cover the module.
        """
        choice("method", method, METHODS)
        function = ModuleFunction(module, stage)
        if (random := dropout(module)) is not None:
            raise InputError(f"{random}; expected module.eval() first")
        x = function.points(x)
        reason = interaction(module)
        check = Check(None, 0, (), ())
        if method != "jacobian" and reason is None:
            check = check_against_autograd(function, x)
            reason = _unequal(check)
        if method == "identity" and (reason or check.rest):
            raise InputError(
                f"{reason or _uncovered(function, check.rest[0])}; expected method='jacobian', "
                "exact for such a module"
            )
        if reason or not check.layers:
            check = _whole(function, x)
            phrase = "full-batch Jacobian" + (f", as {reason}" if reason else "")
        else:
            phrase = _phrase(function, check.rest)
        indices = tuple(resolve_outputs(outputs, check.outputs))
        difference, _, layers, rest, *sizes = check
        blocks = outputs == "blocks"
        return KernelRequest(function, x, indices, blocks, layers, rest, phrase, difference, *sizes)

    def captured(self) -> Iterator[list[Form]]:
        """Factors and rows at the points: all outputs for blocks, else groups of them as one."""
        if not self.layers:
            return
        size = len(self.outputs) if self.blocks else GROUP
        for start in range(0, len(self.outputs), size):
            group = self.outputs[start : start + size]
            forms = capture(self.function, self.x, outputs=group, layers=self.layers)
            yield forms if self.blocks else [form.traced() for form in forms]

    def jacobian(self) -> Jacobian | None:
        """The Jacobian by the rest of the parameters, or None where there is no rest."""
        if not self.rest:
            return None
        return Jacobian(self.function, self.x, outputs=self.outputs, skip=self.layers)


def dotted(key: Key) -> str:
    """A parameter's full name."""
    return ".".join(part for part in key if part)


def _whole(function: ModuleFunction, x: Tensor) -> Check:
    """All by Jacobian, without a check; where samples interact a few of them will not do."""
    few = (
        x if interaction(function.module) else x[evenly_spaced(len(x), CHECKED_POINTS).to(x.device)]
    )
    jacobian = Jacobian(function, few)
    return Check(None, jacobian.y.shape[1], (), tuple(jacobian.sizes))


def _phrase(function: ModuleFunction, rest: tuple[Key, ...]) -> str:
    phrase = "layer-wise identity"
    if function.frozen_statistics():
        phrase += ", BatchNorm statistics frozen"
    if rest:
        phrase += f", full-batch Jacobian for {', '.join(map(dotted, rest))}"
    return phrase


def _unequal(check: Check) -> str | None:
    difference = check.difference
    if difference is None or difference <= TOLERANCE:  # NaN is not
        return None
    return (
        f"the layer-wise identity differs from autograd by {difference:.1e}, above {TOLERANCE:g}, "
        "for a reason that is not known: samples may interact"
    )


def _uncovered(function: ModuleFunction, key: Key) -> str:
    """A sentence on why a parameter has no cheaper form."""
    layer, name = key
    kind = type(function.module.get_submodule(layer)).__name__
    other = function.shared().get(layer)
    if other is not None:
        return f"{layer!r} and {other!r} share a trained parameter"
    if not layer or kind not in nn.__dict__:
        return f"{kind} {layer!r} holds a trained parameter of its own, {name!r}"
    return f"{kind} {layer!r} is of no kind, or sees no shape, that the layer-wise identity covers"
