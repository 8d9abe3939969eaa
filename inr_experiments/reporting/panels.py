"""Runs, stages and curves as figures draw them."""

import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from scipy.stats import gmean

from ..checks import InputError
from ..runs.frame import Frame
from .looks import Look

Values = npt.NDArray[np.float64]
Colour = tuple[float, float, float, float]
#: Names of stages, in which a diagnostic may have more: hidden.0.weight, inlet.bias.
STAGE = re.compile(r"encoding|inlet|hidden\.\d+|head")
#: Name of the limit that `gains.limit` gives.
INTERPOLATION = "linear interpolation"
#: Digits below a letter, as in Z₁.
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def one_seed(frame: Frame) -> Frame:
    """The runs of the lowest seed, the one whose pictures a frame keeps."""
    seeds = frame.column("seed")
    return frame.only(seeds == seeds.min(), "the least seed")


def run_of(frame: Frame, label: str, item: str) -> str:
    """The one run of that label and item.

    Raises:
        InputError: if there is none or several.
    """
    runs = frame.where(label=label, item=item).runs.index
    if len(runs) > 1:
        raise InputError(f"frame {frame.name}: {len(runs)} runs of {label} on {item}; expected one")
    return str(runs[0])


def array(frame: Frame, run: str, name: str, step: int | None = None) -> npt.NDArray[Any]:
    """An array of a run that a figure cannot do without.

    Raises:
        InputError: if the run has none.
    """
    found = frame.array(run, name, step)
    if found is None:
        when = "" if step is None else f" at step {step}"
        raise InputError(f"frame {frame.name}: run {run} has no {name}{when}")
    return found


def evenly(count: int, most: int) -> list[int]:
    """Indices of at most so many of `count` things, evenly spread from the first to the last."""
    spread = np.linspace(0, count - 1, min(most, count))
    return [int(i) for i in np.unique(spread.round())]


def stages(frame: Frame, metric: str) -> list[str]:
    """The stages that a metric `<diagnostic>/<stage>/<measure>` was taken of, given with a `*`.

    In the order in which a point passes through them.

    Raises:
        InputError: if it was taken of none.
    """
    before, after = metric.split("*")
    names = frame.steps["metric"]
    found = names[names.str.startswith(before) & names.str.endswith(after)].unique()
    own = {name[len(before) : len(name) - len(after)] for name in found}
    known = [name for name in own if STAGE.fullmatch(name)]
    if not known:
        raise InputError(f"frame {frame.name}: no metric {metric}")
    return sorted(known, key=_depth)


def layers(frame: Frame, metric: str) -> list[str]:
    """The inlet and the hidden ones among `stages`: those that put out features."""
    return [name for name in stages(frame, metric) if name.split(".")[0] in ("inlet", "hidden")]


def _depth(stage: str) -> tuple[int, int]:
    kind, _, index = stage.partition(".")
    return ("encoding", "inlet", "hidden", "head").index(kind), int(index or 0)


def stage_name(stage: str, letter: str = "Z") -> str:
    """The name of what a stage puts out: Z₀ of the inlet, Z₁ of the first hidden layer.

    Args:
        letter: of what it puts out; K for its part of the NTK.
    """
    if stage == "inlet":
        return f"inlet, {letter}₀"
    kind, _, index = stage.partition(".")
    return f"{letter}{int(index) + 1}".translate(SUBSCRIPTS) if kind == "hidden" else stage


def stage_colours(names: list[str]) -> dict[str, Colour]:
    """A colour for each stage, by depth from dark to light."""
    return {
        name: colormaps["viridis"](0.9 * i / max(1, len(names) - 1)) for i, name in enumerate(names)
    }


def spectra(
    frame: Frame, name: str, *, step: int, floor: float
) -> tuple[npt.NDArray[np.int64], Values]:
    """Indices, and a spectrum of every run over its largest value, no less than `floor`.

    Shapes: (K,) and (runs, K). Where runs have spectra of different length, those indices that all
    have.

    Raises:
        InputError: if no run has the array.
    """
    found = [frame.array(run, name, step) for run in frame.runs.index]
    # A spectrum of zeros has no largest value to be divided by.
    curves = [
        dict(zip(a[0].astype(int), a[1] / (a[1, 0] or 1), strict=True))
        for a in found
        if a is not None
    ]
    if not curves:
        raise InputError(f"frame {frame.name}: no run has {name} at step {step}")
    index = sorted(set.intersection(*(set(curve) for curve in curves)))
    values = np.array([[curve[i] for i in index] for curve in curves])
    return np.array(index), np.maximum(values, floor)


def draw_limit(axis: Axes, level: float, *, across: bool = False) -> None:
    """A line at the limit, over the height of the axis or `across` it; none where it is NaN."""
    if not math.isnan(level):
        line = axis.axhline if across else axis.axvline
        line(level, color="0.4", linewidth=0.9, linestyle=(0, (5, 2)), label=INTERPOLATION)


def draw_curves(axis: Axes, x: npt.ArrayLike, values: Values, look: Look, *, logs: bool) -> None:
    """The mean over runs (geometric with `logs`) in that look, and the range over them.

    Shapes: x (K,), values (runs, K).
    """
    mean = gmean(values) if logs else values.mean(0)
    axis.plot(x, mean, color=look.colour, linestyle=look.dash, label=look.label)
    axis.fill_between(x, values.min(0), values.max(0), color=look.colour, alpha=0.15, linewidth=0)
