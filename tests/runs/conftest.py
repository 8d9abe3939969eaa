"""Runs and their archive, fitted once for the tests that pack and those that refuse."""

import pytest
from hydra import compose, initialize_config_dir

from inr_experiments.experiment import execute
from inr_experiments.paths import conf_dir
from inr_experiments.runs.pack import pack
from inr_experiments.runs.store import Store, seed_folders
from tests.launching import SMOKE


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Runs of two models and two seeds, with pictures and spectra."""
    outputs = tmp_path_factory.mktemp("fitted")
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        for words in (["model=relu"], ["model=relu", "seed=1"], ["model=siren"]):
            execute(compose("config", [*SMOKE, "task.side=32", *words, f"outputs={outputs}"]))
    found = seed_folders(outputs)
    assert len(found) == 3 and all(list(folder.glob("weights/*")) for folder in found)
    return found


@pytest.fixture(scope="session")
def packed(folders, tmp_path_factory):
    (archive,) = pack(folders, tmp_path_factory.mktemp("packed") / "results.zip")
    return archive


@pytest.fixture
def store(outputs):
    return Store(outputs)
