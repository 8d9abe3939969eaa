"""Several launchers on one outputs folder, killed again and again.

`INR_KILLS=100` kills that often, over more runs.
"""

import json
import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess as Process
from pathlib import Path

from inr_experiments.runs.lease import is_live
from tests.launching import begun

KILLS = int(os.environ.get("INR_KILLS", "1"))
RUNS = max(6, KILLS)  # composing them is most of a launcher's start
LAUNCHERS = 2
SWEEP = [
    "-m", "scale=smoke", "model=relu", "model.width=8", "fit.steps=100", "diagnostic=none",
    f"seed=range({RUNS})", "outputs=o",
]  # fmt: skip


class Launchers:
    """The launcher processes, each with a file of what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.live: list[Process] = []
        self.codes: list[int] = []
        self.started = 0

    def fill_up(self) -> None:
        """Start launchers until there are enough of them; one, where others found all done."""
        self.codes += [worker.exitcode for worker in self.live if worker.exitcode is not None]
        self.live = [worker for worker in self.live if worker.exitcode is None]
        while len(self.live) < (1 if 0 in self.codes else LAUNCHERS):
            said = self.folder / f"said-{self.started:03d}.txt"
            self.live.append(begun(*SWEEP, cwd=self.folder, said=said))
            self.started += 1

    def kill(self, worker: Process) -> None:
        """Kill -9 the launcher and its process group, which it makes as it begins."""
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.kill()
        worker.join()  # else it may be picked, and counted, again

    def said(self) -> str:
        return "\n".join(p.read_text() for p in sorted(self.folder.glob("said-*.txt")))


class Reader(threading.Thread):
    """Reads every published record over and over; keeps what must not happen."""

    def __init__(self, runs: Path) -> None:
        super().__init__()
        self.runs = runs
        self.seen: dict[Path, tuple[int, str]] = {}
        self.wrong: list[str] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.02):
            self.look()

    def look(self) -> None:
        """Check all finished runs; one that was finished stays, as it was."""
        finished = {marker.parent for marker in self.runs.glob("*/seed-???/DONE")}
        for folder in finished | set(self.seen):
            try:
                path = folder / "record.json"
                now = (path.stat().st_ino, path.read_text())
                json.loads(now[1])
                if self.seen.setdefault(folder, now) != now:
                    self.wrong.append(f"{folder.name} was done again")
            except (OSError, ValueError) as error:
                self.wrong.append(f"{folder.name}: {error}")


@contextmanager
def reading(runs: Path) -> Iterator[Reader]:
    reader = Reader(runs)
    reader.start()
    try:
        yield reader
    finally:
        reader.stopped.set()
        reader.join()


def holders(runs: Path) -> set[int]:
    """The processes that lease a run now."""
    found = set()
    for lease in runs.glob("*/seed-???.lease"):
        try:
            found.add(json.loads(lease.read_text())["pid"])
        except FileNotFoundError:
            continue
    return found


def test_killed_launchers_lose_no_run_and_do_none_twice(tmp_path):
    runs = tmp_path / "o/runs"
    chance = random.Random(0)
    launchers = Launchers(tmp_path)
    killed = 0
    deadline = time.monotonic() + 100 + 20 * KILLS  # on busy cores; alone a sixth
    with reading(runs) as reader:
        try:
            while len(reader.seen) < RUNS:
                assert time.monotonic() < deadline, f"{len(reader.seen)} of {RUNS} runs are done"
                launchers.fill_up()
                working = [w for w in launchers.live if w.pid in holders(runs)]
                if working and killed < KILLS:
                    time.sleep(chance.uniform(0, 0.3))
                    victim = chance.choice(working)
                    if victim.exitcode is None:
                        launchers.kill(victim)
                        killed += 1
                time.sleep(0.02)
        finally:
            for worker in launchers.live:
                if worker.exitcode is None:
                    launchers.kill(worker)
        reader.look()
    assert not reader.wrong
    assert killed >= (KILLS + 1) // 2, "all runs were done before the kills"
    assert set(launchers.codes) <= {0, -signal.SIGKILL}, launchers.said()
    assert "unexpected" not in launchers.said(), "two had one run, and a lease was lost"
    assert not list((tmp_path / "o/launches").rglob("traceback-*.txt"))
    assert sorted(f.name for f in runs.glob("*/seed-???")) == [f"seed-{s:03d}" for s in range(RUNS)]
    records = [json.loads((f / "record.json").read_text()) for f in reader.seen]
    assert {record["status"] for record in records} == {"done"}
    assert not list(runs.glob("*/*.broken-*")) and not list(runs.glob("*/*.old"))
    assert not any(is_live(lease) for lease in runs.glob("*/*.lease"))
    fresh = Counter(re.findall(r"seed=(\d+): psnr (?!.*already done)", launchers.said()))
    assert max(fresh.values()) == 1, fresh
    # Killed between the rename and the report, a launcher did a run and did not say so.
    assert RUNS - killed - LAUNCHERS <= len(fresh) <= RUNS
