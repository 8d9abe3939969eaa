"""Every yaml is composed and built; every name is its stem."""

import re
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from omegaconf import OmegaConf

from inr_experiments.building import build_diagnostics, build_task
from inr_experiments.checks import InputError
from inr_experiments.paths import conf_dir
from inr_experiments.sweep.blocks import Job, jobs
from inr_experiments.sweep.compose import compose_jobs, composing, configs
from tests.fields import config_of, field_and_task


def stems(group: str) -> list[str]:
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


#: Networks of a whole grid or of patches, which have a size of their own.
GRIDS = ("cnn_", "coordinate_", "transformer_", "vit_")


@pytest.mark.parametrize("model", [stem for stem in stems("model") if stem.startswith(GRIDS)])
def test_every_network_of_a_grid_fits_its_tasks(model):
    for task in ["quadrants"] if model.startswith("vit_") else ["image", "signal"]:
        small = () if task == "quadrants" else ("task.side=16", "model.width=12")
        field, made = field_and_task(f"task={task}", f"model={model}", *small)
        assert field(made.coordinates).shape == (len(made.coordinates), made.out_features)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["task=image", "task.side=1"], "task.side=1: expected an integer of at least 2"),
        (["task=image", "task.image=moon"], "task.image='moon': .* task.path=FILE"),
        (["task=occupancy", "task.pool=1"], "task.pool=1: expected an integer from 8"),
        (["task=signal", "task.side=9"], "task.side=9: expected at least 10 for task.band=4"),
        (
            ["task=signal", "task.dimensions=4"],
            "task.dimensions=4: expected an integer from 1 to 3",
        ),
        (["task=signal", "+task.path=a.png"], "task.path: no such key"),
    ],
)
def test_what_a_task_refuses_is_told_with_its_key(words, said):
    with pytest.raises(InputError, match=f"^{said}"):
        build_task(config_of(*words))


def test_a_file_may_be_named_like_an_interpolation(tmp_path):
    path = tmp_path / "a ${seed} ${nowhere}.png"
    iio.imwrite(path, np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    config = config_of("task.side=8")
    task = build_task({**config, "task": {**config["task"], "path": str(path)}})
    assert task.item == path.stem


def test_every_model_has_a_label_and_a_colour_of_its_own_and_its_stem_as_name():
    yamls = [OmegaConf.load(conf_dir() / f"model/{stem}.yaml") for stem in stems("model")]
    assert [yaml["name"] for yaml in yamls] == stems("model")
    for look in ("label", "colour"):
        assert len({yaml[look] for yaml in yamls}) == len(yamls) > 1, look


@pytest.mark.parametrize("group", ["task", "scale", "tracking"])
def test_names_are_stems(group):
    for stem in stems(group):
        assert config_of(f"{group}={stem}")[group]["name"] == stem


@pytest.mark.parametrize("stem", stems("task"))
def test_a_config_can_be_shown_with_its_values(stem):
    with composing([f"task={stem}"]) as (own, composed):
        assert OmegaConf.to_container(composed(own), resolve=True)


@pytest.mark.parametrize("stem", [s for s in stems("diagnostic") if s != "none"])
def test_every_diagnostic_is_built_under_its_name(stem):
    assert list(build_diagnostics(config_of(f"diagnostic={stem}"))) == [stem]


def covering(listed: list[Job]) -> list[Job]:
    """Jobs in which every key of all of them stands, those within a model with each that has it.

    How large `model.match` makes each model, test_matching sees.
    """
    chosen, seen = [], set[tuple[str, str]]()
    for job in listed:
        words = dict(word.split("=", 1) for word in job)
        keys = {(key, words["model"] * key.startswith("model.")) for key in words}
        keys.discard(("model.match", words["model"]))
        if not seen.issuperset(keys):
            chosen.append(job)
            seen |= keys
    return chosen


@pytest.mark.parametrize("stem", stems("experiment"))
def test_every_experiment_composes(stem):
    with composing([f"experiment={stem}", "scale=smoke"]) as (own, composed):
        cells = jobs(own, composed)
        assert compose_jobs(covering(cells), composed)
    for word in {word for job in cells for word in job}:
        group, _, option = word.partition("=")
        assert not (conf_dir() / group).is_dir() or option in stems(group), word
    first = Path(conf_dir() / "experiment" / f"{stem}.yaml").read_text().splitlines()[1]
    said = re.fullmatch(rf"# inr -m experiment={stem}\b.* · (\d+) laptop fits\b.* · .+", first)
    assert said, "the second line says command, cost and question"
    assert int(said[1]) == len(cells) > 1


def test_table1_is_five_models_by_four_photographs():
    cfgs = configs(["experiment=table1"])
    assert len({cfg.model.name for cfg in cfgs}) == 5
    assert len({cfg.task.image for cfg in cfgs}) == 4
    assert len(cfgs) == 20, "one draw each"


def test_rank_expansion_is_three_lines_of_yaml():
    lines = (conf_dir() / "model/rank_expanding.yaml").read_text().splitlines()
    looks = ("#", "defaults", "label", "colour")
    said = [line for line in lines if not line.startswith(looks)]
    assert [line.split(":")[0].strip() for line in said] == [
        "name", "inlet_init", "_target_", "epsilon",
    ]  # fmt: skip


def test_scales_reach_every_key():
    paper = config_of("scale=paper")
    assert paper["model"]["width"] == 256 and paper["fit"]["steps"] == 2000
    laptop = config_of("scale=laptop")
    assert laptop["model"]["width"] == 144 and laptop["fit"]["steps"] == 500
    assert config_of("model=siren")["fit"]["lr"] == config_of("model=siren")["model"]["lr"]


def test_a_key_that_begins_with_a_bar_is_no_key():
    with pytest.raises(InputError, match=r"model\._x: no such key"):
        field_and_task("+model._x=3")
