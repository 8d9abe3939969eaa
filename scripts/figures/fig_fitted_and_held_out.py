"""PSNR of every method on fitted and on held-out pixels, beside interpolation without a network.

Mean over pictures and 95 % interval. Filled: fitted pixels; open: held out. Dashed: linear
interpolation of the fitted pixels, to be compared with the open marks.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inr_experiments.reporting import style
from inr_experiments.reporting.gains import limit, per_item
from inr_experiments.reporting.looks import looks
from inr_experiments.reporting.panels import draw_limit
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("table1",)

#: Metrics of fitted and held-out points, with what they are called, the mark's face, its offset.
POINTS = {
    "psnr": ("fitted pixels", "full", -0.13),
    "psnr_heldout": ("held-out pixels", "none", 0.13),
}


def draw(table1: Frame) -> Figure:
    labels = table1.labels
    figure, axis = plt.subplots(figsize=(style.PAGE, 1.1 + 0.22 * len(labels)))
    for metric, (told, face, offset) in POINTS.items():
        draw_means(axis, table1, metric, face, offset)
        axis.plot([], [], "o", color="0.3", fillstyle=face, markersize=4.5, label=told)
    draw_limit(axis, limit(table1))
    axis.set_yticks(range(len(labels)), labels)
    axis.invert_yaxis()
    axis.grid(axis="y", color="0.92")
    axis.set_xlabel(f"PSNR (dB), {table1.runs['item'].nunique()} pictures")
    figure.legend(loc="outside upper right", ncols=3)
    return figure


def draw_means(axis: Axes, frame: Frame, metric: str, face: str, offset: float) -> None:
    """A method's mean and interval in its colour, one line a method."""
    shown = looks(frame)
    for y, (label, values) in enumerate(per_item(frame, metric).iterrows()):
        mean, colour = summarise(values), shown[label].colour
        axis.plot(mean.mean, y + offset, "o", color=colour, fillstyle=face, markersize=4.5)
        axis.hlines(y + offset, mean.low, mean.high, color=colour, linewidth=1)
