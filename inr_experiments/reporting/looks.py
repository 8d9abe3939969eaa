"""Looks of methods and measures in tables and figures: labels, colours, dashes, marks."""

from collections import Counter
from dataclasses import dataclass

from .. import config
from ..runs.frame import Frame

#: What others are compared with: the name of a model.
REFERENCE = "relu"
#: The paper's remedy, which several figures set beside it.
REI = "rank_expanding"
#: Line styles of methods that share a colour, so that colour is never the only mark.
DASHES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Look:
    """A row of a table, a line of a figure."""

    label: str
    colour: str
    dash: str = "-"


@dataclass(frozen=True)
class Measure:
    """A measure of a spectrum: its name for readers and its mark."""

    name: str
    marker: str


#: Measures of a rank, by the last part of their metric.
MEASURES = {
    "effective_rank": Measure("effective rank", "D"),
    "rank_0.01": Measure("σ > 10⁻² σ₁", "s"),
    "rank_0.001": Measure("σ > 10⁻³ σ₁", "o"),
    "numerical_rank": Measure("numerical rank", "v"),
    "stable_rank": Measure("stable rank", "^"),
    "participation_ratio": Measure("participation ratio", "P"),
    "centred_effective_rank": Measure("effective rank, centred", "d"),
    "centred_rank_0.01": Measure("σ > 10⁻² σ₁, centred", "p"),
    "centred_stable_rank": Measure("stable rank, centred", "h"),
}


def looks(*frames: Frame) -> dict[str, Look]:
    """The looks of all labels, in the order of the sweeps."""
    colours: dict[str, str] = {}
    for frame in frames:
        for label, colour in zip(frame.runs["label"], frame.runs["colour"], strict=True):
            colours.setdefault(label, colour)
    seen: Counter[str] = Counter()
    found = {}
    for label, colour in colours.items():
        found[label] = Look(label, colour, DASHES[seen[colour] % len(DASHES)])
        seen[colour] += 1
    return found


def label_of(frame: Frame, model: str = REFERENCE) -> str:
    """The label of a model's runs, the first where there are several.

    Raises:
        InputError: if the frame has no run of it.
    """
    return frame.where(model=model).labels[0]


def published(metric: str) -> dict[str, float]:
    """The published values of a metric by the label of their model."""
    return {config.labels()[name]: value for name, value in config.published(metric).items()}
