"""Scripts of tables and figures, which nothing imports, as modules."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from inr_experiments.reporting import pieces
from inr_experiments.runs.frame import Frame

SCRIPTS = Path(__file__).parents[1] / "scripts"


def load(name: str) -> Any:
    """`figures/fig_x` or `tables/table_x`."""
    return pieces.load(pieces.Piece(SCRIPTS / f"{name}.py", (), ""))


def drawn(stem: str, *frames: Frame) -> Figure:
    """The figure of a script, which shows data; how all are rendered, test_kept sees."""
    figure: Figure = load(f"figures/{stem}").draw(*frames)
    assert any(axis.has_data() for axis in figure.axes)
    plt.close(figure)  # pyplot keeps it otherwise
    return figure
