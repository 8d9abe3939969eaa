"""Sweeps: unions of products, each cell once, as Hydra itself composes it."""

from itertools import product

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf, open_dict

from inr_experiments.checks import InputError
from inr_experiments.paths import conf_dir
from inr_experiments.sweep.compose import configs
from tests.launching import SMOKE, inr


def test_jobs_are_those_that_hydra_composes():
    swept = {
        "task.image": ["astronaut", "coffee"],
        "+task.note": ["'a b'", "null"],
        "model": ["relu", "siren"],
        "model.lr": ["1e-3", "5e-4"],
    }
    found = configs(["scale=smoke", *(f"{key}={','.join(lines)}" for key, lines in swept.items())])
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        for cfg, job in zip(found, product(*swept.values()), strict=True):
            lines = [f"{key}={value}" for key, value in zip(swept, job, strict=True)]
            expected = compose("config", ["scale=smoke", *lines])
            with open_dict(expected):
                for key in ("sweep", "items", "data"):
                    del expected[key]
            assert cfg == expected and cfg.fit.lr == expected.fit.lr, lines


def told(*words, keys=("model.name", "task.image", "task.coordinates", "seed")):
    """Those values of every cell."""
    return [tuple(OmegaConf.select(cfg, key) for key in keys) for cfg in configs(words)]


def test_an_experiment_is_a_union_of_products():
    keys = ("model.name", "task.image", "task.coordinates", "model.label")
    found = told("experiment=controls", "items=2", keys=keys)
    assert len(found) == len(set(found)) == 2 * (14 + 2)
    unit = [cell for cell in found if cell[2] == "unit"]
    assert {cell[0] for cell in unit} == {"relu", "rank_expanding"} and len(unit) == 4
    assert {cell[1] for cell in found} == {"astronaut", "chelsea"}, "the first so many"


def test_a_sweep_that_is_stopped_has_whole_pictures_of_all_blocks():
    pictures = told("experiment=methods", "items=2", keys=("task.image",))
    half = len(pictures) // 2
    assert pictures == [("astronaut",)] * half + [("chelsea",)] * half


def test_files_of_ones_own_go_beside_an_experiment_that_says_how_many():
    assert len(told("experiment=diagnosis", "task.path=me.png", "model=relu", "seed=0")) == 1
    with pytest.raises(InputError, match=r"items=2: .* expected without task.path"):
        told("experiment=diagnosis", "task.path=me.png", "items=2")


def test_the_command_line_wins_in_every_block_and_no_cell_comes_twice():
    found = told("experiment=controls", "items=1", "model=relu")
    assert found == [
        ("relu", "astronaut", "symmetric", 0), ("relu", "astronaut", "unit", 0),
    ]  # fmt: skip
    own = ("experiment=budget", "items=1", "model=siren")
    assert told(*own, keys=("model.width", "fit.lr")) == [
        (36, 3e-4), (36, 1e-3), (64, 3e-4), (64, 1e-3), (144, 3e-4), (144, 1e-3),
    ], "blocks of other models are left out"  # fmt: skip
    keys = ("model.name", "task.dimensions")
    added = told(
        "experiment=needed_rank", "task.band=4", "task.signal_seed=0", "model=relu,bn", keys=keys
    )
    assert added == [("relu", 1), ("bn", 1), ("relu", 2), ("bn", 2)], "bn is in no block"
    assert told("experiment=table1", "model=pe", "task.image=coffee", "seed=3,4") == [
        ("pe", "coffee", "symmetric", 3), ("pe", "coffee", "symmetric", 4),
    ]  # fmt: skip


def test_a_value_may_be_of_the_task_that_a_block_chooses():
    found = configs(["experiment=table1_occupancy", "task.near_points=1000", "items=1", "seed=0"])
    assert {cfg.task.near_points for cfg in found} == {1000} and len(found) == 4


def test_whole_seeds_and_whole_items_come_first():
    found = told("experiment=table1", "items=2", "model=relu,pe", "seed=0,1")
    assert [cell[3] for cell in found] == [0] * 4 + [1] * 4
    assert [cell[1] for cell in found[:4]] == ["astronaut", "astronaut", "chelsea", "chelsea"]


def test_a_value_of_one_block_does_not_leak_into_another():
    found = configs(["experiment=rank_ablation", "items=1"])
    by_label = {cfg.model.label: cfg for cfg in found}
    assert "distinct" in by_label["distinct points r"].model.inlet_init
    for label in ("ε", "REI", "threshold spread s"):
        assert "distinct" not in by_label[label].model.inlet_init, label


def test_data_is_one_choice():
    for name in ("table1", "table1_occupancy", "seeds", "lattice_3d"):
        one = (f"experiment={name}", "model=relu", "seed=0")
        bundled, real = (configs([*one, f"data={d}"]) for d in ("bundled", "real"))
        assert {cfg.task.name for cfg in real} != {"image"}
        items = [{c.task.get("image") or c.task.get("shape") for c in of} for of in (bundled, real)]
        assert items[0] != items[1], name
    sixteen = configs(["experiment=table1", "data=real", "seed=0", "model=relu"])
    assert len({cfg.task.image for cfg in sixteen}) == 16


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        ("sweep={a:1}", "expected a list of blocks"),
        ("sweep=[{fits:pictures}]", "fits='pictures': expected one of images, pair"),
        ("experiment=table1 items=0", "items=0: expected an integer of at least 1"),
        ("items=1,2", "items=1,2: expected one, as it decides what is swept"),
        ("experiment=table1,seeds", "expected one, as it decides"),
        ("fit.lr=interval(1e-4,1e-2)", r"interval.*: expected values to be named, as fit\.lr=1e-4"),
    ],
)
def test_a_sweep_that_cannot_be_read_is_one_sentence(sweep, said):
    with pytest.raises(InputError, match=said):
        configs(["scale=smoke", *sweep.split()])


def test_a_sweep_of_which_nothing_is_left_is_one_sentence():
    own = "default span, own spectrum"
    with pytest.raises(InputError, match="no cell of the experiment has all of these"):
        configs(["experiment=spectrum_span", "model=rei_span", f"model.label='{own}'"])


def test_values_of_a_block_may_be_mappings():
    found = configs(["scale=smoke", "sweep=[{+fit.groups.inlet:[{lr:0.01},{lr:0.1}],model:relu}]"])
    assert [cfg.fit.groups.inlet.lr for cfg in found] == [0.01, 0.1]


def test_a_pattern_of_options():
    assert {cfg.model.name for cfg in configs(["model=glob(re*_frozen)"])} == {
        "rei_frozen",
        "relu_frozen",
    }


def test_the_launcher_runs_the_same_cells(tmp_path):
    (tmp_path / "conf/experiment").mkdir(parents=True)
    (tmp_path / "conf/experiment/mine.yaml").write_text(
        "# @package _global_\n"
        "sweep:\n"
        "  - {task.image: [astronaut, coffee], model: [relu, pe]}\n"
        "  - {task.image: astronaut, model: relu, task.noise: 0.1, model.label: 'a, b'}\n"
    )
    words = ("-m", "--config-dir", "conf", *SMOKE, "experiment=mine", "outputs=o")
    done = inr(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("o/runs/*/seed-000/DONE"))) == 5
    single = inr(*words[1:], cwd=tmp_path)
    assert single.returncode == 2
    assert "experiment=mine: a sweep; expected inr -m experiment=mine" in single.stderr
