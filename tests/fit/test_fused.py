"""The fused layers against autograd on the layers as they are written."""

from copy import deepcopy

import pytest
import torch

from inr_experiments.building import build_settings
from inr_experiments.fit.chunk import RowLimit
from inr_experiments.fit.fused import fused_forwards, parts
from inr_experiments.fit.loop import accumulate_gradients, fit
from inr_experiments.fit.precision import trunk_in
from tests.fields import config_of, field_and_task

SMALL = ("task.side=32", "model.width=24")
MODELS = ("relu", "rank_expanding", "siren", "pe", "rff", "bn", "bn_all_pre", "rei_sine_trunk")


def gradient(field, task, precision: str, *, fused: bool) -> torch.Tensor:
    x, y = (t.to(field.head.weight.dtype) for t in task.batch("full", torch.Generator()))
    forwards = fused_forwards(field, precision) if fused else None
    assert (forwards is None) != fused
    field.zero_grad()
    with trunk_in(field, precision, forwards):
        accumulate_gradients(field, task, x, y, chunk=200)
    assert "forward" not in vars(field.head)
    return torch.cat([p.grad.flatten().double() for p in field.parameters() if p.requires_grad])


def apart(a: torch.Tensor, b: torch.Tensor) -> float:
    return ((a - b).norm() / b.norm()).item()


@pytest.mark.parametrize("model", MODELS)
def test_gradients_are_those_of_autograd(model):
    field, task = field_and_task(*SMALL, f"model={model}")
    exact = deepcopy(field).double()
    expected = gradient(exact, task, "fp32", fused=False)
    assert apart(gradient(exact, task, "fp32", fused=True), expected) < 1e-13
    for precision in ("fp32", "tf32"):
        assert apart(gradient(field, task, precision, fused=True), expected) < 2e-5, (
            "a ReLU at its kink may turn"
        )


@pytest.mark.parametrize("model", MODELS)
def test_bfloat16_is_as_near_as_autocast(model):
    field, task = field_and_task(*SMALL, f"model={model}")
    expected = gradient(deepcopy(field).double(), task, "fp32", fused=False)
    ours, autocast = (
        apart(gradient(field, task, "bf16", fused=fused), expected) for fused in (True, False)
    )
    assert 1e-5 < ours < 1.1 * autocast


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_biases_are_trained_beside_frozen_weights(precision):
    field, task = field_and_task(*SMALL, "model=relu")
    for name, parameter in field.named_parameters():
        parameter.requires_grad_(name.endswith("bias"))
    expected = gradient(deepcopy(field).double(), task, "fp32", fused=False)
    assert apart(gradient(field, task, precision, fused=True), expected) < 0.02


def test_inlet_and_head_are_float32_rounded_once():
    field, task = field_and_task(*SMALL, "model=rank_expanding")
    forwards, x = fused_forwards(field, "bf16"), task.coordinates
    exact = deepcopy(field).double()
    assert (forwards["inlet"](x) - exact.inlet(x.double())).abs().max() < 2**-8
    whole = exact.inlet(x.double()).to(torch.bfloat16)
    assert (forwards["inlet"](x) == whole).float().mean() > 0.999, "but for ties"
    y = forwards["head"](whole)
    assert y.dtype == torch.float32
    assert (y - exact.head(whole.double())).abs().max() < 1e-6


def test_three_bfloat16_numbers_are_a_float32():
    a = torch.randn(10_000, generator=torch.Generator().manual_seed(0))
    assert (sum(part.double() for part in parts(a)) - a).abs().max() < 2**-24 * a.abs().max()


def test_a_frozen_inlet_takes_no_gradient():
    field, task = field_and_task(*SMALL, "model=rei_frozen")
    for precision in ("fp32", "bf16"):
        gradient(field, task, precision, fused=True)
        assert field.inlet.linear.weight.grad is None


def test_other_layers_take_the_general_path():
    for words in (("model=rei_white",), ("model.hidden_activation._target_=torch.nn.GELU",)):
        field, _ = field_and_task(*SMALL, *words)
        assert fused_forwards(field, "fp32") is None


class Full(torch.nn.Module):
    """Holds `most` rows at a time, as a GPU of so much memory."""

    def __init__(self, stage: torch.nn.Module, most: int) -> None:
        super().__init__()
        self.stage, self.most, self.given = stage, most, []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.given.append(len(x))
        if len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.stage(x)


def test_out_of_memory_halves_the_rows_and_nothing_else(caplog):
    settings = build_settings(config_of("fit.steps=3", "fit.chunk=256"))
    field, task = field_and_task(*SMALL, "model=relu")
    expected = [loss for s in fit(field, task, settings, seed=0) for loss in s.losses]
    field, task = field_and_task(*SMALL, "model=relu")
    field.inlet = Full(field.inlet, 100)
    found = [loss for s in fit(field, task, settings, seed=0) for loss in s.losses]
    assert found == pytest.approx(expected, rel=1e-5)
    assert "goes on with 64 rows at a time" in caplog.text
    assert field.inlet.given.count(256) == 1, "it is tried once"


def test_a_row_that_does_not_fit_is_an_error():
    def call(rows: int) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        RowLimit(8).within_memory(call)
