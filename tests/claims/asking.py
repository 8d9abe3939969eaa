"""Tests of a claim that are asked of made-up frames."""

import numpy as np

from inr_experiments.claims.evidence import weigh
from inr_experiments.claims.hypothesis import Hypothesis
from inr_experiments.runs.frame import Frame

BASE = np.linspace(20, 30, 8)


def asks(**given) -> Hypothesis:
    usual = {"experiment": "e", "kind": "gain", "metric": "psnr", "of": "mine", "over": "relu",
             "threshold": 0, "unit": "dB"}  # fmt: skip
    return Hypothesis(**{**usual, **given})


def weighed(frame: Frame, *hypotheses: Hypothesis):
    return weigh({"e": frame}, hypotheses)
