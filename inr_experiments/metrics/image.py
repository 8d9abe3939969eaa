"""Image metrics. Pictures and pixels hold values in [0, 1], channels last."""

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]
SSIM_WINDOW = 11


def psnr(*, prediction: Array, target: Array) -> float:
    """Peak signal-to-noise ratio in dB of the clamped prediction.

    −10 log₁₀ mean((clip(prediction, 0, 1) − target)²), the mean over all pixels and channels;
    infinite for an exact prediction.

    Shapes: any two equal ones, values in [0, 1]. Clamping follows from what a picture can show;
    the training loss is not clamped.
    """
    return decibels(np.clip(prediction, 0.0, 1.0).astype(np.float64) - target)


def decibels(error: Array, *, variance: float = 0.0) -> float:
    """−10 log₁₀ of the mean squared error; infinite where there is none. Shapes: any one.

    Args:
        variance: of noise that the error lacks.
    """
    mse = float(np.mean(error.astype(np.float64) ** 2)) + variance
    return math.inf if mse <= 0 else -10.0 * math.log10(mse)  # of NaN it is NaN


def ssim(*, prediction: Array, target: Array) -> float:
    """Structural similarity of the clamped prediction, averaged over pixels and channels.

    Gaussian window of 11 pixels with σ = 1.5, K₁ = 0.01, K₂ = 0.03, population covariance, data
    range 1.

    Shapes: (H, W, C) each. NaN where a side is shorter than the window.

    Source: Wang et al. 2004, equation 13.
    """
    from skimage.metrics import structural_similarity

    if min(target.shape[:2]) < SSIM_WINDOW:
        return math.nan
    return float(
        structural_similarity(
            np.clip(prediction, 0.0, 1.0).astype(np.float64),
            target.astype(np.float64),
            channel_axis=-1,
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )
