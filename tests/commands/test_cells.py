"""The jobs of a sweep, composed once where they differ in values only."""

from itertools import product

from hydra import compose, initialize_config_dir

from inr_experiments.commands.cells import cells
from inr_experiments.paths import conf_dir


def test_jobs_are_those_that_hydra_composes():
    swept = {
        "model": ["relu", "siren"],
        "task.image": ["astronaut", "coffee"],
        "model.lr": ["1e-3", "5e-4"],
        "fit.batch": ["full", "50"],
        "+task.note": ["'a b'", "null"],
    }
    found = cells(["scale=smoke", *(f"{key}={','.join(lines)}" for key, lines in swept.items())])
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        for cfg, job in zip(found, product(*swept.values()), strict=True):
            lines = [f"{key}={value}" for key, value in zip(swept, job, strict=True)]
            expected = compose("config", ["scale=smoke", *lines])
            assert cfg == expected and cfg.fit.lr == expected.fit.lr, lines
