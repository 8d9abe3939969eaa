"""`inr-plan`: fits × seconds of a sweep, before it runs."""

import argparse
import os
import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from ..sweep import cells
from .arguments import ready
from .cost import Costs
from .errors import exit_on_error


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
    with exit_on_error("inr-plan"):
        print_plan(cells(ready(["-m", *options.overrides])[1:]), options.outputs)


def print_plan(composed: list[DictConfig], outputs: Path) -> None:
    """One row a model: fits, those done already, seconds a fit, minutes to go."""
    from ..building import resolve
    from ..experiment import Keys, locate
    from .runner import is_done, record_of

    keys, costs = Keys(), Costs()
    groups: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for cfg in composed:
        config = resolve(cfg)
        folder = locate(cfg, outputs, keys)
        if done := is_done(folder, config):
            costs.learn(record_of(folder) or {})
        groups[config["model"]["label"]].append((done, sum(costs.of(config))))
    print(f"{'model':<20} {'fits':>5} {'done':>5} {'s/fit':>7} {'min to go':>10}")
    for model, fits in groups.items():
        print(_line(model, fits))
    everything = [fit for fits in groups.values() for fit in fits]
    print(_line("total", everything))
    seeds = len({cfg.seed for cfg in composed})
    print(f"{seeds} seed(s); measured with {os.cpu_count()} cores on one fit at a time")


def _line(name: str, fits: list[tuple[bool, float]]) -> str:
    done = sum(finished for finished, _ in fits)
    to_go = sum(seconds for finished, seconds in fits if not finished) / 60
    each = statistics.mean(seconds for _, seconds in fits)
    return f"{name:<20} {len(fits):>5} {done:>5} {each:>7.1f} {to_go:>10.1f}"
