"""`inr`: one run, or with `-m` a sweep."""

import os
import sys

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ..checks import InputError
from ..errors import JobFailedError, exit_on_error
from ..paths import conf_dir
from ..sweep.arguments import of_the_blocks, ready
from ..sweep.blocks import of_experiment, parsed
from ..sweep.job import facts, notes, working_in
from ..sweep.sweeper import register


def main() -> None:
    """Run Hydra, and turn what went wrong into a sentence and an exit code."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions come to us, not to Hydra's printer
    ended: list[Exception] = []

    def task(cfg: DictConfig) -> None:
        try:
            with working_in(HydraConfig.get().runtime.cwd):
                run(cfg)
        except Exception as error:
            ended.append(error)  # raised once Hydra has returned, which would print it twice

    with exit_on_error("inr"):
        sys.argv[1:] = of_the_blocks(ready(sys.argv[1:]))
        for word in sys.argv[1:]:
            if word.startswith("hydra/sweeper=") and word != "hydra/sweeper=union":
                raise InputError(f"{word}: expected union, which tells of runs that failed")
        register()
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(task)()
        for error in ended:
            raise error


def run(cfg: DictConfig) -> None:
    """Do one run; say what came of it, what was done to its data, and where its pictures are.

    Raises:
        InputError: if the config is of a sweep, or it or the data cannot be used.
        JobFailedError: if the run's record says that it failed.
    """
    from ..config import check_options, resolve
    from ..experiment import execute

    words = HydraConfig.get().overrides.task
    of_experiment(parsed(words))
    if cfg.sweep is not None:
        name = HydraConfig.get().runtime.choices.get("experiment") or "NAME"
        raise InputError(f"experiment={name}: a sweep; expected inr -m experiment={name}")
    check_options(words, resolve(cfg)["diagnostic"])
    outcome = execute(cfg)
    record = outcome.record
    name = f"{cfg.model.name} on {record.get('item', 'its data')}, seed {cfg.seed}"
    try:
        print(f"{name}: {facts(outcome)}")
    except JobFailedError as error:
        raise JobFailedError(f"{name}: {error}") from error
    for note in notes(outcome):
        print(f"  {note}")
    for picture in sorted(outcome.folder.glob("*.png")):
        print(f"  {picture}")
