"""Code of the user's own, beside the configuration that names it."""

import json
import sys
from copy import deepcopy

import pytest

from inr_experiments.building import build_network, build_task, check_target
from inr_experiments.checks import InputError
from tests.fields import config_of
from tests.launching import SMOKE, inr

MINE = ("--config-dir", "myconf", "model=mine", *SMOKE, "outputs=o")


@pytest.fixture
def folder(tmp_path):
    """A user's folder: a package with an activation, and a model that uses it."""
    (tmp_path / "mymodels").mkdir()
    (tmp_path / "mymodels/__init__.py").write_text("")
    (tmp_path / "mymodels/bump.py").write_text(
        "import torch\n"
        "from torch import nn\n\n\n"
        "open('imported', 'w').close()\n\n\n"
        "class Bump(nn.Module):\n"
        "    def __init__(self, *, width):\n"
        "        super().__init__()\n"
        "        self.width = width\n\n"
        "    def forward(self, a):\n"
        "        return torch.exp(-((a / self.width) ** 2))\n"
    )
    (tmp_path / "myconf/model").mkdir(parents=True)
    (tmp_path / "myconf/model/mine.yaml").write_text(
        "defaults: [relu, _self_]\n"
        "name: mine\n"
        "inlet_activation:\n"
        "  _target_: mymodels.bump.Bump\n"
        "  width: 0.5\n"
    )
    return tmp_path


def test_an_allowed_package_is_used(folder):
    done = inr(*MINE, "trusted=[mymodels]", cwd=folder)
    assert done.returncode == 0, done.stderr
    (record,) = (folder / "o/runs").glob("*/seed-000/record.json")
    stored = json.loads(record.read_text())
    assert stored["status"] == "done"
    model = stored["config"]["model"]
    assert model["name"] == "mine"
    assert model["inlet_activation"] == {"_target_": "mymodels.bump.Bump", "width": 0.5}
    assert model["hidden_activation"] == {"_target_": "torch.nn.ReLU"}, "inherited from relu"


def test_a_module_of_the_current_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place])
    (tmp_path / "lies_here.py").write_text("class Bump: ...\n")
    (tmp_path / "lies_broken.py").write_text("class Bump: ...\nimport not_there\n")
    check_target("model", "lies_here.Bump", ["lies_here"])
    with pytest.raises(InputError, match=r"lies_broken\.Bump': cannot be imported \(.*not_there"):
        check_target("model", "lies_broken.Bump", ["lies_broken"])


def test_a_package_that_is_not_allowed_is_not_even_imported(folder):
    done = inr(*MINE, cwd=folder)
    assert done.returncode == 2
    assert "allow it with 'trusted=[mymodels]'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not (folder / "imported").exists()
    assert not (folder / "o/runs").exists()


def test_a_yaml_that_names_a_command_does_not_run_it(folder):
    (folder / "myconf/model/mine.yaml").write_text(
        "defaults: [relu, _self_]\n"
        "name: mine\n"
        "inlet_activation:\n"
        "  _target_: os.system\n"
        "  command: touch ran\n"
    )
    done = inr(*MINE, "trusted=[mymodels]", cwd=folder)
    assert done.returncode == 2
    assert "'os.system': not in a trusted package" in done.stderr
    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    "target",
    ["models.batch_norm.freeze_statistics", "tasks.image.Path", "tasks.occupancy.save_surfaces"],
)
def test_what_is_no_class_of_ours_is_not_built(target):
    config = deepcopy(config_of("model=relu"))
    config["model"]["inlet_activation"] = {"_target_": f"inr_experiments.{target}"}
    task = build_task(config)
    with pytest.raises(InputError, match="expected a class of"):
        build_network(config, task)


def test_a_package_whose_name_only_begins_alike_is_not_allowed(folder):
    done = inr(*MINE, "trusted=[mymodel]", cwd=folder)
    assert done.returncode == 2
    assert "'mymodels.bump.Bump': not in a trusted package" in done.stderr
