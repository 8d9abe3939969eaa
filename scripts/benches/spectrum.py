"""Singular values of a tall matrix: folded QR against torch.linalg.svdvals in float64."""

from collections.abc import Callable, Iterator

import torch

from inr_experiments.ranks.singular import singular_values, with_centred

from .timing import Row, median, peak

SHAPE, QUICK = (262_144, 256), (8192, 32)


def tall(rows: int, columns: int) -> torch.Tensor:
    """A float64 matrix with singular values that fall over twelve decades."""
    draw = torch.Generator().manual_seed(0)
    A = torch.randn(rows, columns, generator=draw, dtype=torch.float64)
    return A.mul_(torch.logspace(0, -12, columns, dtype=torch.float64))


def folded(rows: int, columns: int) -> Callable[[], object]:
    """The subject on a matrix that already exists."""
    A = tall(rows, columns)
    return lambda: singular_values(A)


def dense(rows: int, columns: int) -> Callable[[], object]:
    """The reference on a matrix that already exists."""
    A = tall(rows, columns)
    return lambda: torch.linalg.svdvals(A)


def rows(*, quick: bool) -> Iterator[Row]:
    """Time, extra memory and agreement; A and HA together; a single product AᵀA, the floor."""
    shape = QUICK if quick else SHAPE
    A = tall(*shape)
    ours, theirs = singular_values(A), torch.linalg.svdvals(A)
    difference = ((ours - theirs).abs().max() / theirs[0]).item()
    subject, reference = median(lambda: singular_values(A)), median(lambda: torch.linalg.svdvals(A))
    gram = median(lambda: A.T @ A)
    name = f"spectrum/{shape[0]}x{shape[1]}"
    memory = {"subject_gib": peak(folded, *shape), "reference_gib": peak(dense, *shape)}
    yield Row(name, subject, reference, {"dtype": "float64", "difference": difference, **memory})
    both = median(lambda: with_centred(A))
    twice = median(lambda: (singular_values(A), singular_values(A - A.mean(dim=0))))
    yield Row(f"{name}/with_centred", both, twice, {"dtype": "float64"})
    yield Row(f"{name}/gram_only", gram, reference, {"dtype": "float64"})


def summary(rows: list[Row]) -> str:
    """The ratio and its ceiling."""
    ours, _, gram = rows
    return (
        f"\n{ours.ratio:.2f}× svdvals. Both factorise by Householder QR; a lone product AᵀA, which "
        f"may not stand for a rank count, would already cap the ratio at {gram.ratio:.2f}×."
    )
