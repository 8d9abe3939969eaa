"""Directions that each layer passes on: the Jacobian of one layer's features by the last's."""

import torch
from torch import Tensor, nn

from ..checks import InputError, integer
from ..domain import evenly_spaced
from ..hooks import hooked
from ..ranks.measures import effective_rank, numerical_rank
from .autograd import real
from .function import ModuleFunction, dropout, interaction


@torch.enable_grad()
def feature_jacobians(module: nn.Module, coordinates: Tensor) -> dict[str, Tensor]:
    """J_k(n) = ∂z_k(n)/∂z_{k-1}(n) for each Linear layer k, by its name.

    z_{k-1} is what the layer sees and z_k what the next Linear layer sees, the last one's the
    output; whatever lies between, activation and normalisation, belongs to layer k. A layer that
    the next one does not read, as one of two in parallel, is left out. A complex feature counts as
    two real ones.

    Shapes: coordinates (N, P) -> (N, D_k, D_{k-1}) each; memory O(N Σ D_k D_{k-1}).

    Raises:
        InputError: if samples interact, or for input that cannot be used.

    Source: Prop. 1 and 2 of arXiv 2602.01526.
    """
    function = ModuleFunction(module)
    reason = interaction(module) or dropout(module)
    if reason is not None:
        raise InputError(f"{reason}; expected module.eval() first")
    linears = {n: m for n, m in module.named_modules() if isinstance(m, nn.Linear)}
    if not linears:
        raise InputError(f"{type(module).__name__} has no Linear layer; expected one or more")
    seen: list[tuple[str, Tensor]] = []

    def keep(name: str, _module: nn.Module, inputs: tuple) -> tuple:
        z = inputs[0] if inputs[0].requires_grad else inputs[0].detach().requires_grad_()
        if any(name == known for known, _ in seen):
            raise InputError(f"layer {name!r} runs twice; expected once")
        if z.ndim != 2:
            raise InputError(f"layer {name!r} saw shape {tuple(z.shape)}; expected (N, D_in)")
        seen.append((name, z))
        return (z, *inputs[1:])

    with hooked(linears, before=keep):
        y = function(function.points(coordinates))
    following = [z for _, z in seen[1:]] + [y]
    found = {}
    for (name, before), after in zip(seen, following, strict=True):
        if (J := _by_columns(after, before)) is not None:
            found[name] = J
    return found


def _by_columns(after: Tensor, before: Tensor) -> Tensor | None:
    """∂after/∂before, sample by sample; None where there is no way from one to the other.

    Shapes: (N, D), (N, E) -> (N, D, E).
    """
    if not after.requires_grad:
        return None
    columns = real(after).flatten(1).unbind(dim=1)
    rows = [
        torch.autograd.grad(column.sum(), before, retain_graph=True, allow_unused=True)[0]
        for column in columns
    ]
    if all(row is None for row in rows):
        return None
    empty = torch.zeros_like(before)
    return torch.stack([real(empty if row is None else row).flatten(1) for row in rows], dim=1)


def feature_jacobian_ranks(
    module: nn.Module, coordinates: Tensor, *, samples: int
) -> dict[str, dict[str, float]]:
    """Ranks of J_k at evenly spread points, by layer.

    `rank_mean`, `rank_least` and `rank_most` of the numerical rank over the samples, and the mean
    of `effective_rank`.

    Shapes: coordinates (N, P).
    """
    chosen = coordinates[evenly_spaced(len(coordinates), integer("samples", samples))]
    result = {}
    for name, J in feature_jacobians(module, chosen).items():
        shape = (J.shape[1], J.shape[2])
        spectra = torch.linalg.svdvals(J.to(torch.float64)).cpu().numpy()
        ranks = [numerical_rank(sigma, shape) for sigma in spectra]
        result[name] = {
            "rank_mean": sum(ranks) / len(ranks),
            "rank_least": min(ranks),
            "rank_most": max(ranks),
            "effective_rank": sum(effective_rank(sigma) for sigma in spectra) / len(ranks),
        }
    return result
