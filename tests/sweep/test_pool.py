"""Calls in processes of their own."""

import os
import signal
import threading
import time

import pytest

from inr_experiments.checks import InputError
from inr_experiments.sweep.job import Result
from inr_experiments.sweep.launchers import in_turn
from inr_experiments.sweep.pool import in_processes, slots
from inr_experiments.sweep.progress import Progress, told


def call(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 4:
        raise ValueError("four")
    return Result(os.environ["OMP_NUM_THREADS"])


def test_a_killed_process_takes_no_other_call_along(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    ended = dict(in_turn(call, ((n,) for n in range(7)), 2, here=False))
    assert ended.pop(3) == Result("its process was killed, as where memory runs out", failed=True)
    four = ended.pop(4)
    assert four.failed and "ValueError: four" in four.said
    assert sorted(ended) == [0, 1, 2, 5, 6]
    assert not any(result.failed for result in ended.values())
    assert len({result.said for result in ended.values()}) == 1, "one share of the threads"


def lose_the_gpu(number):
    return Result(str(os.getpid()), failed=number == 1, lost_gpu=number == 1)


def test_a_process_that_lost_its_gpu_is_replaced():
    ended = {
        task[0]: found for task, found in in_processes(lose_the_gpu, ((n,) for n in range(4)), 1)
    }
    pids = [ended[n].said for n in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]
    assert [ended[n].failed for n in range(4)] == [False, True, False, False]


def end_soon(number):
    if number == 1:
        threading.Timer(0.2, os._exit, (1,)).start()
    return number


def test_a_process_that_dies_between_two_calls_is_replaced():
    def tasks():
        for n in range(4):
            if n == 2:
                time.sleep(2)
            yield (n,)

    ended = {task[0]: found for task, found in in_processes(end_soon, tasks(), 1)}
    assert ended == {n: n for n in range(4)}


def test_calls_that_are_not_begun_are_not_taken():
    taken = []

    def tasks():
        for n in (0, 1, 2, 5, 6, 7, 8, 9):
            taken.append(n)
            yield (n,)

    calls = in_processes(call, tasks(), 1)
    next(calls)
    calls.close()
    assert len(taken) < 8


def test_what_the_tasks_raise_is_raised():
    def tasks():
        yield (1,)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(in_processes(call, tasks(), 2))


def test_no_more_processes_than_tasks():
    assert slots(4, 2) == 2 and slots(1, 9) == 1 and slots(-1, 1) == 1
    assert 1 <= slots(-1, 10**6) == slots(-2, 10**6) + 1 or slots(-1, 10**6) == 1


@pytest.mark.parametrize("wanted", [0, "abc", True, 1.5])
def test_a_number_of_processes_that_is_none_is_said(wanted):
    with pytest.raises(InputError, match=f"n_jobs={wanted!r}: expected a number of processes"):
        slots(wanted, 3)


def test_the_time_left_follows_what_runs_took():
    progress = Progress([10.0, 10.0, 30.0], 3, at_once=1)
    assert progress.seconds() == 50
    line = progress.line(0, "a=1", Result("psnr 2", seconds=20.0, notes=("resized",)))
    assert line == "1 of 3, about 80 s left: a=1: psnr 2\n  resized"
    line = progress.line(1, "a=2", Result("no file", failed=True, notes=("resized",)))
    assert line == "2 of 3, about 60 s left: failed: a=2: no file"
    unknown = Progress(None, 3, at_once=2)
    assert unknown.seconds() is None
    assert unknown.line(0, "x", Result("ok", seconds=100.0)).startswith("1 of 3, about 2 min left")


@pytest.mark.parametrize(("seconds", "words"), [(40, "40 s"), (840, "14 min"), (9000, "2.5 h")])
def test_a_time_in_words(seconds, words):
    assert told(seconds) == words
