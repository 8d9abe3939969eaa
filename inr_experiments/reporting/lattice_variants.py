"""Readings of REI's lattice in 3D: what the inlet of each has at initialisation."""

import pandas as pd

from ..runs.frame import Frame
from .gains import per_item
from .looks import MEASURES, Measure

#: Active at some points, but fewer than this share of them: rare. As the diagnostic has it,
#: whose module needs torch.
RARE = 0.01
#: Units of the inlet that are hardly active, by metric.
UNITS = {
    "activation_pattern/inlet/dead_units": Measure("dead", "X"),
    "activation_pattern/inlet/rare_units": Measure(f"active at < {RARE:.0%}", "o"),
}
#: Ranks of Z₀, by metric.
RANKS = {
    f"spectra/inlet/{name}": MEASURES[name]
    for name in ("rank_0.001", "rank_0.01", "effective_rank", "centred_effective_rank")
}


def inlets(frame: Frame) -> pd.DataFrame:
    """Silent units and ranks at step 0, means over items: labels × metrics."""
    by_metric = {m: per_item(frame, m, at="first").mean(axis=1) for m in (*UNITS, *RANKS)}
    return pd.DataFrame(by_metric)
