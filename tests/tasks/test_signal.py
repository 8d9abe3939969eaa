"""The synthetic signal: the dimension of its band's space, and its name."""

import numpy as np
import pytest
import torch

from inr_experiments.checks import InputError
from inr_experiments.ranks.singular import singular_values
from inr_experiments.tasks.signal import Signal


@pytest.mark.parametrize(("P", "K", "side"), [(1, 1, 4), (1, 8, 18), (2, 2, 9), (3, 1, 6)])
def test_signals_of_a_band_are_a_space_of_the_needed_rank(P, K, side):
    made = [Signal(dimensions=P, band=K, side=side, signal_seed=seed)
            for seed in range((2 * K + 1) ** P + 8)]  # fmt: skip
    needed = made[0].facts["needed_rank"]
    values = torch.from_numpy(np.stack([task.values.ravel() for task in made])).double()
    sigma = singular_values(values)
    assert sigma[needed - 1] > 1e-4 * sigma[0] > 1e3 * sigma[needed]  # float32 rounds the rest
    k = np.indices((2 * K + 1,) * P).reshape(P, -1).T - K
    x = made[0].all_coordinates.double().numpy()
    waves = np.concatenate([np.cos(np.pi * x @ k.T), np.sin(np.pi * x @ k.T)], axis=1)
    assert np.linalg.matrix_rank(waves, tol=1e-3) == needed
    for task in made[:3]:
        left = task.values.ravel() - waves @ np.linalg.lstsq(waves, task.values.ravel(), 1e-4)[0]
        assert np.abs(left).max() < 1e-5
        assert task.values.min() == 0 and task.values.max() == 1


def test_its_name_tells_dimensions_and_band():
    assert Signal(dimensions=3, band=2, side=6).item == "P3 K2"
    assert Signal(dimensions=1, band=2, side=6, signal_seed=4).item == "P1 K2 seed 4"
    hashes = {Signal(dimensions=P, band=K, side=9, signal_seed=seed).sha256
              for P in (1, 2) for K in (1, 2) for seed in (0, 1)}  # fmt: skip
    assert len(hashes) == 8


def test_a_grid_too_coarse_for_the_band_is_refused():
    with pytest.raises(InputError, match=r"^side=9: expected at least 10 for band=4$"):
        Signal(dimensions=1, band=4, side=9)


@pytest.mark.parametrize(("P", "K", "side"), [(1, 16, 64), (2, 2, 20), (3, 2, 9)])
def test_fewer_fitted_nodes_tell_fewer_directions(P, K, side):
    made = Signal(dimensions=P, band=K, side=side, fitted="every_second")
    k = np.indices((2 * K + 1,) * P).reshape(P, -1).T - K
    waves = np.exp(1j * np.pi * made.coordinates.double().numpy() @ k.T)
    assert np.linalg.matrix_rank(waves, tol=1e-3) == made.facts["needed_rank"]
