"""Attention, a token and a head at a time."""

import math

import torch
from torch import Tensor


def attention(x: Tensor, layers: dict[str, tuple[Tensor, Tensor]], heads: int) -> Tensor:
    """out(concatenation over heads of Σ_s softmax_s(q_t·k_s/√d) v_s). Shapes: (T, D) -> (T, D)."""
    tokens, width = x.shape
    d = width // heads
    q, k, v = (x @ W.T + b for W, b in (layers[name] for name in ("query", "key", "value")))
    mixed = torch.zeros_like(x)
    for h in range(heads):
        own = slice(h * d, (h + 1) * d)
        for t in range(tokens):
            score = torch.stack([(q[t, own] * k[s, own]).sum() for s in range(tokens)])
            weight = (score / math.sqrt(d)).exp()
            weight = weight / weight.sum()
            for s in range(tokens):
                mixed[t, own] += weight[s] * v[s, own]
    W, b = layers["out"]
    return mixed @ W.T + b
