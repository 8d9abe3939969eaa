"""A convolution whose edge is repeated, a node and a tap at a time."""

import torch
from torch import Tensor


def convolution(z: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Shapes: z (C, H, W), weight (D, C, k, k), bias (D,) -> (D, H, W)."""
    _, height, width = z.shape
    half = weight.shape[2] // 2
    found = torch.empty(len(bias), height, width, dtype=z.dtype)
    for i in range(height):
        for j in range(width):
            total = bias.clone()
            for a in range(-half, half + 1):
                for b in range(-half, half + 1):
                    row, column = min(max(i + a, 0), height - 1), min(max(j + b, 0), width - 1)
                    total += weight[:, :, a + half, b + half] @ z[:, row, column]
            found[:, i, j] = total
    return found
