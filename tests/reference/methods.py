"""Forward passes of the field's methods written like their equations, a point at a time."""

import cmath
import math
from functools import cache
from itertools import product
from typing import Any

import numpy as np

State = dict[str, np.ndarray]
#: Of a hash grid's axes.
PRIMES = (1, 2654435761, 805459861)


def layers(state: State) -> list[tuple[np.ndarray, np.ndarray]]:
    """W and b of inlet, hidden layers and head."""
    hidden = sorted({name.split(".")[1] for name in state if name.startswith("hidden.")})
    names = ["inlet.linear", *(f"hidden.{i}.linear" for i in hidden), "head"]
    return [(state[f"{name}.weight"], state[f"{name}.bias"]) for name in names]


def mlp(pairs: list, z: np.ndarray, inlet: Any, hidden: Any) -> np.ndarray:
    """Inlet, hidden layers and head with elementwise activations."""
    *body, (W, b) = pairs
    for i, (V, c) in enumerate(body):
        activation = hidden if i else inlet
        z = np.array([activation(a) for a in V @ z + c])
    return W @ z + b


def finer(state: State, x: np.ndarray, *, first: float, rest: float) -> np.ndarray:
    return mlp(
        layers(state),
        x,
        lambda a: math.sin(first * (abs(a) + 1) * a),
        lambda a: math.sin(rest * (abs(a) + 1) * a),
    )


def gauss(state: State, x: np.ndarray, *, scale: float) -> np.ndarray:
    return mlp(layers(state), x, *[lambda a: math.exp(-((scale * a) ** 2))] * 2)


def h_siren(state: State, x: np.ndarray, *, omega: float) -> np.ndarray:
    return mlp(
        layers(state),
        x,
        lambda a: math.sin(omega * (math.exp(2 * a) - math.exp(-2 * a)) / 2),
        lambda a: math.sin(omega * a),
    )


def wire(state: State, x: np.ndarray, *, omega: float, scale: float) -> np.ndarray:
    def wavelet(a: complex) -> complex:
        return cmath.exp(1j * omega * a - abs(scale * a) ** 2)

    return mlp(layers(state), x, wavelet, wavelet).real


def fr_inr(
    state: State, x: np.ndarray, *, frequencies: int, phases: int, alpha: float
) -> np.ndarray:
    pairs = [(state["inlet.linear.weight"], state["inlet.linear.bias"])]
    i = 0
    while f"hidden.{i}.linear.bias" in state:
        Lambda = state[f"hidden.{i}.linear.parametrizations.weight.original"]
        B = cosines(len(Lambda), frequencies=frequencies, phases=phases, alpha=alpha)
        pairs.append((Lambda @ B, state[f"hidden.{i}.linear.bias"]))
        i += 1
    pairs.append((state["head.weight"], state["head.bias"]))
    return mlp(pairs, x, *[lambda a: max(a, 0.0)] * 2)


@cache  # it is asked for point by point
def cosines(width: int, *, frequencies: int, phases: int, alpha: float) -> np.ndarray:
    """B of FR-INR, entry by entry."""
    low = [k / frequencies for k in range(1, frequencies + 1)]
    high = list(range(1, frequencies + 1))
    rows, period = [], 2 * math.pi * frequencies
    for omega in (*low, *high):
        for p in range(phases):
            row = []
            for j in range(width):
                z = -period / 2 + period * j / (width - 1)
                row.append(alpha * math.cos(omega * z + 2 * math.pi * p / phases))
            rows.append(row if any(abs(b) > 1e-9 for b in row) else [0.0] * width)
    return np.array(rows)


def sl2a(state: State, x: np.ndarray, *, degree: int) -> np.ndarray:
    features = []
    for coordinate in x:
        t = math.tanh(coordinate)
        T = [1.0, t]
        while len(T) <= degree:
            T.append(2 * t * T[-1] - T[-2])
        features += T[: degree + 1]
    a = state["inlet.0.weight"] @ np.array(features)
    normal = (a - a.mean()) / math.sqrt(a.var() + 1e-5)
    first = normal * state["inlet.1.weight"] + state["inlet.1.bias"]
    z, i = first, 0
    while f"hidden.{i}.up.bias" in state:
        U, V = state[f"hidden.{i}.up.weight"], state[f"hidden.{i}.down.weight"]
        z = np.maximum(U @ (V @ (first * z)) + state[f"hidden.{i}.up.bias"], 0)
        i += 1
    return state["head.weight"] @ (first * z) + state["head.bias"]


def hash_features(
    table: np.ndarray, x: np.ndarray, *, levels: int, rows: int, base: int, growth: float
) -> np.ndarray:
    """The encoding of a point by a hash grid, corner by corner."""
    found, start = [], 0
    for level in range(levels):
        size = int(base * growth**level)
        count = (size + 1) ** len(x)
        sums = np.zeros(table.shape[1])
        place = [(c + 1) / 2 * size for c in x]
        cell = [min(int(p), size - 1) for p in place]
        for corner in product((0, 1), repeat=len(x)):
            weight, row = 1.0, 0
            for i, (side, p, c) in enumerate(zip(corner, place, cell, strict=True)):
                weight *= p - c if side else 1 - (p - c)
                if count <= rows:
                    row += (c + side) * (size + 1) ** i
                else:
                    row ^= (c + side) * PRIMES[i]
            sums += weight * table[start + (row if count <= rows else row % rows)]
        found.append(sums)
        start += min(count, rows)
    return np.concatenate(found)


def hash_grid(state: State, x: np.ndarray, **grid: Any) -> np.ndarray:
    features = hash_features(state["encoding.table.weight"], x, **grid)
    return mlp(layers(state), features, *[lambda a: max(a, 0.0)] * 2)
