"""Medians of wall times, peaks of memory, and the row that a bench prints."""

import gc
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

RUNS = 5


@dataclass(frozen=True)
class Row:
    """One comparison, or one measurement where there is no reference.

    Attributes:
        name: as `ntk/relu/1024`.
        subject_s, reference_s: median seconds.
        more: what else was measured, as dtypes and GiB.
    """

    name: str
    subject_s: float
    reference_s: float | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Reference over subject: how many times faster the subject is."""
        return self.reference_s / self.subject_s if self.reference_s is not None else None

    def record(self) -> dict[str, Any]:
        """As a JSON object; without a reference these fields are null."""
        return {
            "name": self.name,
            "subject_s": self.subject_s,
            "reference_s": self.reference_s,
            "ratio": self.ratio,
            **self.more,
        }

    def line(self) -> str:
        """As a line of text."""
        parts = [f"{self.name:32s} {self.subject_s:9.4f} s"]
        if self.reference_s is not None:
            parts.append(f"reference {self.reference_s:9.4f} s, ratio {self.ratio:.2f}")
        parts += [
            f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in self.more.items()
        ]
        return "  ".join(parts)


def median(call: Callable[[], object], *, runs: int = RUNS, warm: bool = True) -> float:
    """Median seconds of `runs` calls, after one that does not count."""
    if warm:
        call()
    seconds = []
    for _ in range(runs):
        gc.collect()
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def series(rows: Sequence[Row], prefix: str) -> tuple[list[int], list[float]]:
    """Sizes and seconds of the rows whose name is `prefix` and a size."""
    found = [row for row in rows if row.name.startswith(prefix)]
    return [int(row.name.removeprefix(prefix)) for row in found], [row.subject_s for row in found]


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """a of seconds ~ size^a, by least squares on logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def peak(call: Callable[..., Callable[[], object]], *arguments: Any) -> float | None:
    """GiB that a computation adds at its peak, measured in a fresh process of its own.

    `call(*arguments)`, a function of a module, prepares the computation and returns it; the peak
    counts from there. None where the system is not Linux.
    """
    if not sys.platform.startswith("linux"):
        return None
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_peak, (call, arguments))


def _peak(call: Callable[..., Callable[[], object]], arguments: tuple) -> float:
    """Peak resident size less the size before, in GiB. Runs in the fresh process."""
    prepared = call(*arguments)
    # The peak that getrusage knows is inherited from the parent process: Linux's own, reset here.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _status("VmRSS")
    prepared()
    return _status("VmHWM") - before


def _status(name: str) -> float:
    """A size of this process in GiB. Linux only."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 2**20
    raise OSError(f"/proc/self/status has no {name}")
