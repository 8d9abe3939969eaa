"""The picture that the field draws, to be watched through training."""

import numpy as np

from ..checks import InputError
from ..fit.snapshot import Snapshot
from ..tasks.image_fit import ImageFit
from ..tasks.task import Task


class Picture:
    """The whole picture at every milestone, clamped: `reconstruction` (H, W, C) uint8.

    Raises:
        InputError: if the task is not the fit of a picture.
    """

    def __call__(self, snapshot: Snapshot, task: Task) -> dict[str, np.ndarray | float]:
        if not isinstance(task, ImageFit):
            raise InputError("diagnostic=picture: expected a task that fits a picture")
        drawn = snapshot.predict(task.all_coordinates).numpy().reshape(task.picture.shape)
        return {"reconstruction": np.round(np.clip(drawn, 0, 1) * 255).astype(np.uint8)}
