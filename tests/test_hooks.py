"""Hooks that are always removed."""

import pytest
import torch
from torch import nn

from inr_experiments.hooks import hooked


def test_before_and_after_see_and_replace() -> None:
    module, seen = nn.Sequential(nn.Identity(), nn.ReLU()), []

    def before(name, _module, inputs):
        seen.append((name, inputs[0].item()))
        return (inputs[0] + 1,)

    def after(name, _module, _inputs, result):
        seen.append((name, result.item()))
        return 2 * result

    with hooked({"first": module[0]}, before=before), hooked({"last": module[1]}, after=after):
        assert module(torch.tensor(1.0)) == 4
    assert seen == [("first", 1.0), ("last", 2.0)]
    assert module(torch.tensor(1.0)) == 1


def test_hooks_are_removed_after_an_error() -> None:
    module = nn.Linear(2, 2)
    nothing = hooked({"": module}, before=lambda *_: None, after=lambda *_: None)
    with pytest.raises(RuntimeError, match="cannot be multiplied"), nothing:
        module(torch.ones(1, 3))
    assert not module._forward_hooks and not module._forward_pre_hooks
