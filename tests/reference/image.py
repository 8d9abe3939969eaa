"""PSNR and SSIM, one pixel at a time."""

import math

import numpy as np


def psnr_pixel_by_pixel(prediction: np.ndarray, target: np.ndarray) -> float:
    total = 0.0
    for p, t in zip(prediction.flat, target.flat, strict=True):
        total += (min(max(p, 0.0), 1.0) - t) ** 2
    return -10 * math.log10(total / target.size)


def ssim_window_by_window(prediction: np.ndarray, target: np.ndarray) -> float:
    """Wang et al. 2004, equation 13, on every window that lies inside the picture."""
    k = np.arange(-5, 6)
    g = np.exp(-(k**2) / (2 * 1.5**2))
    w = np.outer(g, g) / g.sum() ** 2
    c1, c2 = 0.01**2, 0.03**2
    values = []
    height, width, channels = target.shape
    for c in range(channels):
        for i in range(5, height - 5):
            for j in range(5, width - 5):
                x = np.clip(prediction[i - 5 : i + 6, j - 5 : j + 6, c], 0, 1)
                y = target[i - 5 : i + 6, j - 5 : j + 6, c]
                mx, my = (w * x).sum(), (w * y).sum()
                vx, vy = (w * x * x).sum() - mx**2, (w * y * y).sum() - my**2
                cov = (w * x * y).sum() - mx * my
                values.append(
                    (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
                )
    return float(np.mean(values))
