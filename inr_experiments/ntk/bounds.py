"""Ranks of gradient matrices and what bounds them: the layer-wise bound, Prop. 3."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ..checks import InputError
from ..ranks.measures import numerical_rank
from ..ranks.singular import singular_values, singular_values_of_rows
from .capture import capture
from .factors import Factors
from .request import KernelRequest

#: Rows of a transposed gradient matrix folded at a time.
ROWS = 8192


@dataclass(frozen=True)
class LayerRanks:
    """Numerical ranks of one Linear layer.

    Attributes:
        inputs: rank(Z_{k-1}); 0 where no weight is trained.
        sensitivities: rank(Δ_k), a row for each point and output.
        gradient: rank(G_k).
        bound: rank(Δ_k)·rank([Z_{k-1}, 1]), or the number of rows or columns of G_k if less.
    """

    inputs: int
    sensitivities: int
    gradient: int
    bound: int


@dataclass(frozen=True)
class RankBounds:
    """Prop. 3 in its testable form: lower ≤ rank(G_all) ≤ upper."""

    lower: int
    rank: int
    upper: int

    @property
    def holds(self) -> bool:
        """True where both bounds hold."""
        return self.lower <= self.rank <= self.upper


def layer_ranks(
    module: nn.Module, coordinates: Tensor, *, outputs: int | str = 0, stage: str | None = None
) -> dict[str, LayerRanks]:
    """Ranks of Z_{k-1}, Δ_k and the gradient matrix G_k of each Linear layer, and their bound.

    Row (n, c) of G_k is vec([z_{k-1}(n), 1] ⊗ δ_k,c(n)), hence
    rank(G_k) ≤ rank(Δ_k)·rank([Z_{k-1}, 1]). A layer is left out of which nothing is trained, whose
    weight is parametrised, or that runs at several positions.

    Shapes: coordinates (N, P); G_k is folded in chunks of its transpose, O((N·C)²) memory.

    Args:
        outputs: one output, or `blocks` for all.
        stage: as for `EmpiricalNtk`.

    Raises:
        InputError: if the module is not in float64, its samples interact, or as for
            `EmpiricalNtk`.

    Source: section 3 of arXiv 2602.01526.
    """
    result = {}
    for layer in _layers(module, coordinates, outputs=outputs, stage=stage):
        rows, units = _sensitivities(layer).shape
        extended = layer.inputs[:, 0]
        size = (rows, extended.shape[1] * units)
        sigma = singular_values_of_rows(_transposed(layer), width=rows)
        features, sensitivities = _rank(extended), _rank(_sensitivities(layer))
        result[layer.layer] = LayerRanks(
            inputs=_rank(_inputs(layer)),
            sensitivities=sensitivities,
            gradient=numerical_rank(sigma.cpu().numpy(), size),
            bound=min(features * sensitivities, *size),
        )
    return result


def gradient_rank_bounds(
    module: nn.Module, coordinates: Tensor, *, stage: str | None = None
) -> RankBounds:
    """Prop. 3 in its testable form, over the layers of `layer_ranks` and all outputs.

    max_k rank(Z_{k-1}[alive_k]) ≤ rank(G_all) ≤ Σ_k D_k · rank([Z_{k-1}, 1]), where alive_k are
    the samples with Δ_k(n) ≠ 0 for some output; without trained biases the 1 falls away. As printed
    the proposition has all samples on the left and Z_{k-1} alone on the right, and fails on dead
    samples and with trained biases.

    Shapes: coordinates (N, P); for the paper's gradients of Z_L the `stage` is the last hidden one.

    Raises:
        InputError: as for `layer_ranks`.

    Source: Prop. 3 of arXiv 2602.01526, corrected.
    """
    layers = _layers(module, coordinates, outputs="blocks", stage=stage)
    lower, upper, columns = 0, 0, 0
    for layer in layers:
        alive = (layer.sensitivities != 0).flatten(1).any(dim=1)
        lower = max(lower, _rank(_inputs(layer)[alive]))
        units = layer.sensitivities.shape[3]
        upper += units * _rank(layer.inputs[:, 0])
        columns += units * layer.inputs.shape[2]
    if not layers:
        return RankBounds(0, 0, 0)
    rows = len(_sensitivities(layers[0]))
    chunks = (chunk for layer in layers for chunk in _transposed(layer))
    sigma = singular_values_of_rows(chunks, width=rows)
    return RankBounds(lower, numerical_rank(sigma.cpu().numpy(), (rows, columns)), upper)


def _layers(
    module: nn.Module, coordinates: Tensor, *, outputs: int | str, stage: str | None
) -> list[Factors]:
    request = KernelRequest.resolve(
        module, coordinates, outputs=outputs, stage=stage, method="auto"
    )
    if request.x.dtype != torch.float64:
        raise InputError(
            f"a module in {request.x.dtype} rounds ranks up; expected float64, as .double() gives"
        )
    if request.difference is None:
        raise InputError(f"no layer has factors: {request.method}; expected a per-sample module")
    linears = {
        name
        for name, own in module.named_modules()
        if isinstance(own, nn.Linear) and not is_parametrized(own, "weight")
    }
    forms = capture(request.function, request.x, outputs=request.outputs, layers=request.layers)
    factors = [f for f in forms if isinstance(f, Factors) and f.layer in linears]
    return [layer for layer in factors if layer.inputs.shape[1] == 1]


def _sensitivities(layer: Factors) -> Tensor:
    """Δ with a row for each point and output. Shapes: -> (N·C, D_out)."""
    return layer.sensitivities.flatten(0, 2)


def _inputs(layer: Factors) -> Tensor:
    """Z, without columns where no weight is trained. Shapes: -> (N, D_in)."""
    return layer.inputs[:, 0, layer.columns.get("weight", slice(0))]


def _transposed(layer: Factors) -> Iterator[Tensor]:
    """Rows of G_kᵀ, some units at a time. Shapes: each (units · D_in + 1, N·C)."""
    outputs = layer.sensitivities.shape[1]
    features = layer.inputs[:, 0].repeat_interleave(outputs, dim=0).T
    most = max(ROWS, 2 * features.shape[1])
    for delta in _sensitivities(layer).T.split(max(1, most // len(features))):
        yield (delta[:, None, :] * features).flatten(0, 1)


def _rank(Z: Tensor) -> int:
    return numerical_rank(singular_values(Z).cpu().numpy(), (Z.shape[0], Z.shape[1]))
