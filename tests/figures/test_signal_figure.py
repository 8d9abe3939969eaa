"""The figure of the needed rank shows what was measured, from real runs of smoke scale."""

import numpy as np
import pytest
import torch

from inr_experiments.experiment import execute
from inr_experiments.runs.collect import make_frame
from inr_experiments.sweep.compose import configs
from tests.fields import field_and_task
from tests.scripts import drawn

WORDS = ("experiment=needed_rank", "scale=smoke", "model=relu,pe", "task.band=2,8",
         "task.signal_seed=0")  # fmt: skip


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signals")
    cfgs = configs([*WORDS, f"outputs={folder}"])
    return make_frame("needed_rank", [execute(cfg).folder for cfg in cfgs])


def test_needed_rank(frame):
    figure = drawn("fig_needed_rank", frame)
    axes = np.array(figure.axes).reshape(2, 2)
    assert [axis.get_title() for axis in axes[0]] == ["P = 1", "P = 2"]
    for column, needed in zip(axes.T, ([5, 17], [25, 256]), strict=True):
        for axis in column:
            assert all(list(line.get_xdata()) in (needed, []) for line in axis.lines)
        dashed = next(line for line in column[0].lines if line.get_label() == "needed")
        assert dashed.get_ydata().tolist() == needed
    words = ("task=signal", "task.dimensions=2", "task.band=8", "model=relu")
    field, task = field_and_task(*words)
    assert task.facts["needed_rank"] == 256  # 17 waves an axis, 16 fitted nodes
    with torch.no_grad():
        Z = field.inlet(task.coordinates).double()
    sigma = torch.linalg.svdvals(Z - Z.mean(dim=0))
    shown = axes[0, 1].lines[0].get_ydata()
    assert shown[1] == (sigma > 1e-2 * sigma[0]).sum().item()
    psnr = frame.where(model="relu", item="P2 K8").runs["psnr"].iloc[0]
    assert axes[1, 1].lines[0].get_ydata()[1] == psnr
