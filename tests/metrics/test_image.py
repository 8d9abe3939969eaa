"""PSNR and SSIM against their formulas."""

import math

import numpy as np
import pytest

from inr_experiments.metrics.image import psnr, ssim
from tests.reference.image import psnr_pixel_by_pixel, ssim_window_by_window


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    target = rng.random((14, 17, 3))
    return target + rng.normal(0, 0.2, target.shape), target


def test_psnr_against_the_formula(pair):
    prediction, target = pair
    expected = psnr_pixel_by_pixel(prediction, target)
    assert psnr(prediction=prediction, target=target) == pytest.approx(expected, rel=1e-12)


def test_psnr_of_no_numbers_is_none(pair):
    prediction, target = pair
    assert math.isnan(psnr(prediction=np.where(target > 0.5, np.nan, prediction), target=target))


def test_psnr_clamps(pair):
    _, target = pair
    ones = np.ones_like(target)
    assert psnr(prediction=ones * 7, target=target) == psnr(prediction=ones, target=target)


def test_ssim_against_the_formula(pair):
    prediction, target = pair
    expected = ssim_window_by_window(prediction, target)
    assert ssim(prediction=prediction, target=target) == pytest.approx(expected, rel=1e-10)


def test_ssim_of_a_picture_below_the_window_is_undefined():
    small = np.zeros((10, 40, 1))
    assert math.isnan(ssim(prediction=small, target=small))
