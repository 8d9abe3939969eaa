"""Main effects and interaction of spectrum and span against a fit of the two-way model."""

import numpy as np
import pytest

from inr_experiments.checks import InputError
from inr_experiments.reporting.spectrum_span import CELLS, effects
from tests.reporting.made_up import made_up

LABELS = [label for own in CELLS.values() for label in own.values()]


def frame_of(table: np.ndarray):
    """A frame of the cells, one model a cell; rows of the table are pictures."""
    models = {f"cell{i}": values for i, values in enumerate(table.T)}
    labels = dict(zip(models, LABELS, strict=True))
    return made_up(models, seeds=1, labels=labels)


def test_effects_are_those_of_the_two_way_model():
    table = np.random.default_rng(0).normal(20, 2, (5, 6))
    found = {of: effect.mean for of, effect in effects(frame_of(table), "psnr").items()}
    # Columns: span then spectrum; the flat ones are in no two-way effect.
    Y = table[:, [0, 1, 3, 4]].mean(axis=0)
    span, spectrum = np.array([-1, -1, 1, 1]) / 2, np.array([-1, 1, -1, 1]) / 2
    design = np.column_stack([np.ones(4), span, spectrum, span * spectrum])
    _, of_span, of_spectrum, interaction = np.linalg.solve(design, Y)
    assert found["of it the span"] == pytest.approx(of_span)
    assert found["of it the spectrum"] == pytest.approx(of_spectrum)
    assert found["interaction"] == pytest.approx(interaction)
    assert found["REI's gain"] == pytest.approx(of_span + of_spectrum) == pytest.approx(Y[3] - Y[0])
    means = table.mean(axis=0)
    assert found["flattening, default span"] == pytest.approx(means[2] - means[0])
    assert found["flattening, REI span"] == pytest.approx(means[5] - means[4])


def test_a_cell_that_lacks_is_told():
    frame = frame_of(np.ones((3, 6)))
    short = frame.only(frame.runs["label"] != LABELS[3], "the rest")
    with pytest.raises(InputError, match="no run with label=REI span, default's spectrum"):
        effects(short, "psnr")
