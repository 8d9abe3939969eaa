"""The fit against the loop that repositories of implicit representations use, and the machine.

Both loops start from the same field, take turns, and have taken as many steps when their PSNR is
compared: a reference that does not reach the suite's makes the comparison void.
"""

import math
import statistics
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig
from torch import Tensor

from inr_experiments import building
from inr_experiments.config import resolve
from inr_experiments.fit.loop import build_step
from inr_experiments.fit.settings import FitSettings
from inr_experiments.matching import matched
from inr_experiments.models.network import Network
from inr_experiments.sweep.compose import configs
from inr_experiments.tasks.task import Task

from .timing import RUNS, Row, exponent, median, peak, series

#: Every measured step has the same rate.
CONSTANT = "fit.schedule=null"
#: Name -> what is fitted; `laptop` is 128² pixels and width 144.
FITS = {
    "relu": ("model=relu", "scale=paper"),
    "siren": ("model=siren", "scale=paper"),
    "laptop": ("model=rank_expanding", "scale=laptop", "task.side=256"),
}
QUICK = ("task.side=32", "model.width=16")
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
#: Rounds in which default ReLU and REI take turns, and steps of each in a round.
ROUNDS, ROUND_STEPS = 20, 10
#: Seconds of a comparison: more steps than RUNS where they are short, as single ones are noisy.
LEAST_S = 20
#: dB between the reference and the suite's fp32 fit after the same steps.
TOLERANCE_DB = 0.05
#: Cost against each of these, the others at the first value of COST.
COST = {
    "pixels": [side**2 for side in (64, 90, 128, 181, 256, 362, 512)],
    "width": [32, 64, 128, 256, 512],
    "depth": [1, 2, 4, 8],
}
BASE = {"pixels": 2**14, "width": 144, "depth": 3}


def setting(*words: str) -> tuple[Network, Task, FitSettings]:
    """Network, task and settings at a constant rate, as the launcher builds them."""
    return built(configs([*words, CONSTANT])[0])


def built(cfg: DictConfig) -> tuple[Network, Task, FitSettings]:
    """Network, task and settings of a config."""
    config = matched(resolve(cfg))
    task = building.build_task(config)
    return building.build_network(config, task), task, building.build_settings(config)


def plain_loop(
    network: Network, task: Task, lr: float, *, device: str = "cpu"
) -> Callable[[], float]:
    """The reference: float32, autograd, all rows, PSNR read at every step. Returns that PSNR."""
    x, y = task.batch("full", torch.Generator(device))
    optimiser = torch.optim.Adam(network.parameters(), lr=lr)

    def step() -> float:
        optimiser.zero_grad()
        loss = ((network(x) - y) ** 2).mean()
        loss.backward()
        optimiser.step()
        return (-10 * torch.log10(loss.detach())).item()

    return step


def suite(network: Network, task: Task, settings: FitSettings) -> Callable[[], float]:
    """The subject: the step of inr_experiments.fit."""
    advance = stepping(network, task, settings, "cpu")
    return lambda: -10 * math.log10(advance())


def stepping(network: Network, task: Task, settings: FitSettings, device: str) -> Callable[[], Any]:
    """The suite's step on a device, which gives the loss there."""
    x, y = task.batch("full", torch.Generator(device))
    _, advance = build_step(network.train(), task, settings, device)
    return partial(advance, x, y)


def flops(network: Network, points: int) -> float:
    """Count a step's products: forward and two backward, the inlet's input needing no gradient."""
    linear = [m for m in network.modules() if isinstance(m, torch.nn.Linear)]
    sizes = [m.in_features * m.out_features for m in linear]
    return 2.0 * points * (3 * sum(sizes) - sizes[0])


def product_peak(precision: str, *, quick: bool) -> tuple[float, float]:
    """The machine's own limit: seconds of a product and floating-point operations a second.

    Of the square matrices whose product has most of them: large ones leave the caches.
    """
    found = []
    for size in (256,) if quick else (512, 1024, 2048):
        A: Tensor = torch.randn(size, size).to(DTYPES[precision])
        seconds = median(partial(torch.matmul, A, A), runs=3 * RUNS)
        found.append((2 * size**3 / seconds, seconds))
    best, seconds = max(found)
    return seconds, best


def rows(*, quick: bool) -> Iterator[Row]:
    """Peaks, fits in turn with the reference, memory, cost against size."""
    peaks = {}
    for precision in DTYPES:
        seconds, peaks[precision] = product_peak(precision, quick=quick)
        yield Row(f"fit/peak/{precision}", seconds, None, {"gflops": peaks[precision] / 1e9})
    for name, words in FITS.items():
        yield from against_plain(
            name, (*words, *QUICK) if quick else words, peaks, 0 if quick else LEAST_S
        )
    yield in_turn(quick=quick)
    yield memory(64 if quick else 512)
    for what, values in COST.items():
        for value in values[:2] if quick else values:
            yield cost(what, value)


def against_plain(
    name: str, words: tuple[str, ...], peaks: dict[str, float], least_s: float
) -> Iterator[Row]:
    """The suite in fp32 and bf16 and the reference, step by step in turn, for `least_s` or more."""
    network, task, settings = setting(*words)
    loops = {"plain": plain_loop(deepcopy(network), task, settings.lr)}
    for precision in DTYPES:
        loops[precision] = suite(deepcopy(network), task, replace(settings, precision=precision))
    seconds: dict[str, list[float]] = {loop: [] for loop in loops}
    psnr = {}
    began = time.perf_counter()
    while len(seconds["plain"]) <= RUNS or time.perf_counter() - began < least_s:
        for loop, step in loops.items():
            started = time.perf_counter()
            reached = step()
            seconds[loop].append(time.perf_counter() - started)
            if len(seconds[loop]) <= 1 + RUNS:  # later, rounding has grown to a difference
                psnr[loop] = reached
    for precision in DTYPES:
        measured, plain = seconds[precision][1:], seconds["plain"][1:]  # the first one warmed up
        subject = statistics.median(measured)
        void = psnr["plain"] < psnr["fp32"] - TOLERANCE_DB
        yield Row(f"fit/{name}/{precision}", subject, statistics.median(plain), {
            "steps": len(measured),
            "share_of_peak": flops(network, len(task.coordinates)) / subject / peaks[precision],
            "subject_range_s": [min(measured), max(measured)],
            "reference_range_s": [min(plain), max(plain)],
            "psnr_db": psnr[precision],
            "reference_psnr_db": psnr["plain"],
            "void": void,
        })  # fmt: skip


def in_turn(*, quick: bool) -> Row:
    """REI against default ReLU, step by step in turn: what claim C8 reads.

    A round is the median of so many steps of each, so that what else the machine does in a round
    falls on both; who begins changes from step to step.
    """
    words = ("scale=laptop", "task.side=256", *(QUICK if quick else ()))
    models = ("rank_expanding", "relu")
    step = {model: suite(*setting(f"model={model}", *words)) for model in models}
    seconds: dict[str, list[float]] = {model: [] for model in models}
    for i in range((1 + (3 if quick else ROUNDS)) * ROUND_STEPS):
        for model in models[:: -1 if i % 2 else 1]:
            started = time.perf_counter()
            step[model]()
            seconds[model].append(time.perf_counter() - started)
    # The first round warmed up.
    subject, reference = (
        np.median(np.reshape(seconds[model], (-1, ROUND_STEPS)), axis=1)[1:] for model in models
    )
    return Row("fit/rei_in_turn", float(np.median(subject)), float(np.median(reference)), {
        "scale": "smoke" if quick else "laptop",
        "subject_rounds_s": subject.round(6).tolist(),
        "reference_rounds_s": reference.round(6).tolist(),
        "rei_over_relu": (subject / reference).round(4).tolist(),
    })  # fmt: skip


def memory(side: int) -> Row:
    """Memory that a step of side² pixels at 4 × 256 adds at its peak, in fresh processes."""
    started = time.perf_counter()
    ours = peak(prepared, "suite", side)
    theirs = peak(prepared, "plain", side)
    more = {"subject_gib": ours, "reference_gib": theirs}
    if ours and theirs:
        more["gib_ratio"] = theirs / ours
    # The seconds are those of starting two processes: the sizes are what is asked for here.
    return Row(f"fit/memory/{side}", time.perf_counter() - started, None, more)


def prepared(loop: str, side: int) -> Callable[[], object]:
    """A step of either loop, all of its memory still to be taken."""
    words = ("model=relu", "scale=paper", f"task.side={side}", "task.fitted=all")
    network, task, settings = setting(*words)
    return (
        suite(network, task, settings)
        if loop == "suite"
        else plain_loop(network, task, settings.lr)
    )


def cost(what: str, value: int) -> Row:
    """A step of ReLU with one of pixels, width and depth changed."""
    size = {**BASE, what: value}
    network, task, settings = setting(
        "model=relu", f"task.side={math.isqrt(size['pixels'])}", "task.fitted=all",
        f"model.width={size['width']}", f"model.hidden_layers={size['depth']}",
    )  # fmt: skip
    return Row(f"fit/{what}/{value}", median(suite(network, task, settings)), None, size)


def summary(rows: list[Row]) -> str:
    """Void comparisons, whether bf16 is fast here, and the exponents of cost."""
    lines = [f"void: {row.name}" for row in rows if row.more.get("void")]
    peaks = {row.name: row.more["gflops"] for row in rows if row.name.startswith("fit/peak/")}
    faster = peaks["fit/peak/bf16"] / peaks["fit/peak/fp32"]
    lines.append(f"bfloat16 products are {faster:.2f} times as fast as float32 ones")
    for what in COST:
        sizes, seconds = series(rows, f"fit/{what}/")
        lines.append(f"seconds a step ~ {what}^{exponent(sizes, seconds):.2f}")
    return "\n" + "\n".join(lines)


def plot(rows: list[Row], file: Path) -> None:
    """Seconds a step against pixels, width and hidden layers, both axes logarithmic."""
    from inr_experiments.reporting import style

    figure, axes = style.plt.subplots(1, 3, figsize=(style.PAGE, 2.2), sharey=True)
    for axis, what in zip(axes, COST, strict=True):
        sizes, seconds = series(rows, f"fit/{what}/")
        axis.loglog(sizes, seconds, "o-", color="black", base=2)
        axis.set_yscale("log", base=10)
        label = "hidden layers" if what == "depth" else what
        axis.set(xlabel=label, title=f"exponent {exponent(sizes, seconds):.2f}")
    axes[0].set_ylabel("seconds a step")
    style.save(figure, file)
