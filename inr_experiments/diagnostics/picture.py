"""The picture that the field draws, to be watched through training."""

import numpy as np

from ..checks import InputError
from ..fit.snapshot import Snapshot
from ..tasks.grid_signal import GridSignal
from ..tasks.task import Task


class Picture:
    """The whole picture at every milestone, clamped: `reconstruction` (H, W, C) uint8.

    Raises:
        InputError: if the task fits no values on a grid of two axes.
    """

    def __call__(self, snapshot: Snapshot, task: Task) -> dict[str, np.ndarray | float]:
        if not isinstance(task, GridSignal) or task.domain.dimensions != 2:
            raise InputError("diagnostic=picture: expected a task that fits a picture")
        drawn = np.clip(task.on_grid(snapshot.predict), 0, 1)
        return {"reconstruction": np.round(drawn * 255).astype(np.uint8)}
