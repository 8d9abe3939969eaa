"""The check of factors and rows: their Jᵀv held against autograd's."""

from typing import NamedTuple

import torch
from torch import Tensor

from ..domain import evenly_spaced
from .autograd import Jacobian, Key, real
from .capture import capture
from .factors import Factors
from .function import ModuleFunction
from .matchers import Form

#: Points that the check looks at.
CHECKED_POINTS = 64
TOLERANCE = 1e-5


class Check(NamedTuple):
    """The findings of `check_against_autograd`.

    Attributes:
        difference: ‖J̃ᵀv − Jᵀv‖ / ‖Jᵀv‖; None where nothing was checked.
        outputs: how many the function has.
        layers: those that have factors or rows, in module order.
        rest: layer and name of every other trained parameter that the outputs depend on.
        inputs, sensitivities: numbers that a point takes once, and for each output.
    """

    difference: float | None
    outputs: int
    layers: tuple[str, ...]
    rest: tuple[Key, ...]
    inputs: float = 0
    sensitivities: float = 0


def check_against_autograd(function: ModuleFunction, x: Tensor) -> Check:
    """Hold J̃ᵀv, J̃ by factors and rows, against Jᵀv by autograd, for one random v.

    On at most 64 points, evenly spaced over x, and a random sum of the outputs. Autograd sees
    whatever the layer-wise identity leaves out: interacting samples, weights used elsewhere,
    randomness. Where the two agree for a random v, J̃ = J but for a chance of zero, and then all
    kernels are equal, too.

    Shapes: x (N, P).
    """
    points = x[evenly_spaced(len(x), CHECKED_POINTS).to(x.device)]
    jacobian = Jacobian(function, points)
    generator = torch.Generator().manual_seed(0)
    count = jacobian.y.shape[1]
    v = torch.randn(len(points), 1, generator=generator, dtype=torch.float64).to(jacobian.y)
    sums = torch.randn(count, 1, generator=generator, dtype=torch.float64).to(jacobian.y)
    exact = jacobian.pull(v @ sums.T)
    forms = capture(function, points, outputs=sums)
    ours = gradients(forms, v)
    errors = [(ours[key] - exact[key].flatten()).norm() for key in ours if key in exact]
    errors += [ours[key].norm() for key in ours if key not in exact]
    scale = _norm([real(gradient) for gradient in exact.values()])
    layers = tuple(dict.fromkeys(form.layer for form in forms))
    rest = tuple(key for key in exact if key not in ours)
    held = [_sizes(form) for form in forms]
    once, each = (sum(sizes[i] for sizes in held) / len(points) for i in (0, 1))
    return Check(_norm(errors) / (scale or 1.0), count, layers, rest, once, each)


def _sizes(form: Form) -> tuple[int, int]:
    """Numbers that a layer holds at one output: those of its inputs, and the others."""
    if isinstance(form, Factors):
        return form.inputs.numel(), form.sensitivities.numel()
    return 0, 3 * form.rows._nnz() if form.rows.is_sparse else form.rows.numel()


def gradients(forms: list[Form], v: Tensor) -> dict[Key, Tensor]:
    """Jᵀv by factors and rows, by layer and parameter, each (its size,)."""
    parts: dict[Key, list[Tensor]] = {}
    for form in forms:
        for name, gradient in form.split(form.pull(v)).items():
            parts.setdefault((form.layer, name), []).append(gradient)
    return {key: torch.cat(own) for key, own in parts.items()}


def _norm(tensors: list[Tensor]) -> float:
    return sum(tensor.norm().item() ** 2 for tensor in tensors) ** 0.5
