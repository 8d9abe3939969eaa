"""Products with the NTK, its diagonal and its traces without the NTK.

By factors and rows a product is O(N·D²) in time and O(N·D) in memory.
"""

from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from ..checks import integer
from ..memory import require
from .autograd import Jacobian, Key, real
from .matchers import Form
from .request import KernelRequest


class ProbeEstimate(NamedTuple):
    """A number, or a vector, and its standard error over random probes; 0 where it is exact."""

    value: Tensor
    standard_error: Tensor

    def __float__(self) -> float:
        return float(self.value)


class MatrixFree:
    """Products, diagonal and traces of a kernel from its layers' Jacobians alone.

    A part of the kernel is named by layer, by parameter, or by both; None means all. Columns v are
    (N, C) for `blocks`, else (N, 1).
    """

    def __init__(self, request: KernelRequest, memory: float | None) -> None:
        _require_layers(request, memory)
        self.request = request
        self.forms: list[Form] = [form for forms in request.captured() for form in forms]
        self.jacobian = request.jacobian()

    def product(self, v: Tensor, layer: str | None, parameter: str | None) -> Tensor:
        """K v. Shapes: v (N, C) -> (N, C)."""
        result = torch.zeros_like(v)
        for form in self._forms(layer, parameter):
            result += form.push(form.pull(v))
        if self.jacobian is None:
            return result
        if self.request.blocks:
            return result + self._by_jacobian(self.jacobian, v, layer, parameter)
        for c in range(len(self.request.outputs)):
            only = torch.zeros_like(self.jacobian.y)
            only[:, c] = v[:, 0]
            own = self._by_jacobian(self.jacobian, only, layer, parameter)
            result += own[:, c : c + 1]
        return result

    def _by_jacobian(
        self, jacobian: Jacobian, v: Tensor, layer: str | None, parameter: str | None
    ) -> Tensor:
        pulled = jacobian.pull(v).items()
        return jacobian.push({key: u for key, u in pulled if _meant(key, layer, parameter)})

    def diagonal(self, probes: int | None, generator: torch.Generator) -> ProbeEstimate:
        """The diagonal of K, output by output. Shapes: (N, C) each."""
        exact = sum((form.diagonal() for form in self.forms), start=self._columns())
        if self.jacobian is None:
            return ProbeEstimate(exact, torch.zeros_like(exact))
        if probes is None:
            exact += self._narrowed(
                sum(self._squares.values(), start=torch.zeros_like(self.jacobian.y))
            )
            return ProbeEstimate(exact, torch.zeros_like(exact))
        samples = []
        for _ in range(integer("probes", probes, least=2)):
            v = _signs(self.jacobian.y, generator)
            pushed = self.jacobian.push(self.jacobian.pull(v))
            samples.append(self._narrowed(v * pushed))
        mean, error = _mean(torch.stack(samples))
        return ProbeEstimate(exact + mean, error)

    def trace(
        self,
        layer: str | None,
        parameter: str | None,
        probes: int | None,
        generator: torch.Generator,
    ) -> ProbeEstimate:
        """tr K of a part."""
        exact = self._columns().sum()
        for form in self._forms(layer, parameter):
            exact += form.diagonal().sum()
        keys = [key for key in self.request.rest if _meant(key, layer, parameter)]
        if self.jacobian is None or not keys:
            return ProbeEstimate(exact, torch.zeros_like(exact))
        if probes is None:
            exact += sum(self._squares[key].sum() for key in keys)
            return ProbeEstimate(exact, torch.zeros_like(exact))
        samples = []
        for _ in range(integer("probes", probes, least=2)):
            pulled = self.jacobian.pull(_signs(self.jacobian.y, generator))
            squares = [real(pulled[key]).square().sum() for key in keys if key in pulled]
            samples.append(torch.stack(squares).sum())
        mean, error = _mean(torch.stack(samples))
        return ProbeEstimate(exact + mean, error)

    @cached_property
    def _squares(self) -> dict[Key, Tensor]:
        """Squared norms of the rows of J by parameter, from as many passes. Shapes: (N, C) each."""
        assert self.jacobian is not None
        found = {key: torch.zeros_like(self.jacobian.y) for key in self.jacobian.sizes}
        for i, row in enumerate(self.jacobian.rows()):
            for key, gradient in row.items():
                found[key].view(-1)[i] = gradient.square().sum()
        return found

    def _forms(self, layer: str | None, parameter: str | None) -> list[Form]:
        own = [form for form in self.forms if layer in (None, form.layer)]
        if parameter is None:
            return own
        return [form.only(parameter) for form in own if parameter in form.columns]

    def _columns(self) -> Tensor:
        """Zeros. Shapes: -> (N, C) for `blocks`, else (N, 1)."""
        width = len(self.request.outputs) if self.request.blocks else 1
        return self.request.x.new_zeros(len(self.request.x), width)

    def _narrowed(self, entries: Tensor) -> Tensor:
        return entries if self.request.blocks else entries.sum(dim=1, keepdim=True)


def _meant(key: Key, layer: str | None, parameter: str | None) -> bool:
    return layer in (None, key[0]) and parameter in (None, key[1])


def _signs(like: Tensor, generator: torch.Generator) -> Tensor:
    """Independent signs, Hutchinson's probe. Shapes: those of `like`."""
    bits = torch.randint(2, like.shape, generator=generator)
    return (2 * bits - 1).to(like)


def _mean(samples: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and its standard error over the first dimension."""
    return samples.mean(dim=0), samples.std(dim=0) / len(samples) ** 0.5


def _require_layers(request: KernelRequest, memory: float | None) -> None:
    """Refuse layers whose inputs and sensitivities do not fit."""
    numbers = len(request.x) * (request.inputs + request.sensitivities * len(request.outputs))
    require(
        numbers * request.x.element_size(),
        request.x.device,
        limit=memory,
        what=f"inputs and sensitivities of {len(request.x)} points × {len(request.outputs)} "
        "outputs; expected fewer points, or one output at a time with outputs=0",
    )
