"""The fit: milestones, determinism, chunks, schedules, divergence."""

import math
from dataclasses import replace

import pytest
import torch

from inr_experiments.building import build_plan
from inr_experiments.checks import InputError
from inr_experiments.fit.loop import DivergedError, fit
from inr_experiments.fit.plan import Plan
from inr_experiments.fit.step import accumulate_gradients
from tests.fields import config_of, field_and_task

PLAN = build_plan(config_of("fit.steps=12", "fit.milestone_every=5"))


def fitted(plan: Plan = PLAN, *overrides: str, seed: int = 0):
    field, task = field_and_task("task.side=24", "model=relu", *overrides)
    return field, list(fit(field, task, plan, seed=seed))


def test_milestones_are_the_first_the_multiples_and_the_last():
    _, snapshots = fitted()
    assert [s.step for s in snapshots] == [0, 5, 10, 12]
    assert [len(s.losses) for s in snapshots] == [0, 5, 5, 2]


def test_the_last_snapshot_is_good_for_good():
    field, task = field_and_task("task.side=24", "model=bn")
    for last in fit(field, task, PLAN, seed=0):
        within = task.evaluate(last.predict)
    assert task.evaluate(last.predict) == within


def test_the_first_loss_is_that_of_the_initialisation():
    field, task = field_and_task("task.side=24", "model=relu")
    x, y = task.batch("full", torch.Generator())
    with torch.no_grad():
        expected = torch.nn.functional.mse_loss(field(x), y).item()
    losses = [loss for s in fit(field, task, PLAN, seed=0) for loss in s.losses]
    assert losses[0] == pytest.approx(expected, rel=1e-6)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("model", ["relu", "siren", "bn"])
@pytest.mark.parametrize("batch", ["full", 50])
def test_same_seed_same_bits(model, batch):
    a, b = (fitted(replace(PLAN, batch=batch), f"model={model}")[0] for _ in range(2))
    for name, value in a.state_dict().items():
        assert value.equal(b.state_dict()[name]), name


def test_another_seed_draws_other_batches():
    plan = replace(PLAN, batch=50)
    a, b = fitted(plan, seed=0)[0], fitted(plan, seed=1)[0]
    assert not a.head.weight.equal(b.head.weight)


@pytest.mark.parametrize("chunk", [1, 7, 100_000])
def test_chunks_do_not_change_the_gradient(chunk):
    grads = []
    for rows in (chunk, 10**9):
        field, task = field_and_task("task.side=24", "model=pe")
        field.double()
        x, y = (t.double() for t in task.batch("full", torch.Generator()))
        accumulate_gradients(field, task, x, y, chunk=rows)
        grads.append(torch.cat([p.grad.flatten() for p in field.parameters()]))
    torch.testing.assert_close(grads[0], grads[1], rtol=1e-10, atol=1e-14)


def test_a_field_that_couples_samples_takes_the_batch_whole():
    a, b = (fitted(replace(PLAN, chunk=chunk), "model=bn")[0] for chunk in (3, 10**6))
    assert a.head.weight.equal(b.head.weight)


def test_divergence_names_the_step():
    with pytest.raises(DivergedError, match=r"diverged at step \d+"):
        fitted(replace(PLAN, lr=1e30))


def test_schedules():
    cosine = replace(PLAN, schedule="cosine", lr=2.0, steps=10)
    assert cosine.lr_at(0) == 2 and cosine.lr_at(5) == pytest.approx(1)
    assert cosine.lr_at(9) == pytest.approx(1 + math.cos(0.9 * math.pi))
    step = replace(PLAN, schedule="step", lr=2.0, decay=0.1, decay_every=4)
    assert [step.lr_at(s) for s in (0, 3, 4, 8)] == pytest.approx([2, 2, 0.2, 0.02])
    assert replace(PLAN, schedule="constant", lr=2.0).lr_at(11) == 2


def test_sgd_takes_the_plain_step():
    plan = replace(PLAN, optimiser="sgd", momentum=0.0, schedule="constant", steps=1, lr=0.5)
    field, task = field_and_task("task.side=24", "model=relu")
    x, y = task.batch("full", torch.Generator())
    before = field.head.bias.detach().clone()
    accumulate_gradients(field, task, x, y, chunk=100)
    expected = before - 0.5 * field.head.bias.grad
    field, _ = fitted(plan)
    torch.testing.assert_close(field.head.bias.detach(), expected)


def test_muon_takes_an_orthogonal_step_in_the_hidden_matrices_alone():
    plan = replace(PLAN, optimiser="muon", schedule="constant", steps=1, lr=0.01)
    before, _ = field_and_task("task.side=24", "model=relu")
    field, _ = fitted(plan)
    step = {n: before.state_dict()[n] - v for n, v in field.state_dict().items()}
    D = field.hidden[0].linear.out_features
    for i in range(3):
        sigma = torch.linalg.svdvals(step[f"hidden.{i}.linear.weight"])
        # Newton–Schulz brings singular values near 1, but for those that are almost zero.
        assert sigma[0] / (0.01 * 0.2 * math.sqrt(D)) == pytest.approx(1, abs=0.35)
        assert sigma[2] > 0.5 * sigma[0]
    # Adam's first step is lr in every entry that has a gradient.
    assert step["head.bias"].abs().mean().item() == pytest.approx(0.01, rel=1e-3)
    assert step["inlet.linear.weight"].abs().max().item() == pytest.approx(0.01, rel=1e-3)


def test_muon_and_adam_decay_together():
    field, _ = field_and_task("task.side=24", "model=relu")
    optimiser = replace(PLAN, optimiser="muon").build_optimiser(field)
    assert sum(len(g["params"]) for g in optimiser.param_groups) == len(list(field.parameters()))
    with pytest.raises(InputError, match=r"fit\.optimiser=muon"):
        fitted(replace(PLAN, optimiser="muon"), "model.hidden_layers=0")


@pytest.mark.parametrize(
    "bad",
    [{"lr": math.nan}, {"lr": 0}, {"lr": "fast"}, {"steps": 0}, {"steps": 2.5}, {"chunk": -1},
     {"optimiser": "adm"}, {"schedule": "linear"}, {"batch": 0}, {"batch": "half"}],
)  # fmt: skip
def test_bad_values_are_refused_by_name(bad):
    with pytest.raises(InputError, match=f"fit.{next(iter(bad))}"):
        replace(PLAN, **bad)


def test_numbers_too_small_for_float32_are_zero_within_a_fit_and_only_there():
    def tiny() -> float:
        return (torch.tensor([1e-40]) * 1.0).item()

    field, task = field_and_task("task.side=24", "model=relu")
    assert tiny() > 0
    for _ in fit(field, task, PLAN, seed=0):
        assert tiny() == 0
    assert tiny() > 0
