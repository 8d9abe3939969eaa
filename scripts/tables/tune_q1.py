"""Learning rates of the cells of q1_cnn and q1_transformer, every one shown."""

from inr_experiments.reporting.rates import grid

READS = ("tune_q1",)
rows = grid
