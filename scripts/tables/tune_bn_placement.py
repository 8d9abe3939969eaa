"""Learning rates of BatchNorm at each layer and place, every cell shown."""

from inr_experiments.reporting.rates import grid

READS = ("tune_bn_placement",)
rows = grid
