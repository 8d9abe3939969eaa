"""The kinds of operation: which make columns of a parameter, and where the columns lie."""

import re
from math import prod
from typing import Any

from torch import Tensor

#: Convolutions, and where their channels lie.
CHANNELS = {f"conv{kind}{d}d": -1 - d for kind in ("", "_transpose") for d in (1, 2, 3)}
#: Operations that make columns, or rows of a table, from a parameter.
LAYERS = {
    *CHANNELS,
    *("linear", "bilinear", "matmul", "__matmul__", "__rmatmul__", "mm", "bmm", "mv", "addmm"),
    *("addmv", "addbmm", "baddbmm", "einsum", "tensordot", "inner", "multi_dot"),
    *("cdist", "vecdot", "embedding", "embedding_bag", "__getitem__", "index_select"),
    *("gather", "take", "take_along_dim", "grid_sample", "lstm", "gru", "rnn_tanh", "rnn_relu"),
    *("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell", "multi_head_attention_forward"),
    "scaled_dot_product_attention",
}
#: Products of two factors, the left of which may be the parameter.
PRODUCTS = {"matmul", "__matmul__", "mm", "bmm"}
#: Operations that lay tensors side by side: no parameter makes what is added.
JOINS = {"cat", "concat", "concatenate", "stack", "hstack", "vstack", "column_stack"}
#: Operations that take only shape and precision of tensors after the first, or of all.
OF_THE_FIRST = {"to", "type_as", "expand_as", "view_as", "reshape_as"}
OF_NONE = re.compile(r"\w+_like|new_\w+")
#: Makers of tensors from what torch did not see.
FOREIGN = {"tensor", "as_tensor", "asarray", "from_numpy", "frombuffer"}


def makes_columns(name: str, data: list[Tensor], results: list[Tensor]) -> bool:
    """True for an operation on data and a parameter that is a layer.

    That is a known one, or one by entries whose result is larger than its data, as
    x[:, None] − centres. A scale, a shift or a normalisation is none.
    """
    grown = max(t.numel() for t in results) > max(map(_distinct, data))
    return name in LAYERS or (grown and name not in JOINS)


def _distinct(tensor: Tensor) -> int:
    """Entries of a tensor, without those that `expand` repeats."""
    return prod(size for size, step in zip(tensor.shape, tensor.stride(), strict=True) if step)


def axes_of(
    name: str, args: tuple, weights: list[Tensor], results: list[Tensor]
) -> tuple[int, int]:
    """The dimension of the columns in what a layer reads and in what it makes, from the last."""
    if name in CHANNELS:
        return CHANNELS[name], CHANNELS[name]
    if name in PRODUCTS and args[0] is weights[0]:
        return -2, -2
    if name == "grid_sample":
        return -1, 1 - results[0].ndim
    if name == "einsum" and isinstance(args[0], str) and "->" in args[0]:
        operands = args[1] if isinstance(args[1], list | tuple) else args[1:]
        return _of_einsum(args[0].replace(" ", ""), [t is not weights[0] for t in operands])
    return -1, -1


def _of_einsum(equation: str, is_data: list[Any]) -> tuple[int, int]:
    """The last dimension that is summed over, and the last that is new."""
    terms, _, made = equation.partition("->")
    read = terms.split(",")[is_data.index(True)]
    summed = [i - len(read) for i, letter in enumerate(read) if letter not in made]
    new = [i - len(made) for i, letter in enumerate(made) if letter not in read]
    return max(summed, default=-1), max(new, default=-1)
