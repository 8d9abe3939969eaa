"""The field's methods side by side: ranks of what they see, against how well they fit."""

import numpy as np
import pandas as pd

from ..checks import InputError
from ..runs.frame import Frame
from .panels import layers

INLET = "inlet"
LAST_HIDDEN = "last hidden layer"
NTK = "NTK"
#: Whose effective rank is asked for.
WHERE = (INLET, LAST_HIDDEN, NTK)
#: Methods with a ReLU behind the inlet, by the names of their models.
RELU_FAMILY = (
    "relu", "rank_expanding", "rei_white", "pe", "rff", "bn", "bn_all_pre", "fr_inr", "sl2a",
    "hash_grid",
)  # fmt: skip


def ranks(frame: Frame, where: str, at: str) -> pd.Series:
    """Effective rank, centred, by label in the order of the sweep; mean over runs.

    Args:
        where: of `WHERE`; networks differ in which hidden layer is the last.
        at: `first` or `last`.

    Raises:
        InputError: if no run has it.
    """
    if where == NTK:
        values = frame.value("layer_ntk/total/centred_effective_rank", at)
    else:
        metric = "spectra/*/centred_effective_rank"
        stages = [stage for stage in layers(frame, metric) if (stage == INLET) == (where == INLET)]
        if not stages:
            raise InputError(f"frame {frame.name}: no {metric} of the {where}")
        values = pd.Series(np.nan, index=frame.runs.index)
        for stage in stages:  # from the first to the last
            values.update(frame.value(metric.replace("*", stage), at))
    return values.groupby(frame.runs["label"], sort=False).mean().reindex(frame.labels)


def relu_family(frame: Frame) -> list[str]:
    """The labels of methods with a ReLU behind the inlet."""
    own = frame.runs[frame.runs["model"].isin(RELU_FAMILY)]
    return list(own["label"].unique())
