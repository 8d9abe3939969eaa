"""Spectra by dense decompositions, and rank measures written like their definitions."""

import math

import numpy as np
import torch
from torch import Tensor


def singular_values(A: Tensor, *, centre: bool = False) -> Tensor:
    """Of the whole matrix at once, in float64."""
    A = A.double()
    return torch.linalg.svdvals(A - A.mean(dim=0) if centre else A)


def numerical_rank(A: np.ndarray) -> int:
    """NumPy's."""
    return int(np.linalg.matrix_rank(A))


def stable_rank(A: np.ndarray) -> float:
    """‖A‖_F² / ‖A‖₂²."""
    norm = np.linalg.norm(A, 2)
    return float((np.linalg.norm(A, "fro") / norm) ** 2) if norm else 0.0


def effective_rank(A: np.ndarray) -> float:
    """exp of the entropy of the normalised singular values, term by term."""
    sigma = np.linalg.svd(A, compute_uv=False)
    if not sigma.sum():
        return 0.0
    p = [s / sigma.sum() for s in sigma if s > 0]
    return math.exp(-sum(q * math.log(q) for q in p))


def participation_ratio(A: np.ndarray) -> float:
    """tr(AᵀA)² / tr((AᵀA)²)."""
    gram = A.T @ A
    square = np.trace(gram @ gram)
    return float(np.trace(gram) ** 2 / square) if square else 0.0
