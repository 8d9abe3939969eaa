"""One step: chunks, precision, and the graph that no processor captures."""

import logging
import math
from dataclasses import replace

import pytest
import torch

from inr_experiments.building import build_plan
from inr_experiments.checks import InputError
from inr_experiments.fit import precision as precision_module
from inr_experiments.fit.chunk import LEAST, MOST, rows_at_a_time
from inr_experiments.fit.loop import fit
from inr_experiments.fit.precision import bf16_speedup, forward, usable
from inr_experiments.fit.step import GraphStep, accumulate_gradients
from tests.fields import config_of, field_and_task
from tests.reference.fit import plain_fit

SMALL = ("task.side=32", "model.width=24")
MODELS = ("relu", "siren", "pe", "rff", "bn", "bn_all_pre", "rank_expanding")


def gradient(model: str, precision: str, chunk: int) -> torch.Tensor:
    field, task = field_and_task(*SMALL, f"model={model}")
    x, y = task.batch("full", torch.Generator())
    accumulate_gradients(field, task, x, y, chunk=chunk, precision=precision)
    return torch.cat([p.grad.flatten() for p in field.parameters()])


def psnr_of(losses: list[float]) -> float:
    return -10 * math.log10(losses[-1])


@pytest.mark.parametrize("model", ["relu", "siren", "pe"])
def test_chunks_give_the_gradient_of_the_whole(model):
    whole, chunked = (gradient(model, "fp32", rows) for rows in (10**6, 100))
    assert (chunked - whole).norm() < 1e-6 * whole.norm()


@pytest.mark.parametrize("model", ["relu", "siren"])
def test_the_fit_is_the_plain_one(model):
    # A SIREN amplifies rounding: 1e-6 dB after 50 steps, 1e-4 after 100, 0.05 after 200.
    words = (*SMALL, f"model={model}", "fit.steps=100", "fit.schedule=constant", "fit.lr=1e-3")
    losses = []
    for chunk in ("null", "100"):
        config = config_of(*words, f"fit.chunk={chunk}")
        field, task = field_and_task(*words)
        snapshots = list(fit(field, task, build_plan(config), seed=0))
        losses.append([loss for s in snapshots for loss in s.losses])
    field, task = field_and_task(*words)
    x, y = task.batch("full", torch.Generator())
    plain = plain_fit(field, x, y, lr=1e-3, steps=100)
    for ours in losses:
        assert ours[0] == pytest.approx(plain[0], rel=1e-6)
        assert psnr_of(ours[:50]) == pytest.approx(psnr_of(plain[:50]), abs=1e-4)
        assert psnr_of(ours) == pytest.approx(psnr_of(plain), abs=0.01)


@pytest.mark.parametrize("model", MODELS)
def test_bf16_rounds_the_trunk_and_nothing_else(model):
    full, rounded = (gradient(model, precision, 10**6) for precision in ("fp32", "bf16"))
    assert rounded.dtype == torch.float32
    assert 1e-5 < (rounded - full).norm() / full.norm() < 0.2
    field, task = field_and_task(*SMALL, f"model={model}", "model.hidden_layers=0")
    x = task.coordinates
    assert forward(field, "bf16")(x).equal(field(x)), "encoding, inlet and head are float32"


def test_tf32_is_on_in_the_trunk_and_in_its_gradient_only():
    field, task = field_and_task(*SMALL, "model=pe")
    seen = {}

    def note(place):
        seen[place] = torch.backends.cuda.matmul.fp32_precision

    for name, stage in field.stages():
        if name != "encoding":
            stage.register_forward_hook(lambda *_, name=name: note(name))
            stage.register_full_backward_hook(lambda *_, name=name: note(f"{name} back"))
    z = task.coordinates.clone().requires_grad_()
    forward(field, "tf32")(z).sum().backward()
    on = {place for place, state in seen.items() if state == "tf32"}
    assert on == {f"hidden.{i}{back}" for i in range(3) for back in ("", " back")}
    assert len(seen) == 10


def test_a_processor_says_once_what_it_is_not_for(caplog, monkeypatch):
    caplog.set_level(logging.WARNING)
    usable.cache_clear()
    assert usable("tf32", "cpu") == usable("tf32", "cpu") == "fp32"
    assert caplog.text.count("a processor has no TF32; the fit stays in fp32") == 1
    monkeypatch.setattr(precision_module, "WORTH", bf16_speedup() * 1.01)
    assert usable("bf16", "cpu") == "fp32"
    assert "a bfloat16 product is" in caplog.text
    usable.cache_clear()
    monkeypatch.setattr(precision_module, "WORTH", bf16_speedup() * 0.99)
    assert usable("bf16", "cpu") == "bf16"
    usable.cache_clear()


def test_a_model_that_is_not_for_it_stays_in_fp32(caplog):
    config = config_of("model=relu", "model.fast=false", "fit.precision=bf16")
    assert config["fit"]["precision"] == "fp32"
    with pytest.raises(InputError, match=r"fit\.precision='bf61'.*did you mean 'bf16'"):
        config_of("fit.precision=bf61")
    with pytest.raises(InputError, match=r"model\.fast='no'"):
        config_of("model.fast='no'", "fit.precision=bf16")


def test_chunks_follow_cache_width_and_precision():
    rows = [rows_at_a_time(width=w, precision="fp32", device="cpu") for w in (1, 64, 256, 10**6)]
    assert rows == sorted(rows, reverse=True) and rows[0] == MOST and rows[-1] == LEAST
    halves = rows_at_a_time(width=256, precision="bf16", device="cpu")
    assert halves == min(2 * rows[2], MOST)


def test_where_no_graph_can_be_captured_the_steps_are_taken(caplog):
    if torch.cuda.is_available():
        pytest.skip("this machine can capture")
    field, task = field_and_task(*SMALL, "model=relu")
    x, y = task.batch("full", torch.Generator())
    plan = replace(build_plan(config_of()), schedule="constant", lr=1e-3)
    optimiser = plan.build_optimiser(field)

    def step(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        optimiser.zero_grad()
        loss = accumulate_gradients(field, task, x, y, chunk=100)
        optimiser.step()
        return loss

    graphed = GraphStep(step)
    ours = [graphed(x, y).item() for _ in range(6)]
    field, task = field_and_task(*SMALL, "model=relu")
    assert ours == pytest.approx(plain_fit(field, x, y, lr=1e-3, steps=6), rel=1e-5)
    assert caplog.text.count("could not be captured as a CUDA graph") == 1
