"""Frames with values of our choice."""

import numpy as np
import pandas as pd

from inr_experiments.runs.frame import COLUMNS

WOBBLE = np.array([-1.0, 1.0, -0.5, 0.5, -0.2, 0.2, -0.8, 0.8])


def made_up(sides: dict[str, np.ndarray], *, scale="laptop", metric="psnr", seeds=2):
    """One value an item for each model; seeds lie evenly around it."""
    rows = []
    for model, values in sides.items():
        for i, value in enumerate(values):
            for s in range(seeds):
                common = (f"{model}-{i}", model, "t", f"item{i}", s, scale)
                off = 0.3 * (s - (seeds - 1) / 2)
                rows.append((*common, 0, False, metric, value / 2, "f"))
                rows.append((*common, 9, True, metric, value + off, "f"))
    return pd.DataFrame(rows, columns=list(COLUMNS))
