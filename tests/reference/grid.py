"""Coordinates and masks of a grid of P axes, one node at a time."""

from itertools import product

import numpy as np
import torch


def coordinates_node_by_node(shape: tuple[int, ...], coordinates: str, aspect: str) -> np.ndarray:
    rows = []
    for node in product(*map(range, shape)):
        row = []
        for i, n in zip(node, shape, strict=True):
            span = max(shape) if aspect == "keep" else n
            if coordinates == "unit":
                row.append(i / span)
            else:
                row.append((i - (n - 1) / 2) / max((span - 1) / 2, 0.5))
        rows.append(row)
    return np.array(rows)


def every_second_node_by_node(shape: tuple[int, ...]) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    for node in product(*map(range, shape)):
        mask[node] = all(i % 2 == 0 for i in node)
    return mask


def jittered_block_by_block(shape: tuple[int, ...], draw: torch.Generator) -> np.ndarray:
    """The draws of an axis come after one another, block by block."""
    mask = np.zeros(shape, dtype=bool)
    blocks = list(product(*(range(0, n, 2) for n in shape)))
    steps = torch.randint(2, (len(shape), len(blocks)), generator=draw)
    for b, block in enumerate(blocks):
        mask[tuple(min(i + int(steps[d, b]), shape[d] - 1) for d, i in enumerate(block))] = True
    return mask


def clustered_by_arrival(shape: tuple[int, ...], draw: torch.Generator) -> np.ndarray:
    """Of nodes with exponential arrival times at rates of five blobs, the first of every 2^P."""
    x = coordinates_node_by_node(shape, "symmetric", "per_axis")
    times = torch.empty(len(x), dtype=torch.float64).exponential_(generator=draw).numpy()
    centres = 2 * torch.rand(5, len(shape), generator=draw, dtype=torch.float64).numpy() - 1
    rates = [
        0.02 + sum(np.exp(-((c - row) ** 2).sum() / (2 * 0.25**2)) for c in centres) for row in x
    ]
    mask = np.zeros(len(x), dtype=bool)
    mask[np.argsort(times / rates)[: max(1, len(x) // 2 ** len(shape))]] = True
    return mask.reshape(shape)


def squared_distances(wanted: np.ndarray, known: np.ndarray) -> np.ndarray:
    """From every wanted point to every known one."""
    return np.array([[((a - b) ** 2).sum() for b in known] for a in wanted])
