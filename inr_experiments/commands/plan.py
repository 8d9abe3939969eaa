"""`inr-plan`: fits × measured seconds of a sweep, before it runs."""

import argparse
import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from .cells import cells
from .door import door

#: Keys of a config that change what is fitted, but hardly what a step of it costs.
FREE = {"task": ("image", "shape", "noise"), "fit": ("lr",),
        "model": ("name", "inlet_init", "hidden_init", "head_init")}  # fmt: skip
#: Steps that are timed, after as many that are not.
TIMED = 4


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure a few steps of every kind of fit in the sweep and multiply."""
    parser = argparse.ArgumentParser(
        prog="inr-plan", description="Fits × measured seconds of `inr -m <overrides>`."
    )
    parser.add_argument(
        "overrides", nargs="+", help="as for inr -m: experiment=table1 scale=laptop"
    )
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="default: outputs")
    options = parser.parse_args(arguments)
    with door("inr-plan"):
        print_plan(cells(options.overrides), options.outputs)


def print_plan(jobs: list[DictConfig], outputs: Path) -> None:
    """One row a model: fits, those done already, seconds a fit, minutes to go."""
    from ..building import resolve
    from ..experiment import Keys, locate

    keys = Keys()
    measured: dict[str, float] = {}
    groups: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for cfg in jobs:
        config = resolve(cfg)
        if (alike := kind(config)) not in measured:
            measured[alike] = sum(seconds_a_fit(config))
        done = (locate(cfg, outputs, keys) / "DONE").exists()
        groups[config["model"]["name"]].append((done, measured[alike]))
    print(f"{'model':<20} {'fits':>5} {'done':>5} {'s/fit':>7} {'min to go':>10}")
    for model, fits in groups.items():
        print(_line(model, fits))
    everything = [fit for fits in groups.values() for fit in fits]
    print(_line("total", everything))
    seeds = len({job.seed for job in jobs})
    print(f"{seeds} seed(s); measured with {os.cpu_count()} cores on one fit at a time")


def _line(name: str, fits: list[tuple[bool, float]]) -> str:
    done = sum(finished for finished, _ in fits)
    to_go = sum(seconds for finished, seconds in fits if not finished) / 60
    each = statistics.mean(seconds for _, seconds in fits)
    return f"{name:<20} {len(fits):>5} {done:>5} {each:>7.1f} {to_go:>10.1f}"


def kind(config: Mapping[str, Any]) -> str:
    """What fits of about the same cost have in common; it is measured on the first of them."""
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
