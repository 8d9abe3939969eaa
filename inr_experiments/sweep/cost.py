"""Seconds that a run will take: those of one like it that is done, or of a few of its steps."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from statistics import mean
from typing import Any

from ..checks import InputError
from ..config import OF_THE_LAUNCHER
from ..runs.provenance import machine

#: Keys of a config that change what is fitted, but hardly what a step of it costs; a task says for
#: itself which of its are.
COST_EXCLUDES = {
    "fit": ("lr",),
    # That of the hidden layers may reparameterise them.
    "model": (*OF_THE_LAUNCHER, "inlet_init", "head_init"),
}
#: Steps that are timed, after as many that are not.
TIMED_STEPS = 4
#: A fit of no more steps than this is not timed, which would take as long: it takes about a second.
UNTIMED_STEPS, UNTIMED_SECONDS = 10 * TIMED_STEPS, (0.5, 0.5)
#: After so long no further kind is timed; those left count as the mean of the others.
MAX_SECONDS_OF_TIMING = 30.0


class Costs:
    """Seconds by kind of run; a kind is asked for once.

    Args:
        threads: of torch, while steps are timed.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads
        self._fits: dict[str, float] = {}
        self._measures: dict[str, float] = {}
        self._spent = 0.0

    def learn(self, config: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """Note the seconds of a finished run of a config: of its fit, and of what was measured.

        Those of another machine or device tell nothing of this one.
        """
        from ..building import pick_device

        made = record["provenance"]
        try:
            here = {**machine(), "device": pick_device(config["device"])}
        except InputError:  # a device that this machine lacks
            return
        if any(made.get(key) != own for key, own in here.items()):
            return
        spent = record["seconds"]
        self._fits[kind(config)] = spent["fit"]
        had = {**config, "diagnostic": record["config"]["diagnostic"]}
        self._measures[measured(had)] = spent["total"] - spent["fit"]

    def of(self, config: dict[str, Any]) -> tuple[float, float]:
        """Seconds of the fit, and of evaluations and diagnostics; of finished runs pictures too."""
        fit, measure = kind(config), measured(config)
        if fit not in self._fits or measure not in self._measures:
            timed = self._timed(config)
            self._fits.setdefault(fit, timed[0])
            self._measures.setdefault(measure, timed[1])
        return self._fits[fit], self._measures[measure]

    def left(self, config: dict[str, Any], *, fitted: bool) -> float:
        """Seconds that a run still takes which is fitted or not, and is not done.

        A guess for one that cannot be built: it fails, which is quick.
        """
        try:
            fitting, measuring = self.of(config)
        except Exception:
            fitting, measuring = UNTIMED_SECONDS
        return measuring if fitted else fitting + measuring

    def _timed(self, config: dict[str, Any]) -> tuple[float, float]:
        if config["fit"]["steps"] <= UNTIMED_STEPS:
            return UNTIMED_SECONDS
        if self._spent > MAX_SECONDS_OF_TIMING:
            return mean(self._fits.values()), mean(self._measures.values())
        import torch

        before, started = torch.get_num_threads(), time.perf_counter()
        torch.set_num_threads(self.threads or before)
        try:
            return seconds_a_fit(config)
        finally:
            torch.set_num_threads(before)
            self._spent += time.perf_counter() - started


def kind(config: Mapping[str, Any]) -> str:
    """A key that fits of about the same cost share."""
    from ..building import task_class

    free = {**COST_EXCLUDES, "task": task_class(config).COST_EXCLUDES}
    return json.dumps(
        [{k: v for k, v in config[part].items() if k not in names} for part, names in free.items()]
    )


def measured(config: Mapping[str, Any]) -> str:
    """A key that runs share of which about the same is measured."""
    return kind(config) + json.dumps(config["diagnostic"])


def seconds_a_fit(config: dict[str, Any]) -> tuple[float, float]:
    """Seconds of a training step times the steps, and of a milestone times the milestones.

    With the threads that torch has at the time.
    """
    from .. import building
    from ..fit.loop import fit

    task = building.kept_task(config)
    network = building.build_network(config, task)
    settings = building.build_settings(config)
    diagnostics = building.build_diagnostics(config)
    short = replace(settings, steps=2 * TIMED_STEPS, milestone_every=TIMED_STEPS)
    device = building.pick_device(config["device"])
    stepping = measuring = resumed = 0.0
    for snapshot in fit(network, task, short, seed=0, device=device):
        if snapshot.step == 0:
            continue
        reached = time.perf_counter()
        stepping = (reached - resumed) / TIMED_STEPS
        task.evaluate(snapshot.predict)
        for diagnostic in diagnostics.values():
            diagnostic(snapshot, task)
        resumed = time.perf_counter()
        measuring = resumed - reached
    # Both are those of the second half: the first one warmed up.
    return stepping * settings.steps, measuring * len(settings.milestones())
