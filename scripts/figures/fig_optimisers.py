"""PSNR and ranks of representations and weights through training, by optimiser.

Mean over pictures, band: their range. W₁ and on are the hidden layers' weights, averaged.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.looks import Look
from inr_experiments.reporting.panels import draw_curves, layers, stage_name
from inr_experiments.runs.frame import Frame

READS = ("optimisers",)

OPTIMISER = "fit.optimiser._target_"
#: How each optimiser appears.
LOOKS = {
    "torch.optim.Adam": Look("Adam", "#0072B2", "-"),
    "torch.optim.SGD": Look("SGD with momentum", "#E69F00", "--"),
    "inr_experiments.fit.muon.MuonAndAdam": Look("Muon, hidden matrices", "#009E73", "-."),
}


def draw(optimisers: Frame) -> Figure:
    labels, panels = optimisers.labels, panels_of(optimisers)
    figure, axes = plt.subplots(
        len(labels),
        len(panels),
        figsize=(style.PAGE, 0.6 + 1.5 * len(labels)),
        sharex=True,
        sharey="col",
        squeeze=False,
    )
    for row, label in zip(axes, labels, strict=True):
        row[0].annotate(
            label, (-0.42, 0.5), xycoords="axes fraction", rotation=90, va="center", ha="center"
        )
        for axis, metrics in zip(row, panels.values(), strict=True):
            draw_courses(axis, optimisers.where(label=label), metrics)
    for axis, title in zip(axes[0], panels, strict=True):
        axis.set_title(title, fontsize=7)
    for axis in axes[-1]:
        axis.set_xlabel("step")
    style.legend(figure, axes[0, 0], ncols=3)
    return figure


def panels_of(frame: Frame) -> dict[str, list[str]]:
    """Metrics of a panel, averaged where there are several, by its title."""
    inlet, *hidden = layers(frame, "spectra/*/effective_rank")
    first, last = stage_name(hidden[0], "W"), stage_name(hidden[-1], "W")
    return {
        "PSNR (dB)": ["psnr"],
        f"effective rank, {stage_name(inlet).split(', ')[-1]}": [f"spectra/{inlet}/effective_rank"],
        f"effective rank, {stage_name(hidden[-1])}": [f"spectra/{hidden[-1]}/effective_rank"],
        f"effective rank, {first if first == last else f'{first} … {last}'}": [
            f"spectra/{stage}.weight/effective_rank" for stage in hidden
        ],
    }


def draw_courses(axis: Axes, frame: Frame, metrics: list[str]) -> None:
    """One line an optimiser, mean over pictures, and the range over them."""
    for optimiser in frame.column(OPTIMISER).unique():
        own = frame.where(**{OPTIMISER: optimiser})
        courses = [own.course(metric) for metric in metrics]
        mean: pd.DataFrame = sum(courses[1:], courses[0]) / len(courses)
        draw_curves(axis, mean.columns, mean.to_numpy(), LOOKS[optimiser], logs=False)
