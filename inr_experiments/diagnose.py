"""Diagnose any module: where along its layers the coordinates lose rank."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from .checks import InputError
from .hooks import hooked
from .models.batch_norm import freeze_statistics, norms
from .ntk.empirical import EmpiricalNtk
from .ntk.function import ModuleFunction, evenly_spaced
from .ranks.measures import rank_family
from .ranks.singular import singular_values

__all__ = ["diagnose"]

#: Directions are those above this part of the largest singular value.
TOLERANCE, TOLERANCE_TEXT = 1e-2, "1e-2"
#: An inlet that keeps a smaller part of its directions is called collapsed.
COLLAPSED_SHARE = 0.1


@dataclass(frozen=True)
class Stage:
    """One Linear layer and what follows it, up to the next Linear layer.

    Attributes:
        name: of the Linear layer.
        shape: (N, D) of its features Z, which the next Linear layer sees.
        singular_values: of Z, (min(N, D),), largest first.
        ranks: the rank family of Z by name.
        weight_shape, weight_ranks: the same of the layer's weights.
        constant_units: columns of Z with one value at all points.
    """

    name: str
    shape: tuple[int, int]
    singular_values: npt.NDArray[np.float64]
    ranks: dict[str, float]
    weight_shape: tuple[int, int]
    weight_ranks: dict[str, float]
    constant_units: int

    @property
    def kept(self) -> int:
        """Directions of Z above 1e-2 of the largest."""
        return int(self.ranks[f"rank_{TOLERANCE:g}"])

    @property
    def most(self) -> int:
        """Directions that Z has room for."""
        return min(self.shape)

    @property
    def weight_kept(self) -> int:
        """Directions of the weights above 1e-2 of the largest."""
        return int(self.weight_ranks[f"rank_{TOLERANCE:g}"])


@dataclass(frozen=True)
class Diagnosis:
    """The findings of `diagnose`; `str` of it is `text`.

    Attributes:
        stages: one for each Linear layer, in the order they run.
        text: one paragraph; every number and comparison in it is computed.
        module: the float64 copy that was measured.
        coordinates: (N, P) in float64.
    """

    stages: tuple[Stage, ...]
    text: str
    module: nn.Module
    coordinates: Tensor

    def __str__(self) -> str:
        return self.text

    @property
    def collapsed(self) -> bool:
        """True where the inlet keeps fewer than a tenth of its directions at 1e-2."""
        return self.stages[0].kept < COLLAPSED_SHARE * self.stages[0].most

    def ntk(self, *, points: int | None = 1024, **choices: Any) -> EmpiricalNtk:
        """The NTK at `points` evenly spaced coordinates, None for all of them.

        The choices are those of `EmpiricalNtk`: outputs, stage, method, memory.
        """
        count = len(self.coordinates)
        chosen = evenly_spaced(count, count if points is None else points)
        return EmpiricalNtk(self.module, self.coordinates[chosen], **choices)


def diagnose(module: nn.Module, coordinates: Tensor, *, freeze: bool = False) -> Diagnosis:
    """Ranks of every stage of any module, kernels on demand, and a paragraph in words.

    The module is copied to float64 and measured in the mode that it is in; it does not change.

    Shapes: coordinates (N, P); the module maps them to (N, C).

    Args:
        freeze: put BatchNorm in eval mode with the statistics of these coordinates. The features
            are those of train mode; the kernels become per-sample ones.

    Raises:
        InputError: for coordinates or a module that cannot be used.

    Source: section 3 of arXiv 2602.01526, with its numerical ranks replaced by a family.
    """
    function = ModuleFunction(module)
    function.linears()
    function.points(coordinates)  # refuses before anything is copied
    try:
        exact = deepcopy(module).double()
    except (RuntimeError, TypeError) as error:
        raise InputError(f"{type(module).__name__} cannot be copied: {error}") from error
    function = ModuleFunction(exact)
    reason = function.dropout()
    if reason is not None:
        raise InputError(f"{reason}; expected module.eval() first")
    x = function.points(coordinates)
    if freeze:
        freeze_statistics(exact, x)
    stages = _stages(function, x)
    return Diagnosis(stages, _text(stages, function), exact, x)


def _stages(function: ModuleFunction, x: Tensor) -> tuple[Stage, ...]:
    """Measure the features between the Linear layers while one forward pass runs.

    Before each Linear layer runs, the stage before it is closed and its own opened.
    """
    stages: list[Stage] = []
    pending: list[tuple[str, nn.Linear]] = []

    def close(Z: Tensor) -> None:
        if pending:
            name, linear = pending.pop()
            if Z.ndim != 2 or len(Z) != len(x):
                raise InputError(f"after layer {name!r}: shape {tuple(Z.shape)}; expected (N, D)")
            stages.append(_measured(name, linear, Z.detach()))

    def watch(name: str, linear: nn.Module, inputs: tuple) -> None:
        close(inputs[0])
        pending.append((name, linear))  # type: ignore[arg-type]

    with hooked(function.linears(), before=watch):
        close(function(x))
    return tuple(stages)


def _measured(name: str, linear: nn.Linear, Z: Tensor) -> Stage:
    sigma = singular_values(Z).cpu().numpy()
    W = linear.weight.detach()
    shape, weight_shape = (Z.shape[0], Z.shape[1]), (W.shape[0], W.shape[1])
    return Stage(
        name=name,
        shape=shape,
        singular_values=sigma,
        ranks=rank_family(sigma, shape, (1e-3, TOLERANCE)),
        weight_shape=weight_shape,
        weight_ranks=rank_family(singular_values(W).cpu().numpy(), weight_shape, (1e-3, TOLERANCE)),
        constant_units=int((Z[0] == Z).all(dim=0).sum()),
    )


def _text(stages: tuple[Stage, ...], function: ModuleFunction) -> str:
    """The paragraph."""
    inlet, hidden = stages[0], stages[1:-1]
    sentences = [_of_inlet(inlet, alone=len(stages) == 1)]
    if hidden:
        sentences += [_of_trunk(inlet, hidden), _of_weights(hidden)]
    normed = bool(norms(function.module))
    state = "of the batch" if function.interacts() else "frozen"
    note = f", BatchNorm statistics {state}" if normed else ""
    sentences.append(f"Measured in float64 on {_counted(inlet.shape[0], 'point')}{note}.")
    return " ".join(sentences)


def _of_inlet(inlet: Stage, *, alone: bool) -> str:
    share, percent = inlet.kept / inlet.most, f"{COLLAPSED_SHARE:.0%}"
    below = share < COLLAPSED_SHARE
    verdict = (
        f"fewer than {percent}: its rank has collapsed"
        if below
        else f"{percent} or more: its rank has not collapsed"
    )
    name = "only Linear layer" if alone else f"inlet ({inlet.name})"
    dead = inlet.constant_units
    constant = f"; {_counted(dead, 'unit')} of it constant" if dead else ""
    return (
        f"The {name} keeps {inlet.kept} of {_counted(inlet.most, 'direction')} at {TOLERANCE_TEXT} "
        f"({share:.1%}; stable rank {inlet.ranks['stable_rank']:.1f}, effective rank "
        f"{inlet.ranks['effective_rank']:.1f}), {verdict}{constant}."
    )


def _of_trunk(inlet: Stage, hidden: tuple[Stage, ...]) -> str:
    widest = max(hidden, key=lambda stage: stage.kept)
    narrowest = min(hidden, key=lambda stage: stage.kept)
    more = sum(stage.kept > inlet.kept for stage in hidden)
    found = f"{widest.kept} of {widest.most} ({widest.name})"
    if narrowest.kept < widest.kept:
        found += (
            f" at the most, {narrowest.kept} of {narrowest.most} ({narrowest.name}) at the least"
        )
    layers = _counted(len(hidden), "hidden layer")
    return f"Downstream {more} of {layers} keep{'s' * (more == 1)} more than the inlet: {found}."


def _of_weights(hidden: tuple[Stage, ...]) -> str:
    wider = [s for s in hidden if s.weight_kept / min(s.weight_shape) > s.kept / s.most]
    least = min(hidden, key=lambda s: s.weight_kept / min(s.weight_shape))
    return (
        f"In {len(wider)} of {_counted(len(hidden), 'hidden layer')} the weights keep a larger "
        f"part of their directions than the features do ({least.weight_kept} of "
        f"{min(least.weight_shape)} at the least)."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
