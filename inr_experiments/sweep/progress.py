"""Lines about a sweep: what is to do, what came of each run, how long it still takes."""

from collections.abc import Sequence

from .cells import Cell
from .cost import Costs
from .job import Result


def seconds_left(todo: Sequence[Cell], cells: Sequence[Cell], costs: Costs) -> list[float]:
    """Seconds of every cell that is to do; the finished runs among `cells` are learned from."""
    for cell in cells:
        if cell.finished is not None:
            costs.learn(cell.config, cell.finished)
    return [
        costs.left(cell.config, fitted=cell.record is not None and not cell.config["force"])
        for cell in todo
    ]


def told(seconds: float) -> str:
    """A time in words: `40 s`, `14 min`, `2.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def told_of(name: str, result: Result) -> str:
    """A run's name and what came of it; a sentence that begins with the name is enough."""
    return result.said if result.said.startswith(name) else f"{name}: {result.said}"


class Progress:
    """A count of runs with the time that is left, by the estimates and by what runs took.

    Args:
        estimates: seconds of each run that is to do; None where nothing is known of them.
        at_once: runs at a time.
    """

    def __init__(self, estimates: Sequence[float] | None, count: int, at_once: int) -> None:
        self.known = estimates is not None
        self.left = list(estimates) if estimates is not None else [1.0] * count
        self.count, self.at_once = count, at_once
        self._ended = 0
        self._noted: set[str] = set()
        self._estimated = self._took = 0.0

    def seconds(self) -> float | None:
        """Seconds by the clock to the end; None before anything is known."""
        if self._estimated:
            ratio = self._took / self._estimated
        elif self.known:
            ratio = 1.0
        else:
            return None
        left = [ratio * seconds for seconds in self.left if seconds]
        return max([sum(left) / self.at_once, *left]) if left else 0.0

    def line(self, index: int, name: str, result: Result) -> str:
        """`12 of 56, about 14 min left: NAME: what came of it`; below it notes, each said once."""
        estimate, self.left[index] = self.left[index], 0.0
        self._ended += 1
        if result.seconds is not None:
            self._estimated += estimate
            self._took += result.seconds
        left = self.seconds()
        about = "" if left is None else f", about {told(left)} left"
        failed = "failed: " if result.failed else ""
        line = f"{self._ended} of {self.count}{about}: {failed}{told_of(name, result)}"
        notes = [note for note in dict.fromkeys(result.notes) if note not in self._noted]
        self._noted.update(notes)
        return "\n  ".join([line, *notes])
