"""Open ReLU units, and the number of linear pieces that the fitted points fall in."""

import numpy as np
import torch
from torch import nn

from ..fit.snapshot import Snapshot
from ..ranks.patterns import ROWS, distinct_patterns, open_units
from ..tasks.task import Task

#: Open at fewer than this share of the fitted points, but somewhere: rarely open.
RARE = 0.01


class ActivationPattern:
    """Open, dead and always open units of every ReLU stage, and distinct patterns.

    Returns, for each stage with a ReLU: `<stage>/open_share` (D,), the share of fitted points at
    which each unit is open, in the order of units; `<stage>/dead_units`, open nowhere;
    `<stage>/rare_units`, open somewhere but at fewer than one point in a hundred;
    `<stage>/always_open_units`; `<stage>/patterns`, different on-off rows among the points. For
    all of them together `all/patterns`. For every stage of every model `<stage>/constant_units`,
    with one value at all points. Where the inlet sees the coordinates themselves,
    `inlet/thresholds` (D, P + 1), the rows [w, b] of its lines w·x + b = 0. A model without a ReLU
    has the last two alone.
    """

    def __call__(self, snapshot: Snapshot, task: Task) -> dict[str, np.ndarray | float]:
        result: dict[str, np.ndarray | float] = {}
        stages = snapshot.stage_by_module()
        units: dict[str, list[torch.Tensor]] = {}
        network, x = snapshot.network, snapshot.coordinates
        rows = len(x) if network.couples_samples else ROWS
        for name, is_open in open_units(network, x, rows=rows).items():
            units.setdefault(stages[name.split("#")[0]], []).append(is_open)
        for stage, parts in units.items():
            is_open = torch.cat(parts, dim=1)
            share = is_open.double().mean(dim=0).cpu().numpy()
            result[f"{stage}/open_share"] = share
            result[f"{stage}/dead_units"] = int((share == 0).sum())
            result[f"{stage}/rare_units"] = int(((share > 0) & (share < RARE)).sum())
            result[f"{stage}/always_open_units"] = int((share == 1).sum())
            result[f"{stage}/patterns"] = distinct_patterns(is_open)
        every = [part for parts in units.values() for part in parts]
        if len({len(part) for part in every}) == 1:  # a stride leaves fewer rows
            result["all/patterns"] = distinct_patterns(torch.cat(every, dim=1))
        inlet = dict(network.stages())["inlet"]
        linear = next((m for m in inlet.modules() if isinstance(m, nn.Linear)), None)
        if linear is not None and linear.in_features == task.domain.dimensions:
            bias = torch.zeros(linear.out_features) if linear.bias is None else linear.bias
            lines = torch.cat([linear.weight, bias[:, None].to(linear.weight)], dim=1)
            result["inlet/thresholds"] = lines.detach().cpu().numpy()
        for name, Z in snapshot.features().items():
            result[f"{name}/constant_units"] = int((Z[0] == Z).all(dim=0).sum())
        return result
