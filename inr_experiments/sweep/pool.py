"""Functions called in processes of their own, of which one that is killed takes no other along."""

import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from loky import ProcessPoolExecutor, cpu_count
from loky.process_executor import BrokenProcessPool

from ..checks import InputError
from ..errors import JobFailedError

#: Variables by which a process is told its share of the cores, unless the user set them.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class KilledError(JobFailedError):
    """The process of a call was killed from outside."""

    def __init__(self) -> None:
        super().__init__("its process was killed, as where memory runs out")


def slots(wanted: int, tasks: int) -> int:
    """The number of processes: `wanted`, or below 0 all cores less −1 − `wanted`; not idle ones.

    Raises:
        InputError: if `wanted` is 0 or no integer.
    """
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted == 0:
        expected = "a number of processes, or -1 for one a core"
        raise InputError(f"hydra.launcher.n_jobs={wanted!r}: expected {expected}")
    count = wanted if wanted > 0 else cpu_count() + 1 + wanted
    return max(1, min(count, tasks))


def in_processes(
    function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], count: int
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The arguments and the result of every call, as they end; an exception is a result.

    Tasks are taken one by one, so that an iterator can end them early. Each of the `count` slots
    has a process of its own: where that is killed, `KilledError` is the result, and another
    process goes on with the next task.
    """
    results: queue.SimpleQueue[Any] = queue.SimpleQueue()
    taking, stopped, iterator = threading.Lock(), threading.Event(), iter(tasks)
    raised: list[Exception] = []
    places = [_Slot(_environment(count)) for _ in range(count)]

    def work(slot: "_Slot") -> None:
        try:
            while not stopped.is_set():
                with taking:
                    task = next(iterator, None)
                if task is None:
                    break
                results.put((task, slot.call(function, task)))
            slot.close()
        except Exception as error:
            raised.append(error)
        finally:
            results.put(None)

    threads = [threading.Thread(target=work, args=(slot,), daemon=True) for slot in places]
    for thread in threads:
        thread.start()
    try:
        for _ in threads:
            while (result := results.get()) is not None:
                yield result
        for error in raised:
            raise error
    finally:
        stopped.set()
        for slot in places:
            slot.close(kill=True)


class _Slot:
    """A place for one process, which is started anew where it has died, or has lost its GPU."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.executor: ProcessPoolExecutor | None = None
        self.closed, self.changing = False, threading.Lock()

    def call(self, function: Callable[..., Any], task: tuple[Any, ...]) -> Any:
        with self.changing:
            if self.closed:
                return KilledError()
            if self.executor is None:
                self.executor = ProcessPoolExecutor(1, env=self.environment)
            try:
                call = self.executor.submit(function, *task)
            except BrokenProcessPool:  # it died between two calls
                self.executor.shutdown(wait=True, kill_workers=True)
                self.executor = ProcessPoolExecutor(1, env=self.environment)
                call = self.executor.submit(function, *task)
        try:
            ended = call.result()
        except BrokenProcessPool:
            self._end(kill=True)
            return KilledError()
        except BaseException as error:  # Ctrl-C reaches the process too
            return error
        if getattr(ended, "lost_gpu", False):
            self._end(kill=True)
        return ended

    def close(self, *, kill: bool = False) -> None:
        """End the process, when it has done its call or at once, and start no other."""
        with self.changing:
            self.closed = True
        self._end(kill=kill)

    def _end(self, *, kill: bool) -> None:
        with self.changing:
            executor, self.executor = self.executor, None
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=kill)


def _environment(count: int) -> dict[str, str]:
    """The share of the cores that a process has, and no progress bars over one another."""
    share = str(max(1, cpu_count() // count))
    own = {name: share for name in THREADS if name not in os.environ}
    return {**own, "TQDM_DISABLE": "1"}
