"""The figures of the diagnosis show what was measured: drawn from real runs of smoke scale."""

from pathlib import Path

import numpy as np
import pytest
import torch

from inr_experiments.commands.cells import cells
from inr_experiments.experiment import execute
from inr_experiments.reporting import style
from inr_experiments.runs.frame import frame, write_frame
from tests.fields import field_and_task
from tests.scripts import load

SWEEP = (
    "experiment=diagnosis", "scale=smoke", "model=relu,rank_expanding,siren",
    "task.image=astronaut", "fit.milestone_every=10", "diagnostic.layer_ntk.points=60",
)  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("diagnosis")
    runs = [execute(cfg).folder for cfg in cells([*SWEEP, f"outputs={folder}"])]
    write_frame(frame(runs), folder / "diagnosis.csv")
    return folder / "diagnosis.csv"


@pytest.fixture
def drawn(table: Path, tmp_path: Path, monkeypatch):
    """Runs a script; gives the figure that it saved."""

    def run(stem: str):
        script = load(f"figures/{stem}")
        figures = []
        save = style.save
        monkeypatch.setattr(style, "save", lambda f, out: (figures.append(f), save(f, out)))
        script.main(str(table), str(tmp_path / f"{stem}.png"))
        assert (tmp_path / f"{stem}.png").stat().st_size > 10_000
        assert (tmp_path / f"{stem}.pdf").is_file()
        return script, figures[0]

    return run


def inlet_of(model: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Weights, biases and points of a smoke field at step 0."""
    field, task = field_and_task(f"model={model}", "task.image=astronaut")
    linear = field.inlet.linear
    return linear.weight.detach().double(), linear.bias.detach().double(), task.coordinates.double()


def test_weights_beside_representations(drawn):
    _, figure = drawn("fig_weights_vs_representations")
    axes = np.array(figure.axes).reshape(4, 3)
    W, b, x = inlet_of("relu")
    sigma = torch.linalg.svdvals(torch.relu(x @ W.T + b))
    line = axes[0, 0].lines[0].get_ydata()
    assert line == pytest.approx((sigma / sigma[0]).clamp_min(1e-9).numpy(), rel=1e-6)
    sigma = torch.linalg.svdvals(W)
    assert axes[1, 0].lines[0].get_ydata() == pytest.approx((sigma / sigma[0]).numpy(), rel=1e-6)
    assert [axis.get_title() for axis in axes[0]] == ["ReLU (default)", "REI", "SIREN"]
    assert "step 20" in axes[2, 0].get_ylabel()


def test_ntk_spectra(drawn):
    _, figure = drawn("fig_ntk_spectra")
    for axis in figure.axes:
        for line in axis.lines:
            values = line.get_ydata()
            assert values[0] == pytest.approx(1) and (np.diff(values) <= 1e-12).all()
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[0].endswith("step 0") and titles[1].endswith("step 20")


def test_layer_shares_fill_the_bar(drawn):
    _, figure = drawn("fig_layer_share")
    for axis in figure.axes[:2]:
        widths = np.array([[bar.get_width() for bar in bars] for bars in axis.containers])
        assert widths.shape == (5, 3) and (widths >= 0).all()
        assert widths.sum(axis=0) == pytest.approx(100)


def test_ranks_through_training(drawn):
    _, figure = drawn("fig_training_rank")
    line = figure.axes[0].lines[0]
    assert line.get_xdata().tolist() == [0, 10, 20]
    W, b, x = inlet_of("relu")
    sigma = torch.linalg.svdvals(torch.relu(x @ W.T + b))
    assert line.get_ydata()[0] == pytest.approx(int((sigma > 1e-2 * sigma[0]).sum()))


def test_lines_that_cross_the_square(drawn):
    script, figure = drawn("fig_threshold_geometry")
    side = torch.linspace(-1, 1, 401, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)
    for axis, model in ((figure.axes[0], "relu"), (figure.axes[2], "rank_expanding")):
        W, b, _ = inlet_of(model)
        a = grid @ W.T + b
        crossing = int(((a > 0).any(0) & (a < 0).any(0)).sum())
        assert axis.get_xlabel() == f"{crossing} of {len(W)} lines cross"
    ends = script.within_square(np.array([1.0, -1.0]), 0.0)  # the diagonal, through two corners
    assert sorted(map(tuple, ends)) == [(-1, -1), (1, 1)]
    assert script.within_square(np.array([1.0, 0.0]), 2.0) is None
