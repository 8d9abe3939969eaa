"""The findings of a diagnosis in words; every number and comparison in them is computed."""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn

from ..checks import counted
from ..models.batch_norm import norms
from ..ntk.function import interaction
from .flow import Flow
from .stages import TOLERANCE, Stage

#: An inlet that keeps a smaller part of its directions is called collapsed.
COLLAPSED_SHARE = 0.1


def paragraph(stages: Sequence[Stage], inlet: Stage, notes: Sequence[str], measured: str) -> str:
    """The inlet, the layers downstream, their weights, and how and on what was measured."""
    hidden = [s for s in stages[stages.index(inlet) + 1 :] if not s.is_head]
    sentences = [_of_inlet(inlet, alone=len(stages) == 1)]
    if hidden:
        sentences.append(_of_trunk(inlet, hidden))
    if any(s.weights for s in hidden):
        sentences.append(_of_weights([s for s in hidden if s.weights]))
    return " ".join([*sentences, *notes, measured])


def _of_inlet(inlet: Stage, *, alone: bool) -> str:
    percent = f"{COLLAPSED_SHARE:.0%}"
    verdict = (
        f"fewer than {percent}: its rank has collapsed"
        if inlet.share < COLLAPSED_SHARE
        else f"{percent} or more: its rank has not collapsed"
    )
    name = "only layer" if alone else f"inlet ({inlet.name})"
    dead = inlet.constant_units
    constant = f"; {counted(dead, 'unit')} of it constant" if dead else ""
    return (
        f"The {name} keeps {inlet.kept} of {counted(inlet.most, 'direction')} at "
        f"{_tolerance(inlet)} ({inlet.share:.1%}; stable rank {inlet.ranks['stable_rank']:.1f}, "
        f"effective rank {inlet.ranks['effective_rank']:.1f}), {verdict}{constant}."
    )


def _of_trunk(inlet: Stage, hidden: Sequence[Stage]) -> str:
    widest = max(hidden, key=lambda stage: stage.kept)
    narrowest = min(hidden, key=lambda stage: stage.kept)
    more = sum(stage.kept > inlet.kept for stage in hidden)
    found = f"{widest.kept} of {widest.most} ({widest.name})"
    if narrowest.kept < widest.kept:
        found += (
            f" at the most, {narrowest.kept} of {narrowest.most} ({narrowest.name}) at the least"
        )
    layers = counted(len(hidden), "hidden layer")
    return (
        f"Downstream {more} of {layers} keep{'s' * (more == 1)} more than the inlet; kept: {found}."
    )


def _of_weights(hidden: Sequence[Stage]) -> str:
    least = [min(stage.weights, key=lambda w: w.share) for stage in hidden]
    wider = sum(w.share > s.share for w, s in zip(least, hidden, strict=True))
    worst = min(least, key=lambda w: w.share)
    return (
        f"In {wider} of {counted(len(hidden), 'hidden layer')} the weights keep a larger part of "
        f"their directions than the features do ({worst.kept} of {worst.most} at the least)."
    )


def notes_on(flow: Flow, stages: Sequence[Stage], trained: Collection[str]) -> tuple[str, ...]:
    """A sentence on each thing that a reader of the ranks should know, and on what has none."""
    notes = []
    for stage in stages:
        what = []
        if not stage.readers:
            what.append("is its own output, as nothing that can be followed reads it")
        if len(stage.layers) > 1:
            what.append(f"is what {len(stage.layers)} layers put out, read as one")
        if stage.others:
            what.append(f"holds {_named(stage.others)} beside")
        if stage.shape[1] != stage.width:
            columns = counted(stage.shape[1], "column")
            what.append(f"has {columns} where the layer is {stage.width} wide")
        if not stage.trained:
            what.append("is of a frozen layer")
        if what:
            notes.append(f"Z of {stage.name} {'; '.join(what)}.")
    if flow.constants:
        notes.append("The coordinates reach no layer by themselves: buffers count as coordinates.")
    if flow.opaque:
        notes.append(f"What happens inside cannot be followed: {_named(flow.opaque)}.")
    if flow.strangers:
        held = "Not measured, as no submodule of the network holds them"
        notes.append(f"{held}: {_named(sorted(flow.strangers))}.")
    measured = {name for call in flow.calls for name in call.parameters}
    reasons: dict[str, list[str]] = {}
    for name in sorted(set(trained) - measured):
        if name in flow.within:
            reason = "makes no columns of its own"
        elif name in flow.constant:
            reason = "meets no coordinates"
        else:
            reason = "not used at these coordinates"
        reasons.setdefault(reason, []).append(name)
    left = "; ".join(f"{_named(names)} ({reason})" for reason, names in reasons.items())
    return (*notes, f"No stage of its own: {left}.") if left else tuple(notes)


def how_measured(module: nn.Module, x: Tensor, precision: torch.dtype, reason: str) -> str:
    """The precision, the number of points and the statistics of BatchNorm."""
    text = f"Measured in {str(precision).removeprefix('torch.')}"
    if reason:
        noise = len(x) ** 0.5 * torch.finfo(precision).eps
        text += f", {reason}, which tells singular values from {noise:.0e} of the largest"
    seen = counted(len(x), "point") if x.ndim == 2 else f"an input of shape {tuple(x.shape)}"
    state = "of the batch" if interaction(module) else "frozen"
    note = f", BatchNorm statistics {state}" if norms(module) else ""
    return f"{text} on {seen}{note}."


def _tolerance(stage: Stage) -> str:
    return "1e-2" if stage.tolerance == TOLERANCE else f"{stage.tolerance:.1e}"


def _named(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
