"""A GPU that fails takes its run along, not the sweep."""

import pytest
import torch

from inr_experiments.sweep import launchers
from inr_experiments.sweep.job import Result, lost_gpu
from inr_experiments.sweep.launchers import LocalLauncher


def test_the_error_of_a_gpu_is_known():
    failed = torch.AcceleratorError.__new__(
        torch.AcceleratorError, "CUDA error: unspecified launch"
    )
    assert lost_gpu(failed)
    assert not lost_gpu(torch.OutOfMemoryError("CUDA out of memory"))
    assert not lost_gpu(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.mark.parametrize("lost", [True, False])
def test_the_rest_of_a_sweep_goes_on_in_a_new_process(lost, monkeypatch):
    elsewhere = []

    def run_task(number, words, context, config):
        return Result(f"run {number}", failed=lost and number == 1, lost_gpu=lost and number == 1)

    def in_processes(function, calls, count):
        for call in calls:
            elsewhere.append(call[0])
            yield call, function(*call)

    monkeypatch.setattr(launchers, "run_task", run_task)
    monkeypatch.setattr(launchers, "in_processes", in_processes)
    launcher = LocalLauncher()
    launcher.context = launcher.config = None
    found = dict(launcher.results([(n, ()) for n in range(4)]))
    assert [found[n].failed for n in range(4)] == [False, lost, False, False]
    assert elsewhere == ([2, 3] if lost else [])
