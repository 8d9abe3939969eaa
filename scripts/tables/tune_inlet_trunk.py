"""Learning rates of the cells of inlet_trunk, every one shown."""

from inr_experiments.reporting.rates import grid

READS = ("tune_inlet_trunk",)
rows = grid
