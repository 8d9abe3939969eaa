"""The Jacobian of one layer as factors: inputs and sensitivities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .rows import Rows, Tile

#: Rows taken at a time: the working set of a chunk stays in the cache.
ROWS = 4096
#: Entries of per-sample gradients formed at a time.
ENTRIES = 1 << 23


@dataclass(frozen=True)
class Factors:
    """Row (n, c) of the Jacobian is Σ_t z_t(n) ⊗ δ_ct(n), t the positions or calls of a layer.

    A trained bias is the weight of an input that is 1, the last column of Z.

    Attributes:
        layer: name of the module.
        inputs: Z, (N, T, D_in).
        sensitivities: Δ, (N, C, T, D_out), derivatives of C outputs by the pre-activations.
        columns: columns of Z that belong to each parameter.
    """

    layer: str
    inputs: Tensor
    sensitivities: Tensor
    columns: dict[str, slice]

    @property
    def by_pairs(self) -> bool:
        """True where products of all pairs of positions cost less than gradients of samples."""
        positions, width = self.inputs.shape[1:]
        units = self.sensitivities.shape[3]
        return positions**2 * (width + units) < width * units

    def only(self, parameter: str) -> Factors:
        """The part of one parameter."""
        own = self.columns[parameter]
        inputs = self.inputs[..., own]
        return replace(self, inputs=inputs, columns={parameter: slice(0, inputs.shape[-1])})

    def traced(self) -> Factors:
        """The layer with its outputs laid side by side as one.

        Σ_c (Δ_c Δ_cᵀ) = [Δ_1 … Δ_C][Δ_1 … Δ_C]ᵀ: the trace over outputs is the kernel of one output
        with C·D_out pre-activations.
        """
        if self.sensitivities.shape[1] == 1:
            return self
        return replace(self, sensitivities=self.sensitivities.transpose(1, 2).flatten(2)[:, None])

    @staticmethod
    def joined(parts: Sequence[Factors]) -> Factors:
        """The layer at all points from that at some at a time."""
        inputs = torch.cat([part.inputs for part in parts])
        return replace(
            parts[0], inputs=inputs, sensitivities=torch.cat([p.sensitivities for p in parts])
        )

    def add_kernel(self, tile: Tile, K: Tensor, scratch: tuple[Tensor, Tensor]) -> None:
        """Add a tile of the kernel. Shapes: K and scratch (rows, columns)."""
        (left, right), delta = scratch, self.sensitivities
        for t in range(self.inputs.shape[1]):
            for s in range(self.inputs.shape[1]):
                torch.mm(self.inputs[tile.rows, t], self.inputs[tile.columns, s].T, out=left)
                products = delta[tile.rows, tile.output, t], delta[tile.columns, tile.other, s].T
                K.addcmul_(left, torch.mm(*products, out=right))

    def pieces(self) -> Iterator[Rows]:
        """Gradients of samples, some units at a time."""
        points, outputs = self.sensitivities.shape[:2]
        width = self.inputs.shape[2]
        units = max(1, ENTRIES // (points * outputs * width))
        for delta in self.sensitivities.split(units, dim=3):
            gradients = torch.einsum("ntd,nctu->ncdu", self.inputs, delta).flatten(2)
            yield Rows(self.layer, gradients, {})

    def pull(self, v: Tensor) -> Tensor:
        """Jᵀv. Shapes: v (N, C) -> (D_in, D_out)."""
        M = self.inputs.new_zeros(self.inputs.shape[2], self.sensitivities.shape[3])
        for r in _chunks(len(v), self.inputs.shape[1]):
            delta = self.sensitivities[r]
            if v.shape[1] == 1:
                weighted = delta[:, 0] * v[r, :, None]
            else:
                weighted = torch.einsum("nc,nctd->ntd", v[r], delta)
            M.addmm_(self.inputs[r].flatten(0, 1).T, weighted.flatten(0, 1))
        return M

    def push(self, M: Tensor) -> Tensor:
        """J u. Shapes: u (D_in, D_out) -> (N, C)."""
        parts = []
        for r in _chunks(len(self.inputs), self.inputs.shape[1]):
            delta, image = self.sensitivities[r], self.inputs[r] @ M
            if delta.shape[1] == 1:
                parts.append((delta[:, 0] * image).sum(dim=(1, 2))[:, None])
            else:
                parts.append(torch.einsum("nctd,ntd->nc", delta, image))
        return torch.cat(parts)

    def diagonal(self) -> Tensor:
        """The diagonal of the kernel, output by output. Shapes: -> (N, C)."""
        Z, delta = self.inputs, self.sensitivities
        if Z.shape[1] == 1:
            return delta.square().sum(dim=(2, 3)) * Z.square().sum(dim=(1, 2))[:, None]
        if not self.by_pairs:
            squares = (piece.rows.square().sum(dim=2) for piece in self.pieces())
            return sum(squares, start=Z.new_zeros(delta.shape[:2]))
        gram = torch.einsum("ntd,nsd->nts", Z, Z)
        return torch.einsum("nctu,ncsu,nts->nc", delta, delta, gram)

    def split(self, gradient: Tensor) -> dict[str, Tensor]:
        """The result of `pull` by parameter, each in the order of its entries."""
        return {name: gradient[own].T.flatten() for name, own in self.columns.items()}


def _chunks(points: int, positions: int) -> Iterator[slice]:
    step = max(1, ROWS // positions)
    return (slice(a, a + step) for a in range(0, points, step))
