"""The knobs of the rank ablation: which runs are whose, and which of them are pooled."""

from dataclasses import dataclass, replace

from ..checks import InputError
from ..runs.frame import Frame, word
from .looks import REFERENCE


@dataclass(frozen=True)
class Knob:
    """A config value that a label of the rank ablation moves: its mark, and whether it is pooled.

    Not pooled are octaves, which change the number of parameters, and ω₀, of another activation.
    """

    marker: str
    pooled: bool = True


KNOBS = {
    "model.inlet_init.distinct": Knob("o"),
    "model.inlet_init.epsilon": Knob("s"),
    "model.inlet_init.half_extents": Knob("D"),
    "model.inlet_init.bias_scale": Knob("^"),
    "model.inlet_activation.omega": Knob("v", pooled=False),
    "model.encoding.octaves": Knob("P", pooled=False),
}


def knob_of(frame: Frame) -> dict[str, str]:
    """The config value that each label of the rank ablation moves, by label; widths left out.

    Raises:
        InputError: if no label moves one.
    """
    found = {}
    for label in frame.labels:
        runs = frame.where(label=label).runs
        moved = [key for key in KNOBS if key in runs and runs[key].map(word).nunique() > 1]
        if len(moved) == 1:
            found[label] = moved[0]
    if not found:
        raise InputError(f"frame {frame.name}: no label moves one of {', '.join(KNOBS)}")
    return found


def widths(frame: Frame) -> Frame:
    """The runs that move no knob: of the default and of REI over widths.

    Raises:
        InputError: if there are none.
    """
    knobs = knob_of(frame)
    labels = [label for label in frame.labels if label not in knobs]
    if not labels:
        raise InputError(f"frame {frame.name}: every label moves a knob; expected widths as well")
    return frame.where(label=labels)


def alike(frame: Frame) -> Frame:
    """The runs of all knobs on the items that every knob has, so that knobs can be compared.

    Raises:
        InputError: if the knobs share no item.
    """
    knobs = frame.where(label=list(knob_of(frame)))
    own = [set(knobs.where(label=label).runs["item"]) for label in knobs.labels]
    shared = set.intersection(*own)
    if not shared:
        raise InputError(f"frame {frame.name}: the knobs share no item")
    return knobs.where(item=shared)


def default_cell(frame: Frame) -> Frame | None:
    """The default's runs at the width and on the items of `alike`; None where there are none.

    It is a cell of the block of widths, where that has the scale's own width.
    """
    shared = alike(frame)
    default = widths(frame).where(model=REFERENCE)
    same = default.column("model.width").isin(shared.column("model.width").unique())
    kept = same & default.runs["item"].isin(shared.runs["item"])
    return default.only(kept, "the knobs' width") if kept.any() else None


def pooled(frame: Frame) -> Frame:
    """The runs of `alike` whose knobs are pooled.

    Raises:
        InputError: if those are fewer than two knobs.
    """
    labels = [label for label, key in knob_of(frame).items() if KNOBS[key].pooled]
    if len(labels) < 2:
        raise InputError(f"frame {frame.name}: {len(labels)} knobs to pool; expected two or more")
    return alike(frame).where(label=labels)


def with_early_fall(frame: Frame) -> Frame:
    """The frame with `early_fall`, minus the early slope: how fast the loss falls at first."""
    return replace(frame, runs=frame.runs.assign(early_fall=-frame.column("early_slope")))
