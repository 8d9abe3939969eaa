"""Learning rates by model, every cell shown."""

from inr_experiments.reporting.rates import grid as rows

READS = ("tune",)
__all__ = ["rows"]
