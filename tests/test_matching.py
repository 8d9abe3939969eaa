"""Models whose size is solved for the default's number of trained parameters."""

import json
from functools import cache

import pytest
import torch

from inr_experiments.building import build_network, build_task, settings_of, task_class
from inr_experiments.checks import InputError
from inr_experiments.domain import Domain
from inr_experiments.matching import nearest_count
from inr_experiments.runs.key import run_key
from inr_experiments.tasks.grid_signal import FITTED
from inr_experiments.tasks.task import Task
from tests.fields import config_of, field_and_task
from tests.test_configs import GRIDS, stems

SMALL = {
    "image": ["task.side=16"],
    "occupancy": ["task.pool=4096", "task.spectrum_points=999", "task.near_points=64"],
}
#: Of too many cosines, or with singular values taken at points that are not there beforehand.
WITHOUT = ("fr_inr", "rei_span", "rei_white", "relu_span")
FIELDS = [stem for stem in stems("model") if not stem.startswith(GRIDS)]


def key_of(config):
    return run_key(config, data_sha256="0" * 64, of_task=task_class(config).KEY_EXCLUDES)


@cache
def relu_on(task: str) -> tuple[Task, int]:
    """A task, and how many parameters the default trains on it."""
    field, made = field_and_task(f"task={task}", *SMALL[task], "scale=laptop", "model=relu")
    return made, field.parameter_count(trained=True)


@pytest.mark.parametrize("task", ["image", "occupancy"])
@pytest.mark.parametrize("model", FIELDS)
def test_every_field_fits_pictures_and_solids_in_the_size_of_relu(model, task):
    made, target = relu_on(task)
    size = "model.width=12" if model in WITHOUT else "model.match=relu"
    config = config_of(f"task={task}", *SMALL[task], "scale=laptop", f"model={model}", size)
    found = build_network(config, made)
    assert found(made.coordinates[:9]).shape == (9, made.out_features)
    if model not in WITHOUT:
        assert abs(found.parameter_count(trained=True) / target - 1) <= 0.05


def test_relu_and_its_initialisations_stay_as_they_are():
    for model in ("relu", "rank_expanding", "finer", "gauss"):
        plain, sized = (config_of(f"model={model}", *w) for w in ((), ("model.match=relu",)))
        assert sized["model"]["width"] == plain["model"]["width"]
        assert key_of(sized) == key_of(plain)


def test_the_key_and_the_record_hold_what_is_solved():
    solved = config_of("scale=laptop", "model=wire", "model.match=relu")
    width = solved["model"]["width"]
    assert solved["model"]["match"] == "relu" and width != 144
    by_hand = config_of("scale=laptop", "model=wire", f"model.width={width}")
    assert key_of(solved) == key_of(by_hand) != key_of(config_of("scale=laptop", "model=wire"))
    assert json.loads(json.dumps(solved)) == solved


def test_of_a_hash_grid_the_table_is_solved():
    words = ("scale=laptop", "task.side=16", "model=hash_grid")
    solved, plain = config_of(*words, "model.match=relu"), config_of(*words)
    assert solved["model"]["width"] == plain["model"]["width"] == 64
    assert 1000 < solved["model"]["encoding"]["rows"] < plain["model"]["encoding"]["rows"]


def test_cosines_may_be_as_many_as_the_width():
    words = ("scale=laptop", "model=fr_inr", "model.hidden_init.frequencies=null")
    assert config_of(*words, "model.match=relu")["model"]["width"] == 144


def test_all_pictures_of_a_sweep_have_one_size():
    words = ("scale=laptop", "model=pe", "model.match=relu")
    widths = {
        config_of(*words, f"task.image={name}")["model"]["width"] for name in ("coffee", "rocket")
    }
    assert len(widths) == 1


@pytest.mark.parametrize("fitted", [*FITTED, 0.2])
def test_the_size_is_solved_for_the_network_that_is_fitted(fitted):
    words = ("scale=laptop", "model=pe", "model.match=relu", f"task.fitted={fitted}")
    config = config_of(*words, "task.side=64")
    domain, channels = task_class(config).usual_shape(**settings_of(config))
    task = build_task(config)
    assert (domain.density, channels) == (task.domain.density, task.out_features)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model=fr_inr"], "model.match=relu: model.width=.* expected 5% between them"),
        (["model=wire", "model.match_by=breadth"], "model.match_by='breadth': no such key"),
        (["model=siren", "task.side=null"], "task.side=None: expected a number where"),
    ],
)
def test_what_cannot_be_solved_is_said(words, said):
    with pytest.raises(InputError, match=said):
        config_of("scale=laptop", "model.match=relu", *words)


def test_another_model_to_match_is_refused():
    with pytest.raises(InputError, match=r"model\.match='sirne': expected one of relu"):
        config_of("model.match=sirne")


@pytest.mark.parametrize("start", [1, 7, 40, 1000])
@pytest.mark.parametrize("target", [1, 50, 2450])
def test_the_nearest_count_is_found_from_anywhere(start, target):
    def count(n: int) -> int:
        return n * n + 3 * (n % 2)  # not quite in order

    best = min(range(1, 200), key=lambda n: abs(count(n) - target))
    assert nearest_count(count, target, start=start) == best


def test_a_place_told_in_lists_is_one_told_in_tuples():
    own = {"radius": 2, "density": 8}
    told = [Domain(half_extents=two, **own) for two in ((1, 1), [1, 1], torch.ones(2))]
    assert len(set(told)) == 1, "sizes are kept by it"


def test_a_solved_config_is_built_as_it_is():
    config = config_of("model=gauss", "task.side=16", "model.match=relu")
    network = build_network(config, build_task(config))
    assert network.parameter_count() == field_and_task("model=relu")[0].parameter_count()
