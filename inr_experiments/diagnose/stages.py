"""Stages: what layers put out, and what becomes of it until the next layers read it."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..checks import InputError
from ..ranks.measures import rank_family, relative_rank
from ..ranks.singular import singular_values
from .flow import Flow
from .records import Read

#: Directions are those above this part of the largest singular value, or above rounding.
TOLERANCE = 1e-2
#: So many layers of one stage have their names written out.
NAMED = 3


@dataclass(frozen=True)
class MatrixRanks:
    """Singular values of a matrix, largest first, and its rank family by name.

    `kept` directions lie above `tolerance` of the largest, of the `most` that there is room for.
    """

    name: str
    shape: tuple[int, int]
    singular_values: npt.NDArray[np.float64]
    ranks: dict[str, float]
    tolerance: float

    @property
    def kept(self) -> int:
        """Directions above the tolerance."""
        return int(self.ranks[f"rank_{self.tolerance:g}"])

    @property
    def most(self) -> int:
        """Directions that the matrix has room for."""
        return min(self.shape)

    @property
    def share(self) -> float:
        """The part of its directions that it keeps."""
        return self.kept / self.most if self.most else 0.0


@dataclass(frozen=True)
class Stage(MatrixRanks):
    """The output of one layer, or of several that are read as one, as the next layers see it.

    Its matrix is Z, (N, D), the rows of a convolution or of tokens being samples × positions.

    Attributes:
        layers: names of the layers that it begins with.
        readers: the layers that read Z, or `output`; none where Z is the layer's own output.
        others: what Z holds beside: earlier layers by a shortcut, `coordinates`.
        width: columns of the layers' own output; of several all where they lie side by side in Z,
            else the most.
        weights: of each layer.
        constant_units: columns of Z with one value in all rows.
        trained: False where all parameters of the layers are frozen.
    """

    layers: tuple[str, ...]
    readers: tuple[str, ...]
    others: tuple[str, ...]
    width: int
    weights: tuple[MatrixRanks, ...]
    constant_units: int
    trained: bool

    @property
    def is_head(self) -> bool:
        """True where no layer reads it."""
        return all(reader.startswith("output") for reader in self.readers)


def stages_of(flow: Flow, trained: Collection[str]) -> tuple[tuple[Stage, ...], Stage]:
    """The stages in the order that their layers ran, and the inlet among them.

    Calls of one layer that do not depend on each other, as of chunks, are one stage.

    Raises:
        InputError: if the coordinates reach no layer, or features are not finite.
    """
    inlet = next((i for i in range(len(flow.calls)) if _is_inlet(flow, i, trained)), None)
    if inlet is None:
        raise InputError(
            f"{type(flow.module).__name__} has no layer that the coordinates reach; expected one "
            "that makes columns of them by a parameter"
        )
    alone = [Read(own, [], [i], [], False) for i, own in flow.unread.items()]
    groups: dict[tuple, list[Read]] = {}
    for read in sorted([*flow.reads.values(), *alone], key=lambda read: read.calls):
        names = tuple(dict.fromkeys(flow.calls[i].label for i in read.calls))
        branch = tuple(read.readers) if read.branch else ()
        key = (names, branch, read.Z.shape[1], bool(read.readers))
        groups.setdefault(key, []).append(read)
    stages = tuple(
        _stage(flow, names, branch, reads, trained) for (names, branch, *_), reads in groups.items()
    )
    holds = [any(inlet in r.calls and not r.branch for r in reads) for reads in groups.values()]
    return stages, stages[holds.index(True)]


def matrix_ranks(name: str, A: Tensor, precision: torch.dtype) -> MatrixRanks:
    """The spectrum of a matrix whose entries are known to a precision. Shapes: A (N, D)."""
    try:
        sigma = singular_values(A).cpu().numpy()
    except ValueError as error:
        raise InputError(
            f"layer {name!r} puts out NaN or infinity; expected finite values"
        ) from error
    eps, shape = torch.finfo(precision).eps, (A.shape[0], A.shape[1])
    tolerance = max(TOLERANCE, max(shape) ** 0.5 * eps)
    ranks = rank_family(sigma, shape, (1e-3, tolerance))
    ranks["numerical_rank"] = relative_rank(sigma, max(shape) * eps)
    return MatrixRanks(name, shape, sigma, ranks, tolerance)


def _stage(
    flow: Flow, names: tuple[str, ...], branch: tuple[str, ...], reads: list[Read],
    trained: Collection[str],
) -> Stage:  # fmt: skip
    name = ", ".join(names) if len(names) <= NAMED else f"{names[0]} … {names[-1]}"
    if branch:
        name += f" → {', '.join(branch)}"
    Z = torch.cat([read.Z for read in reads])
    calls = [flow.calls[i] for read in reads for i in read.calls]
    others = {flow.calls[i].label for read in reads for i in read.others} - set(names)
    others |= {"coordinates" for read in reads if read.coordinates}
    widths = {c.layer: c.width for c in calls}.values()
    weights = {c.layer: c.weight for c in calls if c.weight is not None}
    return Stage(
        **vars(matrix_ranks(name, Z, flow.lowest)),
        layers=tuple(dict.fromkeys(c.layer for c in calls)),
        readers=tuple(dict.fromkeys(reader for read in reads for reader in read.readers)),
        others=tuple(sorted(others)),
        width=sum(widths) if Z.shape[1] == sum(widths) else max(widths),
        weights=tuple(
            matrix_ranks(layer, W.flatten(1) if W.ndim > 1 else W.reshape(-1, 1), flow.lowest)
            for layer, W in weights.items()
        ),
        constant_units=int((Z[0] == Z).all(dim=0).sum()),
        trained=any(c.parameters & set(trained) for c in calls),
    )


def _is_inlet(flow: Flow, i: int, trained: Collection[str]) -> bool:
    """True for a trained layer that the coordinates reach, be it by layers that are not."""
    call = flow.calls[i]
    before = (call, *(flow.calls[k] for k in call.ancestors))
    return bool(call.parameters & set(trained)) and any(c.from_coordinates for c in before)
