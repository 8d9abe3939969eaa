"""The one guard of the layer-wise identity: K v held against J(Jᵀv)."""

import math

import torch
from torch import Tensor

from ..checks import InputError
from .autograd import Jacobian
from .capture import capture
from .function import Output, spread
from .matrix_free import product

#: Points the guard looks at, and outputs of many.
POINTS, OUTPUTS = 64, 4
TOLERANCE = 1e-5


def guard(output: Output, x: Tensor, *, count: int) -> float:
    """‖K v − J(Jᵀv)‖ / ‖J(Jᵀv)‖ for one random v, K by the layer-wise identity.

    On at most 64 points, evenly spread over x, and at most 4 of the `count` outputs. Autograd
    sees whatever the identity leaves out: interacting samples, shared layers, trained parameters
    elsewhere, randomness.

    Shapes: x (N, P).

    Raises:
        InputError: above 1e-5, with the reason where it is known and the call that works.
    """
    points = x[spread(len(x), POINTS).to(x.device)]
    outputs = spread(count, OUTPUTS).tolist()
    jacobian = Jacobian(output, points, outputs=outputs)
    draw = torch.Generator().manual_seed(0)
    v = torch.randn(jacobian.y.shape, generator=draw, dtype=torch.float64).to(jacobian.y)
    exact = jacobian.push(jacobian.pull(v))
    ours = torch.zeros_like(v)
    for layer in capture(output, points, outputs=outputs):
        ours += product(layer, v)
    scale = exact.norm().item()
    difference = (ours - exact).norm().item() / (scale if scale > 0 else 1.0)
    if not math.isfinite(difference) or difference > TOLERANCE:
        reason = output.uncovered() or "for a reason that is not known"
        raise InputError(
            f"the layer-wise identity differs from autograd by {difference:.1e}, above "
            f"{TOLERANCE:g}: {reason}; expected method='jacobian', exact for such a module"
        )
    return difference
