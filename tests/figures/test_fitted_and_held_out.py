"""The figure of fitted and held-out PSNR: means, and the line without a network."""

import pytest

from inr_experiments.reporting.panels import INTERPOLATION
from tests.reporting.made_up import made_up, measured
from tests.scripts import load

COLUMN = "data.without_network.bilinear.psnr_heldout"
FIGURE = load("figures/fig_fitted_and_held_out")


def test_means_of_both_pixels_and_the_line_of_interpolation():
    frame = made_up({"relu": [20.0, 22.0], "siren": [40.0, 44.0]}, **{COLUMN: 27.0})
    held_out = frame.value("psnr").to_numpy() / 2
    (axis,) = FIGURE.draw(measured(frame, "psnr_heldout", {9: held_out})).axes
    dots = [line for line in axis.lines if line.get_marker() == "o" and len(line.get_xdata())]
    marks = {(d.get_fillstyle(), round(d.get_ydata()[0])): d.get_xdata()[0] for d in dots}
    assert marks == pytest.approx(
        {("full", 0): 21, ("none", 0): 10.5, ("full", 1): 42, ("none", 1): 21}
    )
    (line,) = [line for line in axis.lines if line.get_label() == INTERPOLATION]
    assert set(line.get_xdata()) == {27.0}
