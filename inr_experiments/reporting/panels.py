"""What figures of spectra and of training share: curves of several runs, and how they are drawn."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from ..checks import InputError
from ..runs.store import read_arrays
from .labels import Method

Values = npt.NDArray[np.float64]

#: Layers in the order that a point passes through them, as figures call them.
STAGES = {
    "encoding": "encoding",
    "inlet": "inlet, Z₀",
    "hidden.0": "Z₁",
    "hidden.1": "Z₂",
    "hidden.2": "Z₃",
    "head": "head, Y",
}


def stage_colour(stage: str) -> tuple[float, float, float, float]:
    """A colour by depth, from dark to light."""
    return colormaps["viridis"](0.9 * list(STAGES).index(stage) / (len(STAGES) - 1))


def curves(
    folders: Sequence[str], diagnostic: str, name: str, *, step: int, floor: float
) -> Values:
    """A decreasing spectrum of every run over its largest value, no less than `floor`.

    Shapes: -> (runs, K), K that of the shortest.

    Raises:
        InputError: if no run has the array.
    """
    found = []
    for folder in folders:
        arrays = read_arrays(Path(folder), diagnostic, step=step)
        if name in arrays:
            found.append(np.maximum(arrays[name] / arrays[name][0], floor))
    if not found:
        raise InputError(f"{diagnostic}/{name}: in no run of the frame at step {step}")
    shortest = min(map(len, found))
    return np.stack([values[:shortest] for values in found])


def draw_curves(axis: Axes, x: npt.ArrayLike, values: Values, look: Method, *, logs: bool) -> None:
    """The mean over runs (geometric with `logs`) in that look, and the range over them.

    Shapes: x (K,), values (runs, K).
    """
    mean = np.exp(np.log(values).mean(0)) if logs else values.mean(0)
    axis.plot(x, mean, color=look.colour, linestyle=look.dash, label=look.label)
    axis.fill_between(x, values.min(0), values.max(0), color=look.colour, alpha=0.15, linewidth=0)


def draw_training(axis: Axes, rows: pd.DataFrame, look: Method, *, logs: bool) -> None:
    """`draw_curves` of a frame's rows against the step, one curve a run."""
    own = rows.pivot_table(index="folder", columns="step", values="value")
    draw_curves(axis, own.columns.to_numpy(), own.to_numpy(), look, logs=logs)


def ends(frame: pd.DataFrame) -> tuple[int, int]:
    """The first and the last step that all runs of a frame have.

    Raises:
        InputError: if runs of different length are in it.
    """
    last = frame.loc[frame["last"], "step"].unique()
    if len(last) != 1:
        raise InputError(f"runs that end at steps {sorted(last)}: expected runs of one length")
    return 0, int(last[0])
