"""What fills in the rest without a network, against scipy called on its own and point by point."""

import numpy as np
import pytest
import torch
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from scipy.ndimage import gaussian_filter, map_coordinates

from inr_experiments.data.images import load as images
from inr_experiments.tasks import interpolation, occupancy
from inr_experiments.tasks.grid_signal import GridSignal, fitted_mask
from inr_experiments.tasks.image import Image
from tests.reference.grid import squared_distances
from tests.reference.image import psnr_pixel_by_pixel
from tests.solids import small

NAMES = {1: ("linear", "cubic"), 2: ("bilinear", "bicubic"), 3: ("linear", "cubic")}


def values(shape: tuple[int, ...], C: int = 2) -> np.ndarray:
    return np.random.default_rng(0).random((*shape, C), dtype=np.float32)


@pytest.mark.parametrize(
    "shape", [(1,), (2,), (9,), (12,), (1, 6), (7, 9), (8, 6), (5, 6, 7)], ids=str
)
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_every_second_node_by_scipy(shape, noise):
    task = GridSignal(values(shape), fitted="every_second", noise=noise)
    if task.mask.all():  # a single node
        assert set(task.without_network) == ({"as given", "Gaussian filter"} if noise else set())
        return
    fitted = task.targets.double().numpy().reshape(*((n + 1) // 2 for n in shape), 2)
    at = np.indices(shape) / 2
    assert tuple(task.without_network) == NAMES[len(shape)]
    for order, row in zip((1, 3), task.without_network.values(), strict=True):
        wanted = np.stack(
            [map_coordinates(fitted[..., c], at, order=order, mode="mirror") for c in (0, 1)], -1
        )
        rest = psnr_pixel_by_pixel(wanted[~task.mask], task.values[~task.mask])
        assert row["psnr_heldout"] == pytest.approx(rest, rel=1e-6)
        assert ("psnr" in row) == (noise > 0), "clean pixels are met: not finite"
        assert "psnr_noisy" not in row


@pytest.mark.parametrize("fitted", ["jittered", "clustered", 0.3, 0.1])
@pytest.mark.parametrize("shape", [(7, 9), (40, 50)], ids=str)
def test_scattered_nodes_of_a_picture_by_scipy(shape, fitted, monkeypatch):
    mask, y = fitted_mask(shape, fitted, 0), values(shape).astype(float)
    known, wanted = np.argwhere(mask), np.moveaxis(np.indices(shape), 0, -1)
    by_scipy = LinearNDInterpolator(known, y[mask])(wanted)
    inside = ~np.isnan(by_scipy)
    (found,) = interpolation.between_scattered(y[mask], mask).values()
    assert 0 < inside.mean() < 1
    monkeypatch.setattr(interpolation, "NODES", 50)
    (in_parts,) = interpolation.between_scattered(y[mask], mask).values()
    np.testing.assert_array_equal(in_parts, found)
    np.testing.assert_allclose(found[inside], by_scipy[inside], atol=1e-12)
    near = NearestNDInterpolator(known, known)(wanted)
    distance, ours = ((near - wanted) ** 2).sum(-1), interpolation.nearest(known, mask)
    assert (((ours - wanted) ** 2).sum(-1) == distance).all()
    outside = ~inside.all(axis=-1)
    np.testing.assert_array_equal(found[outside], interpolation.nearest(y[mask], mask)[outside])


def test_scattered_nodes_of_one_axis_and_of_three():
    mask, y = fitted_mask((30,), 0.3, 0), values((30,)).astype(float)
    (found,) = interpolation.between_scattered(y[mask], mask).values()
    for c in (0, 1):
        wanted = np.interp(np.arange(30), np.flatnonzero(mask), y[mask, c])
        np.testing.assert_allclose(found[:, c], wanted)
    mask = fitted_mask((4, 5, 6), 0.2, 0)
    known, nodes = np.argwhere(mask), np.argwhere(np.ones(mask.shape))
    ((label, found),) = interpolation.between_scattered(known.astype(float), mask).items()
    gap = ((found.reshape(-1, 3) - nodes) ** 2).sum(1)
    assert label == "nearest" and (gap == squared_distances(nodes, known).min(1)).all()


@pytest.mark.parametrize("shape", [(12, 1), (1, 12), (3, 3)], ids=str)
def test_nodes_that_make_no_triangle_have_the_nearest(shape):
    task = GridSignal(values(shape), fitted=0.2)
    (label,) = task.without_network
    assert label == "nearest"


def test_where_all_is_fitted_there_is_nothing():
    assert GridSignal(values((6, 8))).without_network == {}


def test_noisy_values_stand_as_they_are_and_smoothed():
    task = GridSignal(values((20, 30)), fitted="all", noise=0.1)
    noisy = task.targets.numpy().astype(np.float64).reshape(task.values.shape)
    own = [gaussian_filter(noisy[..., c], 1.0, mode="mirror") for c in range(noisy.shape[-1])]
    expected = {"as given": noisy, "Gaussian filter": np.stack(own, axis=-1)}
    assert set(task.without_network) == set(expected)
    for label, row in task.without_network.items():
        assert row["psnr"] == pytest.approx(task.compare(expected[label])["psnr"])


def test_ssim_and_psnr_are_those_of_a_field_that_interpolates(tmp_path):
    task = Image(image="astronaut", side=40, fitted="every_second")
    halves = task.targets.numpy().reshape(*((n + 1) // 2 for n in task.values.shape[:2]), -1)
    filled = interpolation.between_every_second(halves.astype(float), task.values.shape[:2])
    as_field = torch.from_numpy(filled["bicubic"]).reshape(-1, task.out_features).float()
    row = task.without_network["bicubic"]
    metrics = {**task.evaluate(lambda x: as_field), **task.evaluate_last(lambda x: as_field)}
    assert set(row) == {"psnr_heldout", "ssim"}
    for name, value in row.items():
        assert value == pytest.approx(metrics[name], rel=1e-5), name


def test_psnr_against_the_noisy_targets_is_the_loss_in_decibels():
    task = GridSignal(values((20, 30)), fitted="every_second", noise=0.2)
    assert task.targets.max() > 1 and task.targets.min() < 0
    field = 2 * torch.rand(600, 2, generator=torch.Generator().manual_seed(0)) - 0.5
    chosen = torch.from_numpy(task.mask).flatten()
    loss = task.loss(field[chosen], task.targets) / chosen.sum()
    metrics = task.evaluate(lambda x: field)
    assert metrics["psnr_noisy"] == pytest.approx(-10 * loss.log10().item(), rel=1e-5)
    drawn = task.values + 0.2 * np.random.default_rng(0).normal(size=(10_000, *task.values.shape))
    rest = ((field.reshape(task.values.shape).numpy() - drawn)[:, ~task.mask] ** 2).mean()
    assert metrics["psnr_heldout_noisy"] == pytest.approx(-10 * np.log10(rest), abs=0.01)
    field[chosen] = task.targets
    assert task.evaluate(lambda x: field)["psnr_noisy"] == float("inf"), "nothing is clamped"
    quiet = GridSignal(values((20, 30)), fitted=0.5).evaluate(lambda x: field)
    assert set(quiet) == {"psnr", "psnr_heldout"}


@pytest.mark.real_data
def test_limits_of_the_papers_crops():
    crops = (images.load(images.div2k(name), side=512).pixels for name in images.DIV2K)
    rows = [GridSignal(crop, fitted="every_second").without_network for crop in crops]
    for label, mean in (("bilinear", 27.04), ("bicubic", 27.11)):
        found = np.mean([row[label]["psnr_heldout"] for row in rows])
        assert found == pytest.approx(mean, abs=0.005)


@pytest.mark.parametrize("points", ["uniform", "grid"])
def test_the_nearest_labelled_point(points):
    task = small(shape="blob", eval_resolution=12, pool=500, points=points)
    pool, inside = (x.numpy() for x in task.batch("full", torch.Generator()))
    axis = (np.arange(12) + 0.5) / 6 - 1
    centres = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    distance = ((centres[:, None] - pool) ** 2).sum(-1)
    label = inside[distance.argmin(1), 0].reshape(12, 12, 12) > 0.5
    iou = (label & task.target).sum() / (label | task.target).sum()
    assert task.without_network == {"nearest labelled point": {"iou": pytest.approx(iou)}}


def test_a_fine_grid_has_the_row_on_fewer_cells(monkeypatch):
    assert occupancy.NEAREST_CELLS == 64
    monkeypatch.setattr(occupancy, "NEAREST_CELLS", 12)
    coarse, fine = (small(shape="blob", eval_resolution=side) for side in (12, 20))
    assert coarse.without_network == fine.without_network
