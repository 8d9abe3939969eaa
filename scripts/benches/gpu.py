"""The limits of a GPU, a step of each model and method beside a plain loop, a whole run, a sweep.

`least_gb` counts what a step that goes layer by layer has to move at the least, by its formula; no
counter of the card is read.
"""

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from inr_experiments.building import pick_device
from inr_experiments.experiment import execute
from inr_experiments.fit.fused import products_in
from inr_experiments.fit.loop import fit
from inr_experiments.fit.settings import FitSettings
from inr_experiments.models.network import Network
from inr_experiments.sweep.compose import configs
from inr_experiments.tasks.task import Task

from .fit import CONSTANT, built, flops, plain_loop, setting, stepping
from .launching import timed
from .timing import RUNS, Row

MODELS = ("relu", "rank_expanding", "pe", "siren", "bn", "rff")
PRECISIONS = ("fp32", "tf32", "bf16")
QUICK = ("task.side=32", "model.width=16", "fit.steps=4", "fit.milestone_every=4")
#: Steps between two looks at the clock, and before the first: a graph is captured after a few.
STEPS = 20
#: Runs of the sweeps that are compared, and the processes that share the card.
SWEPT, SHARING = 6, (1, 2, 3, 4)


def why_not() -> str | None:
    """The sentence where there is nothing to measure."""
    return None if torch.cuda.is_available() else "gpu: no GPU is visible to torch"


def rows(*, quick: bool) -> Iterator[Row]:
    """Limits, steps in turn with the plain loop, same bits, whole runs, sweeps.

    The models' steps are at scale `paper`, those of the field's methods as `methods` has them.
    """
    device = pick_device("auto")
    limits = {p: product_limit(p, device, size=256 if quick else 8192) for p in PRECISIONS}
    for precision, per_second in limits.items():
        yield Row(f"gpu/peak/{precision}", 1 / per_second, None, {"tflops": per_second / 1e12})
    limits["memory"] = bandwidth(device, size=2**20 if quick else 2**31)
    yield Row("gpu/peak/memory", 1 / limits["memory"], None, {"gb_per_s": limits["memory"] / 1e9})
    more: tuple[str, ...] = QUICK if quick else ()
    sizes = [(model, ("scale=paper", *more)) for model in MODELS[: 2 if quick else None]]
    sizes += [] if quick else [("relu", ("scale=paper", "model.width=1024"))]
    for model, words in sizes:
        parts = setting(f"model={model}", *words)
        yield from steps(f"gpu/step/{model}/{parts[0].width}", parts, device, limits)
    for cfg in configs(["experiment=methods", "items=1", CONSTANT, *more])[: 1 if quick else None]:
        yield from steps(f"gpu/method/{cfg.model.label}", built(cfg), device)
    yield same_bits(more, device)
    yield from whole_runs(("scale=paper", *more), device)
    yield from sweeps(("scale=paper", *more), device, quick=quick)


def seconds_of(call: Callable[[], object], device: str, *, calls: int = 1) -> float:
    """Median seconds of `calls` calls, divided by their number, after as many that do not count."""
    found = []
    for _ in range(1 + RUNS):
        settle(device)
        started = time.perf_counter()
        for _ in range(calls):
            call()
        settle(device)
        found.append((time.perf_counter() - started) / calls)
    return statistics.median(found[1:])


def settle(device: str) -> None:
    """Wait for the card."""
    if device == "cuda":
        torch.cuda.synchronize()


def product_limit(precision: str, device: str, *, size: int) -> float:
    """Floating-point operations a second of a product of square matrices."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    A = torch.randn(size, size, device=device).to(dtype)
    with products_in("tf32" if precision == "tf32" else "ieee"):
        return 2 * size**3 / seconds_of(partial(torch.matmul, A, A), device, calls=3)


def bandwidth(device: str, *, size: int) -> float:
    """Bytes a second, read and written, of a copy."""
    a = torch.empty(size, dtype=torch.uint8, device=device)
    b = torch.empty_like(a)
    return 2 * size / seconds_of(partial(b.copy_, a), device, calls=3)


def least_bytes(network: Network, points: int, size: int) -> float:
    """Bytes that a step must move where each layer reads and writes its activations.

    In passes over N × D numbers of `size` bytes. A hidden layer: forward in and out; backward
    gradient and mask in, masked gradient out, that and the input for the weights, that in and the
    next gradient out: 9. The inlet: out; mask as above, once more for the weights: 5. The head: in;
    in for the weights, gradient out: 3.
    """
    hidden = sum(name.startswith("hidden") for name, _ in network.stages())
    return float(points * network.width * size * (9 * hidden + 8))


def steps(
    name: str,
    parts: tuple[Network, Task, FitSettings],
    device: str,
    limits: Mapping[str, float] | None = None,
) -> Iterator[Row]:
    """The suite's step against the plain loop, and the memory that it takes.

    Args:
        limits: by precision and for `memory`, of which the step's shares are told; without them it
            is in fp32 alone, as for layers whose products are not counted.
    """
    network, task, settings = parts
    loop = plain_loop(deepcopy(network).to(device), task, settings.lr, device=device)
    plain = seconds_of(loop, device, calls=STEPS)
    for precision in PRECISIONS if limits else PRECISIONS[:1]:
        before = 0
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
        own = replace(settings, precision=precision if device == "cuda" else "fp32")
        step = stepping(deepcopy(network).to(device), task, own, device)
        seconds = seconds_of(step, device, calls=STEPS)
        peak = torch.cuda.max_memory_allocated() - before if device == "cuda" else None
        del step  # a captured one keeps its memory
        told = shares(network, len(task.coordinates), precision, seconds, limits) if limits else {}
        gib = None if peak is None else peak / 2**30
        yield Row(f"{name}/{precision}", seconds, plain, {**told, "peak_gib": gib})


def shares(
    network: Network, points: int, precision: str, seconds: float, limits: Mapping[str, float]
) -> dict[str, float]:
    """Shares of the card's products and of its memory that a step of such seconds takes."""
    number = least_bytes(network, points, 2 if precision == "bf16" else 4)
    done = flops(network, points)
    return {
        "tflops": done / seconds / 1e12,
        "share_of_products": done / seconds / limits[precision],
        "least_gb": number / 1e9,
        "share_of_memory": number / seconds / limits["memory"],
    }


def same_bits(words: tuple[str, ...], device: str) -> Row:
    """Two fits of one seed: the share of weights that agree to the bit."""
    ends = []
    started = time.perf_counter()
    for _ in range(2):
        network, task, settings = setting("model=rank_expanding", *words, "fit.steps=100")
        *_, _last = fit(network, task, settings, seed=0, device=device)
        ends.append(torch.cat([p.detach().flatten().cpu() for p in network.parameters()]))
    same = (ends[0] == ends[1]).double().mean().item()
    return Row("gpu/same_bits", time.perf_counter() - started, None, {"share": same})


def whole_runs(words: tuple[str, ...], device: str) -> Iterator[Row]:
    """A run from config to record, the second of its process, by its parts."""
    for precision in PRECISIONS if device == "cuda" else PRECISIONS[:1]:
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(2):
                (cfg,) = configs([
                    "model=rank_expanding", f"seed={seed}", f"fit.precision={precision}",
                    f"device={device}", f"outputs={folder}", *words,
                ])  # fmt: skip
                started = time.perf_counter()
                seconds = execute(cfg).record["seconds"]
        whole = time.perf_counter() - started
        parts = {f"{part}_s": seconds[part] for part in ("fit", "evaluate", "diagnose", "draw")}
        parts["rest_s"] = whole - sum(parts.values())
        yield Row(f"gpu/run/{precision}", whole, None, parts)


def sweeps(words: tuple[str, ...], device: str, *, quick: bool) -> Iterator[Row]:
    """A sweep in one process, and in several that share the card: start-up is part of it."""
    alone = None
    for processes in itertools.islice(SHARING, 2 if quick else None):
        with tempfile.TemporaryDirectory() as folder:
            seconds, _ = timed(
                "-m", "model=rank_expanding,relu", f"seed=range(0,{2 if quick else SWEPT // 2})",
                f"device={device}", f"outputs={folder}", "hydra/launcher=joblib",
                f"hydra.launcher.n_jobs={processes}", *words, cwd=Path(folder),
            )  # fmt: skip
        alone = alone or seconds
        yield Row(f"gpu/sweep/{processes}", seconds, alone, {"processes": processes})
