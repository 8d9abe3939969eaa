"""How measures of the inlet's rank order loss and PSNR: `rank_correlations.py FRAME OUT`.

Every knob apart, then those of one activation and size together.
"""

import math
import sys
from pathlib import Path

import pandas as pd

from inr_experiments.commands.door import door
from inr_experiments.reporting import tables
from inr_experiments.reporting.ablation import RANKS, knob_runs, on_shared_pictures, pooled
from inr_experiments.reporting.labels import KNOBS
from inr_experiments.reporting.sweeps import correlation

HEADER = ("knob", "runs", "pictures", "measure", "ρ, early fall of the loss", "ρ, PSNR")


def main(*arguments: str) -> None:
    """The frames are those of labels.KNOBS, as far as they are there."""
    *frames, out = map(Path, arguments)
    knobs = {path.stem: knob_runs(path) for path in frames}
    body = [row for knob, table in knobs.items() for row in block(KNOBS[knob][0], table)]
    together = pooled(on_shared_pictures(knobs))
    if together is not None:
        body += block("pooled", together)
    scale = ", ".join(sorted({s for table in knobs.values() for s in table["scale"]}))
    seeds = max(table["seed"].nunique() for table in knobs.values())
    tables.write(out, HEADER, body, (
        "Spearman's ρ of a measure of the rank of Z₀ at step 0 with minus the early slope of ln "
        "loss and with the PSNR of the last step, within each picture over a knob's levels; mean "
        f"over pictures and BCa interval over them; {seeds} seed(s) averaged; scale {scale}. "
        "Octaves, which change the number of parameters, and ω₀, of another activation, are not "
        "pooled. A measure that a knob does not move has no ρ."
    ))  # fmt: skip


def block(label: str, table: pd.DataFrame) -> list[list[str]]:
    """A row a measure."""
    size = [str(len(table)), str(table["item"].nunique())]
    return [
        [label, *size, name, rho(table, metric, "early_fall"), rho(table, metric, "psnr")]
        for metric, name in RANKS.items()
    ]


def rho(table: pd.DataFrame, metric: str, outcome: str) -> str:
    """The mean and its interval, as far as there is one."""
    found = correlation(table, metric, outcome)
    if math.isnan(found.mean):
        return "–"
    if math.isnan(found.low):
        return f"{found.mean:+.2f}"
    return f"{found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"


if __name__ == "__main__":
    with door("rank_correlations"):
        main(*sys.argv[1:])
