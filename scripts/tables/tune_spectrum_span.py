"""Learning rates of the cells of spectrum_span, every one shown."""

from inr_experiments.reporting.rates import grid

READS = ("tune_spectrum_span",)
rows = grid
