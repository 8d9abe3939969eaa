"""Tests and families, one flip at a time and in exact fractions, where a tie is a tie."""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations, product

Number = Fraction | float


def sign_flip_p_flip_by_flip(differences: Sequence[Number]) -> float:
    """#{s : |mean(s·d)| ≥ |mean(d)|} / 2ⁿ over all 2ⁿ signs."""
    d = [Fraction(value) for value in differences]
    hits = 0
    for signs in product((1, -1), repeat=len(d)):
        hits += abs(sum(s * value for s, value in zip(signs, d, strict=True))) >= abs(sum(d))
    return hits / 2 ** len(d)


def squared_t(d: Sequence[Fraction]) -> Number:
    """mean² / (std² / n)."""
    if len(d) < 2:
        return 0
    mean = sum(d) / Fraction(len(d))
    variance = sum((value - mean) ** 2 for value in d) / (len(d) - 1)
    if variance == 0:
        return 0 if mean == 0 else math.inf
    return mean**2 / (variance / len(d))


def max_t_flip_by_flip(differences: Sequence[Sequence[Number | None]]) -> list[float]:
    """Step-down max-T over all 2ⁿ signs. Rows are items, columns tests; None where one lacks."""
    n, m = len(differences), len(differences[0])

    def statistic(signs: Sequence[int], j: int) -> Number:
        own = [(s, row[j]) for s, row in zip(signs, differences, strict=True)]
        return squared_t([s * Fraction(value) for s, value in own if value is not None])

    observed = [statistic([1] * n, j) for j in range(m)]
    order = sorted(range(m), key=lambda j: observed[j], reverse=True)
    hits = [0] * m
    for signs in product((1, -1), repeat=n):
        flipped = [statistic(signs, j) for j in range(m)]
        for k in range(m):
            hits[k] += max(flipped[j] for j in order[k:]) >= observed[order[k]]
    p = [0.0] * m
    for k in range(m):
        p[order[k]] = max(hits[: k + 1]) / 2**n
    return p


def permutation_p_order_by_order(x: Sequence[float], y: Sequence[float]) -> float:
    """#{π : |ρ(x, π y)| ≥ |ρ(x, y)|} / n! over all n! orders, by sums of products of ranks."""

    def centred(values: Sequence[float]) -> list[Fraction]:
        below = [sum(a < b for a in values) for b in values]
        ranks = [
            Fraction(2 * k + values.count(b) + 1, 2) for k, b in zip(below, values, strict=True)
        ]
        return [rank - sum(ranks) / len(ranks) for rank in ranks]

    first, second = centred(x), centred(y)
    sums = [
        abs(sum(a * b for a, b in zip(first, order, strict=True))) for order in permutations(second)
    ]
    return sum(s >= sums[0] for s in sums) / len(sums)


def holm(p_values: Sequence[float]) -> list[float]:
    """p̃_(k) = max_{l ≤ k} min(1, (m − l + 1) p_(l)); Holm 1979."""
    order = sorted(range(len(p_values)), key=lambda j: p_values[j])
    adjusted, greatest = [0.0] * len(order), 0.0
    for k, j in enumerate(order):
        greatest = max(greatest, min(1.0, (len(order) - k) * p_values[j]))
        adjusted[j] = greatest
    return adjusted
