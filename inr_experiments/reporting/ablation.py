"""The knobs of the rank ablation: which runs are whose, on which items they are compared."""

from dataclasses import replace

from ..checks import InputError
from ..runs.frame import Frame, word

#: The config values that a label of the rank ablation moves, each with its mark.
KNOBS = {
    "model.inlet_init.distinct": "o",
    "model.inlet_init.epsilon": "s",
    "model.inlet_init.half_extents": "D",
    "model.inlet_init.bias_scale": "^",
}


def knob_of(frame: Frame) -> dict[str, str]:
    """The config value that each label of the rank ablation moves, by label.

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


def shared(frame: Frame) -> Frame:
    """The runs on the items that every knob has, so that knobs can be compared and pooled.

    Raises:
        InputError: if the knobs share no item.
    """
    own = [set(frame.where(label=label).runs["item"]) for label in knob_of(frame)]
    items = set.intersection(*own)
    if not items:
        raise InputError(f"frame {frame.name}: the knobs share no item")
    return frame.where(item=items)


def pooled(frame: Frame) -> Frame:
    """The runs of all knobs on the items that they share.

    Raises:
        InputError: if those are fewer than two knobs, or share no item.
    """
    labels = list(knob_of(frame))
    if len(labels) < 2:
        raise InputError(f"frame {frame.name}: {len(labels)} knobs to pool; expected two or more")
    return shared(frame).where(label=labels)


def with_early_fall(frame: Frame) -> Frame:
    """The frame with `early_fall`, minus the early slope: how fast the loss falls at first."""
    return replace(frame, runs=frame.runs.assign(early_fall=-frame.column("early_slope")))
