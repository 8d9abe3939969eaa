"""What is free, and what is refused for want of it."""

import pytest
import torch

from inr_experiments import memory
from inr_experiments.checks import InputError


def test_on_a_gpu_what_torch_holds_and_does_not_use_is_free(monkeypatch):
    for name, answer in (
        ("mem_get_info", (10, 16)), ("memory_reserved", 5), ("memory_allocated", 2)
    ):  # fmt: skip
        monkeypatch.setattr(torch.cuda, name, lambda device, answer=answer: answer)
    assert memory.available(torch.device("cuda")) == 10 + 5 - 2


def test_what_does_not_fit_is_refused_with_the_way_out():
    assert memory.available(torch.device("cpu")) > 0
    memory.require(1, what="a byte")
    with pytest.raises(InputError, match=r"^2e\+09 GiB needed, .* GiB free: a kernel; take fewer$"):
        memory.require(2e9 * memory.GIB, what="a kernel; take fewer")
