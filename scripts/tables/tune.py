"""Learning rates by model, every cell shown."""

from inr_experiments.reporting.rates import grid

READS = ("tune",)
rows = grid
