"""The check of factors and rows: their Jᵀv held against autograd's."""

import torch
from torch import Tensor

from .autograd import Jacobian, Key, real
from .capture import capture
from .function import ModuleFunction, evenly_spaced
from .matchers import Form

#: Points that the check looks at.
CHECKED_POINTS = 64
TOLERANCE = 1e-5


def check_against_autograd(
    function: ModuleFunction, x: Tensor, *, count: int
) -> tuple[float, list[str], list[Key]]:
    """‖J̃ᵀv − Jᵀv‖ / ‖Jᵀv‖ for one random v, J̃ by factors and rows and J by autograd.

    On at most 64 points, evenly spaced over x, and for one random sum of the `count` outputs.
    Autograd sees whatever the layer-wise identity leaves out: interacting samples, weights used
    elsewhere, randomness. Where the two agree for a random v, J̃ = J but for a chance of zero, and
    then all kernels are equal, too.

    Shapes: x (N, P) -> the difference; the layers that have factors or rows; the layer and name of
    every other trained parameter that the outputs depend on.
    """
    points = x[evenly_spaced(len(x), CHECKED_POINTS).to(x.device)]
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(count, 1, generator=generator, dtype=torch.float64)
    jacobian = Jacobian(function, points, outputs=outputs)
    v = torch.randn(jacobian.y.shape, generator=generator, dtype=torch.float64).to(jacobian.y)
    forms = capture(function, points, outputs=outputs)
    ours = gradients(forms, v)
    exact = jacobian.pull(v)
    layers = list(dict.fromkeys(form.layer for form in forms))
    rest = [key for key in exact if key not in ours]
    errors = [(ours[key] - exact[key].flatten()).norm() for key in ours if key in exact]
    errors += [ours[key].norm() for key in ours if key not in exact]
    scale = _norm([real(gradient) for gradient in exact.values()])
    return _norm(errors) / (scale or 1.0), layers, rest


def gradients(forms: list[Form], v: Tensor) -> dict[Key, Tensor]:
    """Jᵀv by factors and rows, by layer and parameter, each (its size,)."""
    parts: dict[Key, list[Tensor]] = {}
    for form in forms:
        for name, gradient in form.split(form.pull(v)).items():
            parts.setdefault((form.layer, name), []).append(gradient)
    return {key: torch.cat(own) for key, own in parts.items()}


def _norm(tensors: list[Tensor]) -> float:
    return sum(tensor.norm().item() ** 2 for tensor in tensors) ** 0.5
