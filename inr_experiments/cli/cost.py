"""Seconds that a run will take: those of one like it that is done, or of a few of its steps."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

#: Keys of a config that change what is fitted, but hardly what a step of it costs.
FREE = {
    "task": ("image", "shape", "noise"),
    "fit": ("lr",),
    "model": ("name", "label", "colour", "lr", "inlet_init", "hidden_init", "head_init"),
}
#: Steps that are timed, after as many that are not.
TIMED = 4
#: A fit of no more steps than this is not timed, which would take as long: it takes about a second.
FEW, QUICK = 10 * TIMED, (0.5, 0.5)


class Costs:
    """Seconds by kind of run; a kind is asked for once.

    Args:
        threads: of torch, while steps are timed.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads
        self._seconds: dict[str, tuple[float, float]] = {}

    def learn(self, record: Mapping[str, Any]) -> None:
        """Note the seconds of a finished run: of its fit, and of what was measured of it."""
        spent = record["seconds"]
        self._seconds[kind(record["config"])] = (spent["fit"], spent["total"] - spent["fit"])

    def of(self, config: dict[str, Any]) -> tuple[float, float]:
        """Seconds of the fit, and of evaluations and diagnostics."""
        alike = kind(config)
        if alike not in self._seconds:
            few = config["fit"]["steps"] <= FEW
            self._seconds[alike] = QUICK if few else self._timed(config)
        return self._seconds[alike]

    def _timed(self, config: dict[str, Any]) -> tuple[float, float]:
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(self.threads or before)
        try:
            return seconds_a_fit(config)
        finally:
            torch.set_num_threads(before)


def kind(config: Mapping[str, Any]) -> str:
    """A key that fits of about the same cost share."""
    parts = [
        {k: v for k, v in config[part].items() if k not in free} for part, free in FREE.items()
    ]
    return json.dumps([*parts, config["diagnostic"]])


def seconds_a_fit(config: dict[str, Any]) -> tuple[float, float]:
    """Seconds of a training step times the steps, and of a milestone times the milestones.

    With the threads that torch has at the time.
    """
    from .. import building
    from ..fit.loop import fit

    task = building.build_task(config)
    field = building.build_field(config, task)
    plan = building.build_plan(config)
    diagnostics = building.build_diagnostics(config)
    short = replace(plan, steps=2 * TIMED, milestone_every=TIMED)
    device = building.pick_device(config["device"])
    stepping = measuring = resumed = 0.0
    for snapshot in fit(field, task, short, seed=0, device=device):
        if snapshot.step == 0:
            continue
        reached = time.perf_counter()
        stepping = (reached - resumed) / TIMED
        task.evaluate(snapshot.predict)
        for diagnostic in diagnostics.values():
            diagnostic(snapshot, task)
        resumed = time.perf_counter()
        measuring = resumed - reached
    # Both are those of the second half: the first one warmed up.
    return stepping * plan.steps, measuring * len(plan.milestones())
