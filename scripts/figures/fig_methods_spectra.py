"""Spectra of what the field's methods see: inlet and last hidden layer, before and after training.

Singular values of the centred features over the largest; geometric mean over runs.
"""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from scipy.stats import gmean

from inr_experiments.reporting import style
from inr_experiments.reporting.looks import looks
from inr_experiments.reporting.panels import layers, spectra
from inr_experiments.runs.frame import Frame

READS = ("methods",)
ARRAYS = ("*/spectra/*/centred_singular_values",)

FLOOR = 1e-6


def draw(methods: Frame) -> Figure:
    figure, axes = plt.subplots(2, 2, figsize=(style.PAGE, 5.2), sharex=True, sharey=True)
    steps = {"at initialisation": 0, "after training": methods.last_step()}
    for label, look in looks(methods).items():
        own = methods.where(label=label)
        inlet, *_, last = layers(own, "spectra/*/centred_effective_rank")
        for row, stage in zip(axes, (inlet, last), strict=True):
            for axis, step in zip(row, steps.values(), strict=True):
                name = f"spectra/{stage}/centred_singular_values"
                index, values = spectra(own, name, step=step, floor=FLOOR / 10)
                mean = gmean(values)
                axis.plot(index, mean, color=look.colour, linestyle=look.dash, label=label)
    for axis, told in zip(axes[0], steps, strict=True):
        axis.set_title(told, fontsize="medium")
    for row, stage in zip(axes, ("inlet", "last hidden layer"), strict=True):
        row[0].set_ylabel(f"σᵢ / σ₁, centred: {stage}")
    for axis in axes[1]:
        axis.set_xlabel("index i")
    axes[0, 0].set(yscale="log", ylim=(FLOOR, 2), xlim=(0, None))
    style.legend(figure, axes[0, 0], ncols=5)
    return figure
