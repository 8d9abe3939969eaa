"""Values on grids of one, two and three axes, against node-by-node twins."""

import imageio.v3 as iio
import numpy as np
import pytest
import torch

from inr_experiments.seeding import generator
from inr_experiments.tasks.grid_signal import GridSignal, fitted_mask, grid
from tests.reference.grid import (
    clustered_by_arrival,
    coordinates_node_by_node,
    every_second_node_by_node,
    jittered_block_by_block,
)
from tests.reference.image import psnr_pixel_by_pixel

SHAPES = [(1,), (2,), (9,), (12,), (1, 1), (6, 8), (5, 7), (4, 5, 6), (3, 1, 2)]


def signal(shape: tuple[int, ...], C: int = 1, **settings) -> GridSignal:
    values = np.random.default_rng(0).random((*shape, C), dtype=np.float32)
    return GridSignal(values, **settings)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("coordinates", ["symmetric", "unit"])
@pytest.mark.parametrize("aspect", ["per_axis", "keep"])
def test_coordinates(shape, coordinates, aspect):
    found = grid(shape, coordinates=coordinates, aspect=aspect)
    wanted = coordinates_node_by_node(shape, coordinates, aspect)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
def test_masks(shape):
    assert fitted_mask(shape, "all", 0).all()
    assert (fitted_mask(shape, "every_second", 0) == every_second_node_by_node(shape)).all()
    for seed in (0, 5):
        for fitted, twin in (
            ("jittered", jittered_block_by_block), ("clustered", clustered_by_arrival)
        ):  # fmt: skip
            wanted = twin(shape, generator(seed, "fitted pixels"))
            assert (fitted_mask(shape, fitted, seed) == wanted).all(), (fitted, seed)
    hole = np.argwhere(~fitted_mask(shape, "hole", 0))
    assert len(hole) == np.prod([n // 2 for n in shape])
    if len(hole):
        assert (hole.min(axis=0) == [n // 4 for n in shape]).all()
        assert (np.ptp(hole, axis=0) == [n // 2 - 1 for n in shape]).all()
    share = fitted_mask(shape, 0.25, 0)
    assert share.shape == shape and share.sum() == max(1, round(0.25 * share.size))


@pytest.mark.parametrize("shape", [(12,), (5, 7), (4, 5, 6)])
@pytest.mark.parametrize("C", [1, 2, 3])
def test_targets_loss_and_metrics(shape, C, tmp_path):
    task = signal(shape, C, fitted="every_second")
    values = torch.from_numpy(task.values).reshape(-1, C)
    chosen = torch.from_numpy(task.mask).flatten()
    x, y = task.batch("full", torch.Generator())
    assert x.equal(task.all_coordinates[chosen]) and y.equal(values[chosen])
    assert task.domain.dimensions == len(shape) and task.out_features == C
    drawn = torch.rand(len(values), C, generator=torch.Generator().manual_seed(0)) * 1.4 - 0.2
    metrics = task.evaluate(lambda x: drawn)
    for name, part in (("psnr", chosen), ("psnr_heldout", ~chosen)):
        wanted = psnr_pixel_by_pixel(drawn[part].numpy(), values[part].numpy())
        assert metrics[name] == pytest.approx(wanted, rel=1e-5), name
    squared = sum(
        (float(a) - float(b)) ** 2 for a, b in zip(drawn.flatten(), values.flatten(), strict=True)
    )
    assert task.loss(drawn, values).item() == pytest.approx(squared / C, rel=1e-5)
    task.draw(lambda x: drawn, tmp_path)
    assert len(list(tmp_path.glob("*.png"))) == (0 if C == 2 else 2)
    for path in tmp_path.glob("*.png"):
        assert iio.imread(path).shape[:2] == {1: (16, 12), 2: (5, 7), 3: (5, 6)}[len(shape)]
