"""A run's name depends on its science and on nothing else."""

import pytest

from inr_experiments.building import task_class
from inr_experiments.runs.key import run_key
from tests.fields import config_of

#: Change it only together with SCIENCE_VERSION: every stored run is found by it.
GOLDEN = "relu-212dcb5b0da3"


def key(*overrides: str, data: str = "0" * 64) -> str:
    config = config_of("model=relu", *overrides)
    return run_key(config, data_sha256=data, of_task=task_class(config).KEY_EXCLUDES)


def test_golden_key():
    assert key("fit.lr=0.005") == GOLDEN


@pytest.mark.parametrize(
    "override",
    ["seed=3", "device=cpu", "outputs=elsewhere", "tracking=wandb", "fit.chunk=7",
     "diagnostic=none", "force=true", "task.path=/somewhere/else.png", "trusted=[mine]",
     "model.bf16=refused", "task.source=div2k", "model.label=mine", "model.colour='#123456'"],
)  # fmt: skip
def test_what_decides_no_number_is_left_out(override):
    assert key(override) == key()


@pytest.mark.parametrize(
    "override",
    ["model=rank_expanding", "model.width=17", "model.hidden_layers=2", "fit.lr=0.1", "fit.steps=3",
     "fit.batch=10", "task.side=20", "task.fitted=all", "task.coordinates=unit", "scale=laptop",
     "task.noise=0.1", "fit.precision=bf16"],
)  # fmt: skip
def test_what_decides_the_numbers_changes_it(override):
    assert key(override) != key()


def test_the_data_changes_it():
    assert key(data="1" * 64) != key()


def test_the_model_rate_enters_through_the_fit():
    assert key("model.lr=0.1", "fit.lr=0.01") == key()
