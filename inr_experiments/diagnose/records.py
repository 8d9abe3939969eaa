"""Records of a forward pass: origins of values, calls of layers, features read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


class Trace(NamedTuple):
    """The origin of values: calls of layers, else parameters alone, and coordinates."""

    sources: frozenset[int] = frozenset()
    parameters: frozenset[str] = frozenset()
    coordinates: bool = False

    @property
    def is_data(self) -> bool:
        """True for values that differ from point to point."""
        return self.coordinates or bool(self.sources)


def union(traces: Iterable[Trace]) -> Trace:
    """The origin of what is made of several tensors; data takes the place of parameters."""
    sources, parameters, coordinates = zip(*[*traces, Trace()], strict=True)
    found = Trace(frozenset().union(*sources), frozenset(), any(coordinates))
    return found if found.is_data else Trace(parameters=frozenset().union(*parameters))


class Call(NamedTuple):
    """One call of a layer that puts out `width` columns along `axis`.

    Of the calls it depends on, `ancestors`, `depth` are of the same layer.
    """

    layer: str
    depth: int
    parameters: frozenset[str]
    weight: Tensor | None
    width: int
    axis: int
    from_coordinates: bool
    ancestors: frozenset[int]

    @property
    def label(self) -> str:
        """The layer's name, with the number of the call where it is not the first."""
        return self.layer + (f" (call {self.depth + 1})" if self.depth else "")

    def keeps_place(self, tensor: Tensor) -> bool:
        """True where the columns still lie along the axis that they were put out along."""
        return -self.axis <= tensor.ndim and tensor.shape[self.axis] == self.width


@dataclass
class Read:
    """Features Z as layers, or the output, read them, and the calls that they are made of.

    `calls` are those that nothing read before; of a `branch`, whose calls all were read before in
    another form, the last ones. `others` lie in Z beside.
    """

    Z: Tensor
    readers: list[str]
    calls: list[int]
    others: list[int]
    coordinates: bool
    branch: bool = False
