"""Eight laptop fits: two processes of one thread by joblib against one process of two threads."""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .launching import timed
from .timing import RUNS, Row

#: 128² fitted pixels, width 144, a fifth of the steps of scale laptop, milestones at both ends.
FITS = ("model=relu", "task.side=256", "fit.steps=100", "diagnostic=none")
QUICK = ("scale=smoke", "fit.steps=2", "diagnostic=none")


def rows(*, quick: bool) -> Iterator[Row]:
    """One row: wall seconds of both, in turn; the start of the processes is included."""
    count, runs = (2, 1) if quick else (8, RUNS)
    seconds: dict[str, list[float]] = {"joblib": [], "local": []}
    for _ in range(runs):
        for launcher in seconds:
            words = [*(QUICK if quick else FITS), f"seed=range({count})", "outputs=o"]
            threads = {"joblib": "1", "local": "2"}[launcher]
            with tempfile.TemporaryDirectory() as folder:
                wall, _ = timed(
                    "-m", *words, f"hydra/launcher={launcher}",
                    cwd=Path(folder), env={"OMP_NUM_THREADS": threads},
                )  # fmt: skip
            seconds[launcher].append(wall)
    ours, theirs = seconds.values()
    more = {
        "fits": count,
        "subject_range_s": [min(ours), max(ours)],
        "reference_range_s": [min(theirs), max(theirs)],
    }
    yield Row("sweep/joblib", statistics.median(ours), statistics.median(theirs), more)
