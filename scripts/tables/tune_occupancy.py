"""Learning rates in 3D by model, every cell shown."""

from inr_experiments.reporting.rates import grid

READS = ("tune_occupancy",)
rows = grid
