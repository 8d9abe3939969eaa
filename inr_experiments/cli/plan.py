"""`inr-plan`: runs and minutes of a sweep, before it runs."""

from collections import defaultdict
from collections.abc import Sequence

from ..errors import exit_on_error
from ..sweep.cells import Cell
from ..sweep.cost import Costs
from ..sweep.progress import seconds_left
from ..sweep.selection import cells_of, parser_of


def main(arguments: Sequence[str] | None = None) -> None:
    """Time a few steps of every kind of fit in the sweep, and multiply."""
    parser = parser_of("inr-plan", "Runs of `inr -m <overrides>`, those done, minutes to go.")
    options = parser.parse_intermixed_args(arguments)
    with exit_on_error("inr-plan"):
        print_plan(cells_of(options))


def print_plan(cells: Sequence[Cell]) -> None:
    """One row a model: runs, those done, minutes to go with one run at a time."""
    todo = [cell for cell in cells if not cell.done]
    left = iter(seconds_left(todo, cells, Costs()))
    groups: dict[str, list[float | None]] = defaultdict(list)
    for cell in cells:
        label = "not readable" if cell.error is not None else cell.config["model"]["label"]
        groups[label].append(None if cell.done else next(left))
    print(f"{'model':<20} {'runs':>5} {'done':>5} {'min to go':>10}")
    for label, runs in groups.items():
        print(_line(label, runs))
    print(_line("total", [run for runs in groups.values() for run in runs]))
    for cell in cells:
        if cell.error is not None:
            print(f"{cell.name}: {cell.error}")


def _line(name: str, runs: Sequence[float | None]) -> str:
    done = sum(run is None for run in runs)
    to_go = sum(run or 0.0 for run in runs) / 60
    return f"{name:<20} {len(runs):>5} {done:>5} {to_go:>10.1f}"
