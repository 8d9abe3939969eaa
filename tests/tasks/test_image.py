"""Fitted pixels and metrics of pictures."""

import imageio.v3 as iio
import numpy as np
import pytest
import torch

from inr_experiments.checks import InputError
from inr_experiments.data.images.load import BUNDLED, DIV2K, save
from inr_experiments.tasks.grid_signal import fitted_mask
from inr_experiments.tasks.image import Image


@pytest.fixture
def picture(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "noise.png"
    iio.imwrite(path, rng.integers(0, 256, (20, 30, 3), dtype=np.uint8))
    return path


def test_exact_prediction_is_infinite_and_swapped_axes_are_not(picture):
    task = Image(path=str(picture), fitted="all")
    pixels = torch.from_numpy(task.values).reshape(-1, 3)
    assert task.evaluate(lambda x: pixels)["psnr"] == float("inf")
    # What is predicted at (down, right) is the pixel there, also on a picture that is not square.
    image = torch.from_numpy(task.values)

    def look_up(x):
        row = ((x[:, 0] + 1) / 2 * 19).round().long()
        column = ((x[:, 1] + 1) / 2 * 29).round().long()
        return image[row, column]

    assert task.evaluate(look_up)["psnr"] == float("inf")


def test_metrics_split_fitted_and_held_out(picture):
    task = Image(path=str(picture), fitted="every_second")
    assert task.facts["fitted"] == 150 and task.facts["heldout"] == 450
    wrong = task.values.copy()
    wrong[~task.mask] = np.clip(wrong[~task.mask] - 0.1, 0, 1)
    metrics = task.evaluate(lambda x: torch.from_numpy(wrong).reshape(-1, 3))
    assert metrics["psnr"] == float("inf")
    assert 19 < metrics["psnr_heldout"] < 21  # −20 log10(0.1), but for clipped pixels
    assert "psnr_heldout" not in Image(path=str(picture)).evaluate(lambda x: torch.zeros(600, 3))


def test_coordinates_and_targets_belong_together(picture):
    task = Image(path=str(picture), fitted="every_second")
    x, y = task.batch("full", torch.Generator())
    row = ((x[:, 0] + 1) / 2 * 19).round().long()
    column = ((x[:, 1] + 1) / 2 * 29).round().long()
    assert y.equal(torch.from_numpy(task.values)[row, column])
    x, y = task.batch(7, torch.Generator().manual_seed(0))
    assert x.shape == (7, 2) and y.shape == (7, 3)


def test_a_random_fraction_is_the_same_every_time():
    a, b = (fitted_mask((50, 40), 0.25, seed=3) for _ in range(2))
    assert a.sum() == 500 and (a == b).all()
    assert (fitted_mask((50, 40), 0.25, seed=4) != a).any()


def test_clustered_is_a_quarter_and_dense_at_its_blobs():
    mask = fitted_mask((60, 80), "clustered", seed=1)
    assert mask.sum() == 1200 and (mask == fitted_mask((60, 80), "clustered", seed=1)).all()
    tiles = mask.reshape(6, 10, 8, 10).mean(axis=(1, 3))
    evenly = fitted_mask((60, 80), 0.25, seed=1).reshape(6, 10, 8, 10).mean(axis=(1, 3))
    assert tiles.std() > 3 * evenly.std() and tiles.max() > 0.5


def test_noise_is_on_the_fitted_values_alone(picture):
    clean = Image(path=str(picture), fitted="every_second")
    noisy = Image(path=str(picture), fitted="every_second", noise=0.1)
    added = noisy.targets - clean.targets
    assert added.std().item() == pytest.approx(0.1, rel=0.1)
    assert noisy.targets.max() > 1, "clipped"
    again = Image(path=str(picture), fitted="every_second", noise=0.1)
    assert again.targets.equal(noisy.targets)
    # A prediction that is the picture itself is perfect, whatever noise was fitted.
    pixels = torch.from_numpy(clean.values).reshape(-1, 3)
    assert noisy.evaluate(lambda x: pixels)["psnr_heldout"] == float("inf")


@pytest.mark.parametrize("noise", [-0.1, "much", True])
def test_bad_noise_is_refused(picture, noise):
    with pytest.raises(InputError, match=r"^noise="):
        Image(path=str(picture), noise=noise)


@pytest.mark.parametrize("fitted", ["half", 0, 1.5, True, -0.1])
def test_bad_fractions_are_refused(fitted):
    with pytest.raises(InputError, match=r"^fitted="):
        fitted_mask((4, 4), fitted, 0)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_photographs_open(name):
    task = Image(image=name, side=48)
    assert max(task.values.shape[:2]) == 48 and task.item == name


@pytest.mark.real_data
@pytest.mark.parametrize("name", DIV2K)
def test_div2k_crops_open(name):
    task = Image(image=name, source="div2k", fitted="every_second")
    assert task.values.shape == (512, 512, 3)
    assert len(task.coordinates) == 256 * 256


def test_a_relative_path_into_the_data_folder_may_not_be_passed_on(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    save(tmp_path / "data/a.png", np.zeros((4, 4, 3)))
    monkeypatch.setenv("INR_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path / "data")
    (tmp_path / "link.png").symlink_to("data/a.png")
    for path in ("a.png", "../link.png"):
        assert not Image(path=path).facts["redistributable"]
