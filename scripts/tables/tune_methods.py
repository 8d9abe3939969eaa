"""Learning rates of the field's methods, every cell shown."""

from inr_experiments.reporting.rates import grid

READS = ("tune_methods",)
rows = grid
