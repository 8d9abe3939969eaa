"""The Jacobian of one layer as itself: a gradient for each sample and output, dense or sparse."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor


class Tile(NamedTuple):
    """Rows and columns of the block of a kernel that belongs to two outputs."""

    output: int
    other: int
    rows: slice
    columns: slice


@dataclass(frozen=True)
class Rows:
    """The Jacobian itself, a gradient for each sample and output: K = R Rᵀ.

    Attributes:
        layer: name of the module.
        rows: R, (N, C, size); of a table sparse and with N and C as one dimension.
        columns: columns of R that belong to each parameter.
        outputs: C where R is sparse.
    """

    layer: str
    rows: Tensor
    columns: dict[str, slice]
    outputs: int = 0

    def only(self, parameter: str) -> Rows:
        """The part of one parameter; a table has no other."""
        if self.rows.is_sparse:
            return self
        return replace(self, rows=self.rows[..., self.columns[parameter]], columns={})

    def traced(self) -> Rows:
        """The layer with its outputs laid side by side as one, as for `Factors`."""
        if not self.rows.is_sparse:
            wider = self.rows.shape[1]
            columns = {n: slice(s.start * wider, s.stop * wider) for n, s in self.columns.items()}
            rows = self.rows.transpose(1, 2).flatten(1)[:, None]
            return replace(self, rows=rows, columns=columns)
        (row, column), (height, width) = self.rows.indices(), self.rows.shape
        at = torch.stack([row // self.outputs, column + width * (row % self.outputs)])
        shape = (height // self.outputs, width * self.outputs)
        return replace(self, rows=_sparse(at, self.rows.values(), shape), outputs=1)

    @staticmethod
    def joined(parts: Sequence[Rows]) -> Rows:
        """The layer at all points from that at some at a time."""
        rows = torch.cat([part.rows for part in parts])
        return replace(parts[0], rows=rows.coalesce() if rows.is_sparse else rows)

    def add_kernel(self, tile: Tile, K: Tensor, scratch: tuple[Tensor, Tensor]) -> None:
        """Add a tile of the kernel, as for `Factors`, which need the scratch."""
        left, right = self._of(tile.output, tile.rows), self._of(tile.other, tile.columns)
        if left.is_sparse:
            K += _sparse_product(left, right)
        else:
            K.addmm_(left, right.T)

    def _of(self, output: int, rows: slice) -> Tensor:
        """The gradients of one output at some points. Shapes: -> (n, size)."""
        if not self.rows.is_sparse:
            return self.rows[rows, output]
        row, column = self.rows.indices()
        bounds = torch.tensor([rows.start, rows.stop], device=row.device) * self.outputs
        first, last = torch.searchsorted(row, bounds).tolist()
        row = row[first:last]
        own = row % self.outputs == output
        at = torch.stack([row[own] // self.outputs - rows.start, column[first:last][own]])
        shape = (rows.stop - rows.start, self.rows.shape[1])
        values = self.rows.values()[first:last][own]
        return torch.sparse_coo_tensor(at, values, shape, is_coalesced=True, check_invariants=False)

    def pull(self, v: Tensor) -> Tensor:
        """Jᵀv. Shapes: v (N, C) -> (size,)."""
        return self._matrix().t() @ v.flatten()

    def push(self, u: Tensor) -> Tensor:
        """J u. Shapes: u (size,) -> (N, C)."""
        outputs = self.outputs if self.rows.is_sparse else self.rows.shape[1]
        return (self._matrix() @ u).reshape(-1, outputs)

    def _matrix(self) -> Tensor:
        return self.rows if self.rows.is_sparse else self.rows.flatten(0, 1)

    def diagonal(self) -> Tensor:
        """The diagonal of the kernel, output by output. Shapes: -> (N, C)."""
        if not self.rows.is_sparse:
            return self.rows.square().sum(dim=2)
        squares = self.rows.values().new_zeros(len(self.rows))
        squares.index_add_(0, self.rows.indices()[0], self.rows.values().square())
        return squares.reshape(-1, self.outputs)

    def split(self, gradient: Tensor) -> dict[str, Tensor]:
        """The result of `pull` by parameter, each in the order of its entries."""
        return {name: gradient[own] for name, own in self.columns.items()}


def sparse_rows(layer: str, indices: Tensor, sensitivities: Tensor, *, height: int) -> Rows:
    """Gradients by a table whose rows are picked by index.

    Shapes: indices (N, T), sensitivities (N, C, T, F) by the picked rows.

    Args:
        height: rows of the table.
    """
    points, outputs, _, features = sensitivities.shape
    device = indices.device
    sample = torch.arange(points * outputs, device=device).reshape(points, outputs, 1, 1)
    column = indices[:, None, :, None] * features + torch.arange(features, device=device)
    at = torch.stack([i.expand(sensitivities.shape).flatten() for i in (sample, column)])
    shape = (points * outputs, height * features)
    rows = _sparse(at, sensitivities.flatten(), shape)
    return Rows(layer, rows, {"weight": slice(None)}, outputs)


def _sparse_product(left: Tensor, right: Tensor) -> Tensor:
    """A Bᵀ of sparse matrices, dense. Shapes: (n, size), (m, size) -> (n, m).

    A product takes time for every column of the two; those that A does not have are left out.
    """
    (i, column), (j, other) = left.indices(), right.indices()
    own, compact = torch.unique(column, return_inverse=True)
    place = torch.searchsorted(own, other).clamp_max(len(own) - 1)
    both = own[place] == other if len(own) else torch.zeros_like(other, dtype=torch.bool)
    A = _sparse(torch.stack([i, compact]), left.values(), (len(left), len(own)))
    B = _sparse(torch.stack([place[both], j[both]]), right.values()[both], (len(own), len(right)))
    with warnings.catch_warnings():  # PyTorch says once that it has a beta version inside
        warnings.filterwarnings("ignore", message="Sparse CSR")
        return torch.sparse.mm(A, B).to_dense()


def _sparse(at: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    return torch.sparse_coo_tensor(at, values, shape, check_invariants=False).coalesce()
