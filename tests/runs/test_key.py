"""A run's name depends on its science and on nothing else."""

import pytest

from inr_experiments.runs.key import run_key
from tests.fields import config_of

#: Change it only together with SCIENCE_VERSION: every stored run is found by it.
GOLDEN = "relu-647a71c00c0f"


def key(*overrides: str) -> str:
    return run_key(config_of("model=relu", *overrides), data_sha256="0" * 64)


def test_golden_key():
    assert key() == GOLDEN


@pytest.mark.parametrize(
    "override",
    ["seed=3", "device=cpu", "outputs=elsewhere", "tracking=wandb", "fit.chunk=7",
     "diagnostic=none", "force=true", "task.path=/somewhere/else.png", "trusted=[mine]",
     "task.noise=0", "model.fast=false", "fit.precision=fp32"],
)  # fmt: skip
def test_what_decides_no_number_is_left_out(override):
    assert key(override) == key()


@pytest.mark.parametrize(
    "override",
    ["model=rank_expanding", "model.width=17", "model.hidden_layers=2", "fit.lr=0.1", "fit.steps=3",
     "fit.batch=10", "task.side=20", "task.fitted=all", "task.coordinates=unit", "scale=laptop",
     "task.noise=0.1"],
)  # fmt: skip
def test_what_decides_the_numbers_changes_it(override):
    assert key(override) != key()


def test_the_data_changes_it():
    config = config_of("model=relu")
    assert run_key(config, data_sha256="1" * 64) != key()


def test_the_model_rate_enters_through_the_fit():
    assert key("model.lr=0.1", "fit.lr=0.005") == key()


def test_runs_stored_before_an_option_came_keep_their_name():
    config = config_of("model=relu")
    later = {"task": "noise", "fit": "precision"}
    before = {
        group: {k: v for k, v in config[group].items() if k != later[group]} for group in later
    }
    assert run_key({**config, **before}, data_sha256="0" * 64) == GOLDEN
    fast = {**config, "fit": {**config["fit"], "precision": "bf16"}}
    assert run_key(fast, data_sha256="0" * 64) != GOLDEN
