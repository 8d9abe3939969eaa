"""Figures of pictures and of the diagnosis show what was measured: real runs of smoke scale."""

from dataclasses import replace
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import torch

from inr_experiments.experiment import execute
from inr_experiments.reporting import style
from inr_experiments.runs.collect import make_frame
from inr_experiments.runs.frame import Frame, NotShownError
from inr_experiments.sweep.compose import configs
from tests.fields import field_and_task
from tests.scripts import drawn, load

PICTURE = ("scale=smoke", "task.image=astronaut", "fit.milestone_every=10")
DIAGNOSIS = (
    "experiment=diagnosis", *PICTURE, "model=relu,rank_expanding,siren",
    "diagnostic.layer_ntk.points=60", "diagnostic.layer_ntk.rank_points=30",
    "diagnostic.spectra.jacobians=true",
)  # fmt: skip
OF_LAYERS = (
    "fig_weights_vs_representations", "fig_ntk_spectra", "fig_layer_share", "fig_training_rank",
    "fig_threshold_geometry",
)  # fmt: skip


def frame_of(folder: Path, *words: str) -> Frame:
    """Do the runs of a sweep; give their frame."""
    looks = {execute(cfg).folder: cfg.model for cfg in configs([*words, f"outputs={folder}"])}
    return make_frame("made", list(looks), looks=looks)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("diagnosis")


@pytest.fixture(scope="module")
def diagnosis(folder: Path) -> Frame:
    return frame_of(folder, *DIAGNOSIS)


def inlet_of(model: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Weights, biases and points of a smoke field at step 0."""
    field, task = field_and_task(f"model={model}", "task.image=astronaut")
    linear = field.inlet.linear
    return linear.weight.detach().double(), linear.bias.detach().double(), task.coordinates.double()


def test_weights_beside_representations(diagnosis):
    figure = drawn("fig_weights_vs_representations", diagnosis)
    axes = np.array(figure.axes).reshape(4, 3)
    W, b, x = inlet_of("relu")
    sigma = torch.linalg.svdvals(torch.relu(x @ W.T + b))
    line = axes[0, 0].lines[0].get_ydata()
    assert line == pytest.approx((sigma / sigma[0]).clamp_min(1e-9).numpy(), rel=1e-5)
    sigma = torch.linalg.svdvals(W)
    assert axes[1, 0].lines[0].get_ydata() == pytest.approx((sigma / sigma[0]).numpy(), rel=1e-5)
    assert [axis.get_title() for axis in axes[0]] == ["ReLU (default)", "REI", "SIREN"]
    assert "step 20" in axes[2, 0].get_ylabel()


def test_ntk_spectra(diagnosis):
    figure = drawn("fig_ntk_spectra", diagnosis)
    for axis in figure.axes:
        assert len(axis.lines) == 3
        for line in axis.lines:
            values = line.get_ydata()
            assert values[0] == pytest.approx(1) and (np.diff(values) <= 1e-12).all()
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[0].endswith("step 0") and titles[1].endswith("step 20")
    run = diagnosis.where(model="relu").runs.index[0]
    centred = diagnosis.array(run, "layer_ntk/total/centred_eigenvalues", 0)
    shown = figure.axes[titles.index("K centred, step 0")].lines[0].get_ydata()
    assert shown[:9] == pytest.approx(centred[1, :9] / centred[1, 0], rel=1e-5)


def test_layer_shares_fill_the_bar(diagnosis):
    figure = drawn("fig_layer_share", diagnosis)
    for axis in figure.axes[:2]:
        widths = np.array([[bar.get_width() for bar in bars] for bars in axis.containers])
        assert widths.shape == (5, 3) and (widths >= 0).all()
        assert widths.sum(axis=0) == pytest.approx(100)


def test_ranks_through_training(diagnosis):
    figure = drawn("fig_training_rank", diagnosis)
    line = figure.axes[0].lines[0]
    assert line.get_xdata().tolist() == [0, 10, 20]
    W, b, x = inlet_of("relu")
    Z = torch.relu(x @ W.T + b)
    sigma = torch.linalg.svdvals(Z)
    assert line.get_ydata()[0] == pytest.approx(int((sigma > 1e-2 * sigma[0]).sum()))
    share = torch.linalg.svdvals(Z - Z.mean(dim=0))
    share = share / share.sum()
    wanted = torch.exp(-(share * share.clamp_min(1e-300).log()).sum())
    assert figure.axes[2].get_title() == "effective rank, centred"
    assert figure.axes[2].lines[0].get_ydata()[0] == pytest.approx(wanted.item(), rel=1e-6)


def test_lines_that_cross_the_square(diagnosis):
    figure = drawn("fig_threshold_geometry", diagnosis)
    side = torch.linspace(-1, 1, 401, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)
    for axis, model in ((figure.axes[0], "relu"), (figure.axes[2], "rank_expanding")):
        W, b, _ = inlet_of(model)
        a = grid @ W.T + b
        crossing = int(((a > 0).any(0) & (a < 0).any(0)).sum())
        assert axis.get_xlabel() == f"{crossing} of {len(W)} lines cross"
    script = load("figures/fig_threshold_geometry")
    ends = script.within_square(np.array([1.0, -1.0]), 0.0)  # the diagonal, through two corners
    assert sorted(map(tuple, ends)) == [(-1, -1), (1, 1)]
    assert script.within_square(np.array([1.0, 0.0]), 2.0) is None


def test_figures_have_as_many_layers_as_the_field(folder):
    words = ("model=relu,rank_expanding", "model.hidden_layers=1", "fit.steps=2")
    frame, stages = frame_of(folder, *DIAGNOSIS, *words), 2  # with the inlet
    figures = {stem: drawn(stem, frame) for stem in OF_LAYERS}
    axes = {stem: figure.axes for stem, figure in figures.items()}
    assert {len(axis.lines) for axis in axes["fig_weights_vs_representations"]} == {stages}
    assert len(axes["fig_ntk_spectra"]) == 4 + stages
    assert axes["fig_ntk_spectra"][-1].get_title() == "K₁, step 0"
    assert len(axes["fig_layer_share"][0].containers) == stages + 1  # and the head
    assert len(axes["fig_training_rank"]) == 3 * stages


def test_reconstructions(diagnosis):
    figure = drawn("fig_reconstruction", diagnosis)
    runs = diagnosis.runs.set_index("model")
    psnr, rest = runs["psnr"], runs["psnr_heldout"]
    assert [axis.get_title() for axis in figure.axes[:5]] == [
        "astronaut",
        f"ReLU (default), {psnr['relu']:.1f} / {rest['relu']:.1f} dB",
        f"REI, {psnr['rank_expanding']:.1f} / {rest['rank_expanding']:.1f} dB",
        "error, ReLU (default)",
        "error, REI",
    ]
    target, fit, _, error = (np.asarray(axis.images[0].get_array()) for axis in figure.axes[:4])
    assert error == pytest.approx(abs(target - fit).mean(axis=2))


def test_pictures_that_may_not_be_passed_on_are_not_shown(diagnosis):
    kept = {k: v for k, v in diagnosis.arrays.items() if not k.endswith("target")}
    runs = diagnosis.runs.assign(redistributable=False)
    with pytest.raises(NotShownError, match="astronaut may not be passed on"):
        load("figures/fig_reconstruction").draw(replace(diagnosis, runs=runs, arrays=kept))


def test_clip_shows_every_milestone(folder, diagnosis, tmp_path):
    frame = frame_of(folder, "experiment=training_clip", *PICTURE)
    assert set(frame.runs.index) == set(diagnosis.runs.index)  # the same fits
    figure = drawn("training_clip", frame)
    run = frame.where(model="relu").runs.index[0]
    shown = figure.axes[0].images[0].get_array()
    assert (shown == frame.array(run, "picture/reconstruction", 20)).all()
    assert (shown == frame.picture(run, "reconstruction")).all()
    figures = load("figures/training_clip").clip(frame)
    titles = [figure.get_suptitle() for figure in figures]
    assert titles == [f"astronaut, step {step}" for step in (0, 10, 20)]
    (path,) = style.save_clip(figures, tmp_path / "clip")
    assert len(iio.imread(path)) == 3
