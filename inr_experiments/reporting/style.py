"""One look for every figure."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.figure import Figure

from .. import files
from ..viz.render import pixels_of

#: Inches of a page.
PAGE = 7.0

plt.rcParams.update(
    {
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.labelsize": 8,
        "legend.fontsize": 7,
        "legend.frameon": False,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "figure.constrained_layout.use": True,
        "lines.linewidth": 1.4,
        "pdf.fonttype": 42,
        "svg.fonttype": "none",
        "svg.hashsalt": "inr_experiments",
    }
)


#: Milliseconds of a picture of a clip, and of the last.
PACE, LAST = 500, 2500


def legend(figure: Figure, axis: Axes, *, ncols: int) -> None:
    """A legend below the figure of what an axis shows."""
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=ncols)


def log2(side: XAxis | YAxis) -> None:
    """Powers of two along a side of an axis, as plain numbers."""
    scale = side.axes.set_xscale if isinstance(side, XAxis) else side.axes.set_yscale
    scale("log", base=2)
    side.set_major_formatter("{x:g}")


def save(figure: Figure, out: Path) -> list[Path]:
    """Write the figure as PNG, PDF and SVG, the same bytes every time; return the files."""
    out.parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, dict] = {
        ".png": {"dpi": 200},
        ".pdf": {"metadata": {"CreationDate": None}},
        ".svg": {"metadata": {"Date": None}},
    }
    for suffix, own in options.items():
        files.write(out.with_suffix(suffix), partial(figure.savefig, **own))
        figure.set_layout_engine("none")  # the first has laid it out, which is most of the work
    plt.close(figure)
    return [out.with_suffix(suffix) for suffix in options]


def save_clip(figures: Sequence[Figure], out: Path) -> list[Path]:
    """Write figures one after the other as a GIF; return the file."""
    import imageio.v3 as iio

    pictures = [pixels(figure) for figure in figures]
    pace = [PACE] * (len(pictures) - 1) + [LAST]
    path = out.with_suffix(".gif")
    files.write(path, lambda part: iio.imwrite(part, pictures, duration=pace, loop=0))
    return [path]


def pixels(figure: Figure, dpi: int = 110) -> npt.NDArray[np.uint8]:
    """The figure as a picture, (H, W, 3); the figure is closed."""
    figure.set_dpi(dpi)
    plt.close(figure)
    return pixels_of(figure)
