"""Scripts of tables and figures, which nothing imports, as modules."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from inr_experiments.reporting import pieces
from inr_experiments.reporting.style import pixels
from inr_experiments.runs.frame import Frame

SCRIPTS = Path(__file__).parents[1] / "scripts"


def load(name: str) -> Any:
    """`figures/fig_x` or `tables/table_x`."""
    return pieces.load(pieces.Piece(SCRIPTS / f"{name}.py", (), ""))


def drawn(stem: str, *frames: Frame) -> Figure:
    """The figure of a script, on which something is to be seen."""
    figure: Figure = load(f"figures/{stem}").draw(*frames)
    figure.set_layout_engine("none")  # takes as long as all else
    assert pixels(figure, dpi=40).std() > 0
    return figure
