"""Scripts of tables and figures, which nothing imports, as modules."""

from pathlib import Path
from typing import Any

from inr_experiments.reporting import pieces

SCRIPTS = Path(__file__).parents[1] / "scripts"


def load(name: str) -> Any:
    """`figures/fig_x` or `tables/table_x`."""
    return pieces.load(pieces.Piece(SCRIPTS / f"{name}.py", (), ""))
