"""Other precisions against float32: the paired difference of the last PSNR, model by model.

On a GPU all models on the 16 crops of DIV2K at scale laptop, in tf32 and bf16; on a processor some
models on photographs at a fraction of it, in bf16. A model keeps parity where the 95 % interval of
the mean lies within ±0.2 dB; else it gets `bf16: refused` in its yaml.
"""

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from inr_experiments import building
from inr_experiments.checks import InputError
from inr_experiments.config import resolve
from inr_experiments.data.images.load import BUNDLED, DIV2K
from inr_experiments.fit.loop import fit
from inr_experiments.fit.settings import FitSettings
from inr_experiments.matching import matched
from inr_experiments.paths import conf_dir
from inr_experiments.statistics import summarise
from inr_experiments.sweep.compose import configs
from inr_experiments.tasks.task import Task

from .timing import Row

MODELS = ("relu", "rank_expanding", "pe", "siren", "bn", "bn_all_pre", "rff")
SEEDS = range(5)
#: A fraction of scale laptop: 64² fitted pixels, 4 × 64, and the learning rates of the yamls.
SIZE = ("task.side=128", "model.width=64", "fit.steps=200")
QUICK = ("task.side=32", "model.width=16", "fit.steps=5")
LIMIT_DB = 0.2


def last_psnr(
    config: dict[str, Any], task: Task, settings: FitSettings, device: str
) -> tuple[float, float]:
    """PSNR on the fitted pixels after the last step, and the seconds of the fit."""
    started = time.perf_counter()
    field = building.build_network(config, task)
    *_, last = fit(field, task, settings, seed=config["seed"], device=device)
    seconds = time.perf_counter() - started
    return task.evaluate(last.predict)["psnr"], seconds


def not_for_it(model: str, precision: str, words: tuple[str, ...]) -> str | None:
    """The reason why a model cannot be fitted to pictures in a precision, None where it can."""
    config = resolve(configs([f"model={model}", *words])[0])
    try:
        task, settings = building.kept_task(config), building.build_settings(config)
        replace(settings, precision=precision).check(building.build_network(config, task))
    except InputError as error:
        return str(error)
    return None


def rows(*, quick: bool) -> Iterator[Row]:
    """A row a model: seconds of both, mean difference in dB, its interval over the images.

    An image counts once, by the mean over its seeds: they share its pixels, and are no samples of
    their own.
    """
    device = building.pick_device("auto")
    models, images, seeds, precisions = list(MODELS), list(BUNDLED), list(SEEDS), ["bf16"]
    size: tuple[str, ...] = SIZE
    if device == "cuda":
        models = sorted(path.stem for path in (conf_dir() / "model").glob("*.yaml"))
        images, seeds, precisions = [f"'{name}'" for name in DIV2K], [0], ["tf32", "bf16"]
        size = ("scale=laptop", "task=div2k")
    if quick:
        models, images, seeds, size = ["relu"], list(BUNDLED)[:1], [0, 1], QUICK
    for model, precision in product(models, precisions):
        differences, levels, seconds = [], [], []
        if (why := not_for_it(model, precision, (*size, f"task.image={images[0]}"))) is not None:
            print(f"parity/{model}/{precision}: left out: {why}")
            continue
        for image, seed in product(images, seeds):
            words = [f"model={model}", *size, f"task.image={image}", f"seed={seed}"]
            config = matched(resolve(configs(words)[0]))
            task, settings = building.kept_task(config), building.build_settings(config)
            full, slow = last_psnr(config, task, settings, device)
            rounded, fast = last_psnr(config, task, replace(settings, precision=precision), device)
            differences.append(rounded - full)
            levels.append(full)
            seconds.append((fast, slow))
        found = summarise(np.reshape(differences, (len(images), len(seeds))).mean(axis=1))
        subject, reference = (statistics.median(column) for column in zip(*seconds, strict=True))
        yield Row(f"parity/{model}/{precision}", subject, reference, {
            "precision": precision,
            "pairs": len(differences),
            "images": len(images),
            "largest_db": max(differences, key=abs),
            "psnr_fp32_db": statistics.mean(levels),
            "difference_db": found.mean,
            "low_db": found.low,
            "high_db": found.high,
            "keeps_parity": max(-found.low, found.high) < LIMIT_DB,
        })  # fmt: skip


def summary(rows: list[Row]) -> str:
    """Name the models that may not use a faster precision."""
    fails = [row.name.removeprefix("parity/") for row in rows if not row.more["keeps_parity"]]
    return f"\ninterval not within ±{LIMIT_DB} dB: {', '.join(fails) or 'none'}"
