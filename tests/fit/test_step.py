"""One step: chunks, precision, and the graph that no processor captures."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.overrides import TorchFunctionMode

from inr_experiments.building import build_settings
from inr_experiments.checks import InputError
from inr_experiments.fit.chunk import MAX_CHUNK_ROWS, MIN_CHUNK_ROWS, rows_at_a_time
from inr_experiments.fit.compiled import Captured
from inr_experiments.fit.loop import accumulate_gradients, fit
from inr_experiments.fit.precision import check_precision, has_bf16, trunk_in
from tests.cases import KINDS, POINTS, field
from tests.fields import config_of, field_and_task
from tests.reference.fit import plain_fit

SMALL = ("task.side=32", "model.width=24")
MODELS = ("relu", "siren", "pe", "rff", "bn", "bn_all_pre", "rank_expanding")


def gradient(model: str, precision: str) -> torch.Tensor:
    field, task = field_and_task(*SMALL, f"model={model}")
    x, y = task.batch("full", torch.Generator())
    with trunk_in(field, precision):
        accumulate_gradients(field, task, x, y, chunk=len(x))
    return torch.cat([p.grad.flatten() for p in field.parameters()])


def psnr_of(losses: list[float]) -> float:
    return -10 * math.log10(losses[-1])


@pytest.mark.parametrize("model", ["relu", "siren"])
def test_the_fit_is_the_plain_one(model):
    # A SIREN amplifies rounding: 1e-6 dB after 50 steps, 1e-4 after 100, 0.05 after 200.
    words = (*SMALL, f"model={model}", "fit.steps=100", "fit.schedule=null", "fit.lr=1e-3")
    losses = []
    for chunk in ("null", "100"):
        config = config_of(*words, f"fit.chunk={chunk}")
        field, task = field_and_task(*words)
        snapshots = list(fit(field, task, build_settings(config), seed=0))
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
    full, rounded = (gradient(model, precision) for precision in ("fp32", "bf16"))
    assert rounded.dtype == torch.float32
    assert 1e-5 < (rounded - full).norm() / full.norm() < 0.2
    field, task = field_and_task(*SMALL, f"model={model}", "model.hidden_layers=0")
    x = task.coordinates
    with trunk_in(field, "bf16"):
        rounded = field(x)
    assert rounded.equal(field(x)), "encoding, inlet and head are float32"


def test_tf32_is_on_in_the_trunk_and_in_its_gradient_only():
    field, task = field_and_task(*SMALL, "model=pe")
    seen = {}

    def note(place):
        seen[place] = torch.backends.cuda.matmul.fp32_precision

    for name, stage in field.stages():
        linear = getattr(stage, "linear", stage)
        if name != "encoding":
            linear.register_forward_hook(lambda *_, name=name: note(name))
            linear.register_full_backward_hook(lambda *_, name=name: note(f"{name} back"))
    z = task.coordinates.clone().requires_grad_()
    with trunk_in(field, "tf32"):
        field(z).sum().backward()
    on = {place for place, state in seen.items() if state == "tf32"}
    assert on == {f"hidden.{i}{back}" for i in range(3) for back in ("", " back")}
    assert len(seen) == 10


@pytest.mark.parametrize("frozen", [False, True])
def test_tf32_ends_with_the_step(frozen):
    field, task = field_and_task(*SMALL, "model=relu", f"+model.freeze_inlet={frozen}")
    x, y = task.batch("full", torch.Generator())
    before, seen = torch.backends.cuda.matmul.fp32_precision, set()
    field.inlet.linear.register_forward_hook(
        lambda *_: seen.add(torch.backends.cuda.matmul.fp32_precision)
    )
    with trunk_in(field, "tf32"):
        accumulate_gradients(field, task, x, y, chunk=100)
    assert seen == {"ieee"} and torch.backends.cuda.matmul.fp32_precision == before


def test_what_a_machine_has_no_instructions_for_is_refused(monkeypatch):
    with pytest.raises(InputError, match="precision='tf32': a processor has no TF32"):
        check_precision("tf32", "cpu")
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "flags : fpu avx2\n")
    has_bf16.cache_clear()
    with pytest.raises(InputError, match="precision='bf16': no instructions for it here"):
        check_precision("bf16", "cpu")
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "flags : fpu avx512_bf16\n")
    has_bf16.cache_clear()
    check_precision("bf16", "cpu")
    with pytest.raises(InputError, match="precision='bf16': the model refuses it"):
        check_precision("bf16", "cpu", bf16="refused")
    has_bf16.cache_clear()


def test_a_config_says_what_was_written():
    config = config_of("model=siren", "fit.precision=bf16")
    assert config["fit"]["precision"] == "bf16"
    with pytest.raises(InputError, match=r"fit\.precision='bf61'.*did you mean 'bf16'"):
        build_settings(config_of("fit.precision=bf61"))
    with pytest.raises(InputError, match=r"model\.bf16='no'"):
        config_of("model.bf16='no'")


def test_chunks_follow_cache_width_and_precision():
    rows = [rows_at_a_time(width=w, precision="fp32", device="cpu") for w in (1, 64, 256, 10**6)]
    assert (
        rows == sorted(rows, reverse=True)
        and rows[0] == MAX_CHUNK_ROWS
        and rows[-1] == MIN_CHUNK_ROWS
    )
    halves = rows_at_a_time(width=256, precision="bf16", device="cpu")
    assert halves == min(2 * rows[2], MAX_CHUNK_ROWS)


class Crossing(TorchFunctionMode):
    """Notes calls that take numbers to a device or from it, most of what a CUDA graph refuses."""

    NAMES = (
        *("tensor", "as_tensor", "from_numpy", "item", "tolist", "cpu", "numpy", "nonzero"),
        *("__bool__", "__float__", "__int__"),
    )

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.seen |= {getattr(func, "__name__", "")} & {*self.NAMES}
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_network_computes_with_is_on_its_device_before_a_step(kind):
    network, x = field(kind, 2, 1), torch.rand(POINTS, 2, dtype=torch.float64)
    network(x)
    with Crossing() as crossing:
        network(x).square().mean().backward()
    assert crossing.seen == set()


def test_where_no_graph_can_be_captured_the_steps_are_taken(caplog):
    if torch.cuda.is_available():
        pytest.skip("this machine can capture")
    field, task = field_and_task(*SMALL, "model=relu")
    x, y = task.batch("full", torch.Generator())
    settings = replace(build_settings(config_of()), schedule=None, lr=1e-3)
    optimiser = settings.build_optimiser(field)

    def step(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        optimiser.zero_grad()
        loss = accumulate_gradients(field, task, x, y, chunk=100)
        optimiser.step()
        return loss

    graphed = Captured(step, optimiser)
    ours = [graphed(x, y).item() for _ in range(6)]
    field, task = field_and_task(*SMALL, "model=relu")
    assert ours == pytest.approx(plain_fit(field, x, y, lr=1e-3, steps=6), rel=1e-5)
    assert caplog.text.count("could not be captured as a CUDA graph") == 1
