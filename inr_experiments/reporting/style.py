"""One look for every figure."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

#: Inches of a text column and of a page.
COLUMN, PAGE = 3.4, 7.0

plt.rcParams.update(
    {
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.labelsize": 8,
        "legend.fontsize": 7,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.constrained_layout.use": True,
        "lines.linewidth": 1.4,
        "pdf.fonttype": 42,
        "svg.fonttype": "none",
        "svg.hashsalt": "inr_experiments",
    }
)


def save(figure: Figure, out: Path) -> None:
    """Write the figure as PNG, PDF and SVG beside each other, the same bytes every time."""
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out.with_suffix(".png"), dpi=200)
    figure.savefig(out.with_suffix(".pdf"), metadata={"CreationDate": None})
    figure.savefig(out.with_suffix(".svg"), metadata={"Date": None})
    plt.close(figure)
