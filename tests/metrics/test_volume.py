"""Volume metrics against their naive twins and by hand."""

import math

import numpy as np
import pytest

from inr_experiments.metrics.volume import chamfer, iou, iou_best

from ..reference.volume import chamfer_naive, iou_best_naive, iou_naive

RNG = np.random.default_rng(0)
CASES = {
    "random": (RNG.random((6, 5, 4)), RNG.random((6, 5, 4)) < 0.3),
    "on the thresholds": (RNG.integers(0, 257, 200) / 256, RNG.random(200) < 0.5),
    "float32": (RNG.random(200).astype(np.float32), RNG.random(200) < 0.5),
    "nothing inside": (RNG.random(50), np.zeros(50, bool)),
    "all inside": (RNG.random(50), np.ones(50, bool)),
    "both empty": (np.zeros(9), np.zeros(9, bool)),
    "outside of [0, 1]": (RNG.normal(0.5, 2, 200), RNG.random(200) < 0.5),
    "NaN": (np.array([np.nan, 0.9, 0.2]), np.array([True, True, False])),
}


@pytest.mark.parametrize("name", CASES)
def test_against_the_twins(name):
    prediction, target = CASES[name]
    before = prediction.copy()
    assert iou(prediction=prediction, target=target) == iou_naive(prediction, target)
    best = iou_best(prediction=prediction, target=target)
    assert best == iou_best_naive(prediction, target)
    assert best >= iou(prediction=prediction, target=target)
    assert np.array_equal(prediction, before, equal_nan=True)
    assert type(best) is float and type(iou(prediction=prediction, target=target)) is float


def test_by_hand():
    target = np.array([True, True, False, False])
    prediction = np.array([0.9, 0.3, 0.6, 0.1])
    assert iou(prediction=prediction, target=target) == 1 / 3
    assert iou_best(prediction=prediction, target=target) == 2 / 3


def test_chamfer_against_its_twin():
    a, b = RNG.normal(size=(40, 3)), RNG.normal(size=(30, 3))
    assert chamfer(prediction=a, target=b) == pytest.approx(chamfer_naive(a, b), abs=1e-12)
    assert chamfer(prediction=b, target=a) == pytest.approx(chamfer(prediction=a, target=b))
    assert chamfer(prediction=a, target=a) == 0


def test_chamfer_of_nothing_is_no_number():
    assert math.isnan(chamfer(prediction=np.empty((0, 3)), target=np.ones((2, 3))))
