"""Frames with values of our choice, as make_frame makes them of runs."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from inr_experiments.runs.collect import IDENTITY
from inr_experiments.runs.frame import Frame

WOBBLE = np.array([-1.0, 1.0, -0.5, 0.5, -0.2, 0.2, -0.8, 0.8])
#: The last step.
LAST = 9
LEAVES = {
    "model.width": 16, "model.hidden_layers": 3, "task.side": 64,
    "fit.lr": 0.005, "fit.steps": LAST, "data.channels": 3,
}  # fmt: skip
MACHINE = {
    "redistributable": True, "precision": "fp32", "parameters": 915, "seconds": 1.5,
    "seconds_total": 1.5,
    "device": "cpu", "threads": 1, "processor": "a processor", "cores": 2, "platform": "Linux",
    "commit": "0123456789ab", "versions": "python 3.11.7, torch 2.13.0",
    "finished_utc": "2026-01-01T00:00:00+00:00", "noun": "image", "page": False,
}  # fmt: skip


def made_up(
    sides: Mapping[str, Sequence[Any] | np.ndarray],
    *,
    metric: str = "psnr",
    seeds: int = 2,
    items: Sequence[str] = (),
    name: str = "made_up",
    labels: Mapping[str, str] | None = None,
    **columns: Any,
) -> Frame:
    """A run for each model, item and seed; at step 0 half of what it ends at.

    Args:
        sides: by model a value an item, evenly around which its seeds lie, or one an item and seed.
        labels: by model; the model's name otherwise.
        columns: others of every run, as `**{"task.fitted": 0.1}`, or in place of those above.
    """
    own = {key: value for key, value in columns.items() if key not in IDENTITY}
    rows, steps = [], []
    for model, values in sides.items():
        for i, value in enumerate(values):
            item = items[i] if items else f"item{i}"
            for seed in range(seeds):
                identity = {
                    "model": model, "label": (labels or {}).get(model, model),
                    "colour": "#000000", "task": "image", "item": item, "scale": "laptop",
                }  # fmt: skip
                identity |= {key: columns[key] for key in columns if key in IDENTITY}
                key = _key(model, item, own)
                around = 0.3 * (seed - (seeds - 1) / 2)
                last = value[seed] if np.ndim(value) else float(value) + around
                run = f"{key}/{seed}"
                folder = f"runs/{key}/seed-{seed:03d}"
                ends = {"folder": folder, "metric": metric, metric: last, "early_slope": -0.1}
                rows.append({"run": run, "key": key, "seed": seed, **identity}
                            | LEAVES | MACHINE | ends | own)  # fmt: skip
                first = np.mean(value) / 2
                steps += [(run, 0, metric, first), (run, LAST, metric, last)]
    return _frame(name, pd.DataFrame(rows), steps)


def _key(model: str, item: str, own: Mapping[str, Any]) -> str:
    science = sorted((key, value) for key, value in own.items() if "." in key)
    return f"{model}-{hashlib.sha256(repr((item, science)).encode()).hexdigest()[:12]}"


def _frame(name: str, runs: pd.DataFrame, steps: Sequence[tuple[str, int, str, float]]) -> Frame:
    leaves = [column for column in runs if "." in column]
    last = [column for column in runs if column not in (*IDENTITY, *leaves)]
    table = pd.DataFrame(steps, columns=["run", "step", "metric", "value"])
    return Frame(name, runs[[*IDENTITY, *leaves, *last]].set_index("run"), table, {})


def joined(*frames: Frame) -> Frame:
    """The runs of several frames in one, as a union of blocks has them: each once."""
    runs = pd.concat([frame.runs for frame in frames])
    steps = pd.concat([frame.steps for frame in frames], ignore_index=True)
    return replace(
        frames[0],
        runs=runs[~runs.index.duplicated()],
        steps=steps.drop_duplicates(["run", "step", "metric"], ignore_index=True),
    )


def measured(frame: Frame, metric: str, values: Mapping[int, Any]) -> Frame:
    """The frame with a metric more.

    Args:
        values: by step, one number or one for each run.
    """
    more = [
        pd.DataFrame({"run": frame.runs.index, "step": step, "metric": metric, "value": value})
        for step, value in values.items()
    ]
    return replace(frame, steps=pd.concat([frame.steps, *more], ignore_index=True))


def without(frame: Frame, **cell: Any) -> Frame:
    """The frame without the runs that have all these values."""
    gone = pd.Series(True, index=frame.runs.index)
    for column, value in cell.items():
        gone &= frame.runs[column] == value
    assert gone.any()
    return frame.only(~gone, "what is left")
