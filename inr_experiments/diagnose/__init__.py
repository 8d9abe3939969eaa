"""Diagnose any module: where along its layers the coordinates lose rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..checks import InputError
from ..domain import evenly_spaced
from ..models.batch_norm import freeze_statistics
from ..ntk.empirical import EmpiricalNtk
from ..ntk.function import dense, dropout
from .copies import apart, copied, materialised, own_precision, run, widened
from .flow import Flow
from .paragraph import how_measured, notes_on, paragraph
from .stages import Stage, stages_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["diagnose"]


@dataclass(frozen=True)
class Diagnosis:
    """The findings of `diagnose`; `str` of it is `text`.

    Attributes:
        stages: of the layers, in the order they run.
        inlet: that of the first trained layer which the coordinates reach.
        notes: a sentence on each thing to know, and on what is trained and has no stage.
        text: one paragraph; every number and comparison in it is computed.
        module: the copy that was measured, in float64 where it can be.
        coordinates: (N, P), in its precision.
    """

    stages: tuple[Stage, ...]
    inlet: Stage
    notes: tuple[str, ...]
    text: str
    module: nn.Module
    coordinates: Tensor

    def __str__(self) -> str:
        return self.text

    def ntk(self, *, points: int | None = 1024, **choices: Any) -> EmpiricalNtk:
        """The NTK at `points` evenly spaced coordinates, None for all of them.

        The choices are those of `EmpiricalNtk`: outputs, stage, method, memory.
        """
        count = len(self.coordinates)
        chosen = evenly_spaced(count, count if points is None else points)
        with apart(self.coordinates.device):
            return EmpiricalNtk(self.module, self.coordinates[chosen], **choices)

    def table(self) -> pd.DataFrame:
        """One row a stage: what it is of, its ranks, and the least kept by its weights."""
        import pandas as pd

        return pd.DataFrame(
            {
                "stage": stage.name,
                "inlet": stage is self.inlet,
                "layers": ", ".join(stage.layers),
                "read by": ", ".join(stage.readers),
                "holds beside": ", ".join(stage.others),
                "trained": stage.trained,
                "rows": stage.shape[0],
                "columns": stage.shape[1],
                "layer's width": stage.width,
                "kept": stage.kept,
                "of": stage.most,
                "tolerance": stage.tolerance,
                **{name: stage.ranks[name] for name in stage.ranks if "rank_" not in name},
                "constant units": stage.constant_units,
                "weights kept": min((w.share for w in stage.weights), default=float("nan")),
            }
            for stage in self.stages
        )

    def plot(self, *, points: int = 256) -> Figure:
        """Spectra, ranks, and the layers' shares of the NTK's trace at so many points."""
        from .plot import drawn

        return drawn(self, points)


def diagnose(
    module: nn.Module,
    coordinates: Tensor | npt.NDArray[Any],
    *,
    freeze: bool = False,
    output: int | str | None = None,
) -> Diagnosis:
    """Ranks of every stage of any module, kernels on demand, and a paragraph in words.

    A stage is what a layer puts out and what becomes of it until the next layer reads it. The
    module is copied, in float64 where it runs so, and measured in the mode that it is in; it does
    not change.

    Shapes: coordinates (N, P), or whatever the module takes, with N first.

    Args:
        freeze: put BatchNorm in eval mode with the statistics of these coordinates. The features
            are those of train mode; the kernels become per-sample ones.
        output: key or index of the output that is meant, of a module that returns several; by
            default the ranks are of all.

    Raises:
        InputError: for coordinates or a module that cannot be used, and where its own forward
            fails; the cause holds its traceback.

    Source: section 3 of arXiv 2602.01526, with its numerical ranks replaced by a family.
    """
    if not isinstance(module, nn.Module):
        kind = getattr(module, "__name__", type(module).__name__)
        raise InputError(f"module {kind}: expected a torch.nn.Module, built")
    parameters = list(module.parameters())
    if any(parameter.is_meta for parameter in parameters):
        raise InputError(f"{type(module).__name__} has no numbers yet (device meta)")
    if not parameters:
        raise InputError(f"{type(module).__name__} has no parameters; expected a layer")
    if (random := dropout(module)) is not None:
        raise InputError(f"{random}; expected module.eval() first")
    with apart(parameters[0].device):
        x = _coordinates(coordinates, parameters[0].device)
        try:
            return _diagnosed(module, x, freeze, output, exact=True)
        except InputError as error:
            if own_precision(module) == torch.float64 or not error.__cause__:
                raise
        with apart(parameters[0].device):
            return _diagnosed(module, x, freeze, output, exact=False)


def _coordinates(coordinates: Any, device: torch.device) -> Tensor:
    """Finite coordinates in float64, where the module is."""
    x = coordinates
    if isinstance(x, np.ndarray):
        if x.dtype.kind not in "fiu":
            raise InputError(f"coordinates of dtype {x.dtype}: expected real numbers")
        x = torch.from_numpy(x.astype(np.float64))
    if isinstance(x, Tensor) and x.is_complex():
        raise InputError(f"coordinates of dtype {x.dtype}: expected real numbers")
    if not isinstance(x, Tensor) or x.ndim < 2 or not len(x):
        shape = tuple(getattr(x, "shape", ())) or type(x).__name__
        raise InputError(f"coordinates of shape {shape}: expected (N, P) with N of at least 1")
    x = dense(x).detach().to(device, torch.float64, copy=True)
    if not x.isfinite().all():
        raise InputError("coordinates hold NaN or infinity; expected finite numbers")
    return x


def _diagnosed(
    module: nn.Module, x: Tensor, freeze: bool, output: int | str | None, *, exact: bool
) -> Diagnosis:
    """The diagnosis in float64, or in the module's own precision."""
    copy = copied(module, output)
    materialised(copy, x)
    if exact:
        widened(copy)
    x = x.to(own_precision(copy))
    if freeze:
        run(copy, x)  # an error of the user's is found here
        freeze_statistics(copy, x)
    trained = {name for name, p in copy.named_parameters() if p.requires_grad}
    trained = trained or {name for name, _ in copy.named_parameters()}
    flow = _followed(copy, x, constants=False)
    if not any(call.from_coordinates for call in flow.calls):
        flow = _followed(copy, x, constants=True)
    stages, inlet = stages_of(flow, trained)
    notes = notes_on(flow, stages, trained)
    reason = "" if flow.lowest == torch.float64 else "through which its values pass"
    reason = reason if exact else "as the module does not run in float64"
    measured = how_measured(copy, x, flow.lowest, reason)
    text = paragraph(stages, inlet, notes, measured)
    return Diagnosis(stages, inlet, notes, text, copy, x)


def _followed(module: nn.Module, x: Tensor, *, constants: bool) -> Flow:
    flow = Flow(module, len(x), constants=constants)
    with flow.following(x):
        result = run(module, x)
    if flow.fault is not None:
        raise flow.fault
    flow.output(result)
    return flow
