"""The fit: milestones, determinism, chunks, schedules, divergence."""

import math
from dataclasses import replace
from functools import partial

import pytest
import torch

from inr_experiments.building import build_network, build_settings, build_task
from inr_experiments.checks import InputError, within
from inr_experiments.fit.loop import DivergedError, accumulate_gradients, fit
from inr_experiments.fit.settings import FitSettings
from tests.fields import config_of, field_and_task

SETTINGS = build_settings(config_of("fit.steps=12", "fit.milestone_every=5"))

MUON = build_settings(config_of("fit=muon", "fit.steps=12"))


def fitted(settings: FitSettings = SETTINGS, *overrides: str, seed: int = 0):
    field, task = field_and_task("task.side=24", "model=relu", *overrides)
    return field, list(fit(field, task, settings, seed=seed))


def test_milestones_are_the_first_the_multiples_and_the_last():
    _, snapshots = fitted()
    assert [s.step for s in snapshots] == [0, 5, 10, 12]
    assert [len(s.losses) for s in snapshots] == [0, 5, 5, 2]


def test_the_last_snapshot_is_good_for_good():
    field, task = field_and_task("task.side=24", "model=bn")
    for last in fit(field, task, SETTINGS, seed=0):
        within = task.evaluate(last.predict)
    assert task.evaluate(last.predict) == within


def test_the_first_loss_is_that_of_the_initialisation():
    field, task = field_and_task("task.side=24", "model=relu")
    x, y = task.batch("full", torch.Generator())
    with torch.no_grad():
        expected = torch.nn.functional.mse_loss(field(x), y).item()
    losses = [loss for s in fit(field, task, SETTINGS, seed=0) for loss in s.losses]
    assert losses[0] == pytest.approx(expected, rel=1e-6)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("model", ["relu", "siren", "bn"])
@pytest.mark.parametrize("batch", ["full", 50])
def test_same_seed_same_bits(model, batch):
    a, b = (fitted(replace(SETTINGS, batch=batch), f"model={model}")[0] for _ in range(2))
    for name, value in a.state_dict().items():
        assert value.equal(b.state_dict()[name]), name


def test_another_seed_draws_other_batches():
    settings = replace(SETTINGS, batch=50)
    a, b = fitted(settings, seed=0)[0], fitted(settings, seed=1)[0]
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
    a, b = (fitted(replace(SETTINGS, chunk=chunk), "model=bn")[0] for chunk in (3, 10**6))
    assert a.head.weight.equal(b.head.weight)


def refused(*words: str) -> str:
    config = config_of(*words)
    task = build_task(config)
    with pytest.raises(InputError) as refusal, within("fit"):
        build_settings(config).check(build_network(config, task))
    return str(refusal.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("+fit.groups.inlet.learning_rate=1",), "fit.groups.inlet='learning_rate': expected one"),
        (("+fit.groups.hidden_matrices.muon=true",), "fit.groups.hidden_matrices='muon'"),
        (("+fit.groups.inlet.lr=fast",), "fit.groups.inlet.lr='fast': expected a finite number"),
        (("model=pe", "+fit.groups.encoding.lr=1"), "fit.groups.encoding: holds nothing that is"),
        (("+fit.groups.inlet.betas=3",), "fit.optimiser: Adam takes no step ("),
        (("+fit.groups.inlet.amsgrad=abc",), "fit.optimiser: Adam takes no step ("),
        (("fit.groups=3",), "fit.groups=3: expected options by stage"),
        (("+fit.optimiser.lr=0.5",), "fit.optimiser.lr=0.5: expected the rate as lr"),
        (("fit.optimiser._target_=torch.optim.LBFGS",), "fit.optimiser: LBFGS takes no step ("),
        (
            ("fit.schedule._target_=torch.optim.lr_scheduler.ReduceLROnPlateau",),
            "fit.schedule: ReduceLROnPlateau takes no step (",
        ),
        (("fit.precision=bf16", "model.hidden_layers=0"), "expected real hidden layers, got none"),
    ],
)
def test_what_a_fit_cannot_use_is_refused_before_it_begins(words, said):
    assert said in refused("model=relu", *words)


def test_what_is_said_of_the_optimiser_holds():
    field, _ = field_and_task("task.side=24", "model=relu")
    words = ("+fit.optimiser.foreach=true", "+fit.optimiser.betas=[0.5,0.9]")
    optimiser = build_settings(config_of(*words)).build_optimiser(field)
    assert optimiser.defaults["foreach"] and not optimiser.defaults["fused"]
    assert optimiser.param_groups[0]["betas"] == (0.5, 0.9)


def test_a_schedule_of_torch_is_named_on_the_command_line():
    name = "torch.optim.lr_scheduler.StepLR"
    words = (f"fit.schedule._target_={name}", "+fit.schedule.step_size=5", "fit.lr=1.0")
    settings = replace(build_settings(config_of(*words)), steps=6)
    assert [lr for s in fitted(settings)[1] for lr in s.lrs] == pytest.approx([1] * 5 + [0.1])


def test_divergence_names_the_step():
    with pytest.raises(DivergedError, match=r"diverged at step \d+"):
        fitted(replace(SETTINGS, lr=1e30))


def test_weights_that_are_no_numbers_after_the_last_step_are_no_fit():
    with pytest.raises(DivergedError, match="diverged at step 1") as told:
        fitted(replace(SETTINGS, lr=1e39, steps=1))
    assert len(told.value.losses) == 1 and math.isfinite(told.value.losses[0])


def lrs(**changes) -> list[float]:
    snapshots = fitted(replace(SETTINGS, **changes))[1]
    return [lr for snapshot in snapshots for lr in snapshot.lrs]


def test_schedules():
    cosine = lrs(lr=0.5)
    assert cosine[0] == 0.5 and cosine[6] == pytest.approx(0.25) and len(cosine) == 12
    assert cosine[9] == pytest.approx(0.25 * (1 + math.cos(0.75 * math.pi)))
    step = partial(torch.optim.lr_scheduler.StepLR, step_size=4, gamma=0.1)
    found = lrs(schedule=step, lr=0.2)
    assert [found[i] for i in (0, 3, 4, 8)] == pytest.approx([0.2, 0.2, 0.02, 0.002])
    assert set(lrs(schedule=None, lr=0.2)) == {0.2}


def test_a_stage_may_have_options_of_its_own():
    settings = replace(SETTINGS, schedule=None, steps=1, lr=1e-3, groups={"hidden": {"lr": 1e-2}})
    before, _ = field_and_task("task.side=24", "model=relu")
    field, _ = fitted(settings)
    step = {n: (before.state_dict()[n] - v).abs().max() for n, v in field.state_dict().items()}
    for name, moved in step.items():  # Adam's first step is the rate
        assert moved.item() == pytest.approx(1e-2 if name.startswith("hidden") else 1e-3, rel=1e-2)
    with pytest.raises(InputError, match=r"groups\.hiden: no such stage; .*did you mean 'hidden"):
        fitted(replace(SETTINGS, groups={"hiden": {"lr": 1.0}}))


def test_sgd_takes_the_plain_step():
    settings = replace(SETTINGS, optimiser=torch.optim.SGD, schedule=None, steps=1, lr=0.5)
    field, task = field_and_task("task.side=24", "model=relu")
    x, y = task.batch("full", torch.Generator())
    before = field.head.bias.detach().clone()
    accumulate_gradients(field, task, x, y, chunk=100)
    expected = before - 0.5 * field.head.bias.grad
    field, _ = fitted(settings)
    torch.testing.assert_close(field.head.bias.detach(), expected)


def test_muon_takes_an_orthogonal_step_in_the_hidden_matrices_alone():
    settings = replace(MUON, schedule=None, steps=1, lr=0.01)
    before, _ = field_and_task("task.side=24", "model=relu")
    field, _ = fitted(settings)
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
    optimiser = MUON.build_optimiser(field)
    assert sum(len(g["params"]) for g in optimiser.param_groups) == len(list(field.parameters()))
    with pytest.raises(InputError, match=r"groups\.hidden_matrices: holds nothing that is trained"):
        fitted(MUON, "model.hidden_layers=0")


@pytest.mark.parametrize(
    "bad",
    [{"lr": math.nan}, {"lr": 0}, {"lr": "fast"}, {"steps": 0}, {"steps": 2.5}, {"chunk": -1},
     {"optimiser": "adam"}, {"schedule": "linear"}, {"batch": 0}, {"batch": "half"}],
)  # fmt: skip
def test_bad_values_are_refused_by_name(bad):
    with pytest.raises(InputError, match=f"^{next(iter(bad))}="):
        replace(SETTINGS, **bad)


def test_numbers_too_small_for_float32_are_zero_within_a_fit_and_only_there():
    def tiny() -> float:
        return (torch.tensor([1e-40]) * 1.0).item()

    field, task = field_and_task("task.side=24", "model=relu")
    assert tiny() > 0
    seen = []
    field.register_forward_pre_hook(lambda *_: seen.append((field.training, tiny() == 0)))
    for snapshot in fit(field, task, SETTINGS, seed=0):
        snapshot.predict(task.coordinates)
        assert tiny() > 0
    assert set(seen) == {(True, True), (False, False)}


def test_the_optimiser_of_a_config_has_one_kernel_for_all_parameters():
    field, _ = field_and_task("task.side=24", "model=relu")
    for fit_words in ("fit=standard", "fit=sgd"):
        optimiser = build_settings(config_of(fit_words)).build_optimiser(field)
        assert optimiser.defaults["fused"] and len(optimiser.param_groups) == 1
