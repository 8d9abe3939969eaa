"""`inr-plan`: runs and minutes of a sweep, before it runs."""

from collections import defaultdict
from collections.abc import Sequence

from ..checks import InputError
from ..errors import exit_on_error, sentence
from ..sweep.cells import Cell
from ..sweep.cost import Costs
from ..sweep.progress import seconds_left
from ..sweep.selection import parser_of, select


def main(arguments: Sequence[str] | None = None) -> None:
    """Time a few steps of every kind of fit in the sweep, and multiply."""
    parser = parser_of("inr-plan", "Runs of `inr -m <overrides>`, those done, minutes to go.")
    options = parser.parse_intermixed_args(arguments)
    with exit_on_error("inr-plan"):
        cells = select(options).cells
        if not cells:
            raise InputError("no sweep; expected overrides, such as experiment=table1")
        print_plan(cells)


def print_plan(cells: Sequence[Cell]) -> None:
    """One row a model: runs, those done, minutes to go with one run at a time."""
    todo = [cell for cell in cells if not cell.done]
    left = iter(seconds_left(todo, cells, Costs()))
    groups: dict[str, list[float | None]] = defaultdict(list)
    for cell in cells:
        label = "not readable" if cell.error is not None else cell.config["model"]["label"]
        groups[label].append(None if cell.done else next(left))
    width = max(20, *map(len, groups))
    print(f"{'model':<{width}} {'runs':>5} {'done':>5} {'min to go':>10}")
    for label, runs in groups.items():
        print(_line(label, width, runs))
    print(_line("total", width, [run for runs in groups.values() for run in runs]))
    for cell in cells:
        if cell.error is not None:
            print(f"{cell.name}: {sentence(cell.error)}")


def _line(name: str, width: int, runs: Sequence[float | None]) -> str:
    done = sum(run is None for run in runs)
    to_go = sum(run or 0.0 for run in runs) / 60
    return f"{name:<{width}} {len(runs):>5} {done:>5} {to_go:>10.1f}"
