"""The knobs of the rank ablation: their runs, and which of them are pooled."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ..checks import InputError
from ..runs.frame import read_frame
from .labels import KNOBS
from .sweeps import runs

INLET = "inlet_spectrum/inlet"
#: Measures of the rank of Z₀ by metric.
RANKS = {
    f"{INLET}/effective_rank": "effective rank",
    f"{INLET}/rank_0.01": "σ > 10⁻² σ₁",
    f"{INLET}/rank_0.001": "σ > 10⁻³ σ₁",
    f"{INLET}/numerical_rank": "numerical rank",
    f"{INLET}/stable_rank": "stable rank",
    f"{INLET}/participation_ratio": "participation ratio",
}
#: Not pooled: octaves change the number of parameters, ω₀ is of another activation, in fp32.
APART = ("rank_octaves", "rank_omega")


def knob_runs(path: Path) -> pd.DataFrame:
    """The runs of one experiment: ranks at step 0, `psnr`, and `early_fall`, minus the early slope.

    Raises:
        InputError: if it is no knob's frame.
    """
    if path.stem not in (*KNOBS, "rank_width"):
        raise InputError(f"{path}: expected a frame of {', '.join(KNOBS)}")
    last = ["psnr", "early_slope", "parameters"]
    table = runs(read_frame(path), first=list(RANKS), last=last)
    return table.assign(early_fall=-table["early_slope"], knob=path.stem)


def on_shared_pictures(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same over the pictures that all knobs have."""
    shared = set.intersection(*(set(table["item"]) for table in tables.values()))
    return {knob: table[table["item"].isin(shared)] for knob, table in tables.items()}


def pooled(alike: Mapping[str, pd.DataFrame]) -> pd.DataFrame | None:
    """The runs of all knobs but those apart; None where that is one knob or none."""
    chosen = [table for knob, table in alike.items() if knob not in APART]
    return pd.concat(chosen) if len(chosen) > 1 else None
