"""What `make paper` would run, and what it leaves out to fit its hours.

`plan.py OUT.mk --hours 3 --outputs FOLDER --experiments A:pictures=real B --choice scale=laptop`
measures a few steps of every kind of fit in one thread, as joblib runs a fit on every core, and
prints hours by experiment; a run that several experiments share is fitted in the first and only
measured in the others. Where the hours exceed --hours, experiments are cut by RULE, the one that a
cut saves most first. What is done costs nothing, so that the next sitting does some of what this
one leaves out. OUT.mk tells make, OUT.txt the page.
"""

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from inr_experiments.building import resolve
from inr_experiments.commands.cells import cells
from inr_experiments.commands.door import door
from inr_experiments.commands.plan import seconds_a_fit
from inr_experiments.experiment import key_of
from inr_experiments.paths import conf_dir
from inr_experiments.reporting.claims import read_claims
from inr_experiments.runs.store import Store

#: An experiment of no more pictures or shapes than this is there for its seeds.
FEW = 2
#: With fewer pictures the smallest p of a claim's six tests exceeds 0.05 (6 · 2 / 2⁷).
DECIDING = 8
RULE = (
    "seeds but the first",
    f"pictures or shapes beyond {DECIDING}",
    f"those beyond {FEW} where no claim reads the experiment",
    "models that no claim compares",
    "experiments that no claim reads",
    f"pictures beyond {DECIDING} of the first experiment, which is spared till then",
)
#: Keys of a fit's config that do not change what a step costs.
FREE = {"task": ("image", "shape", "noise"), "fit": ("lr",),
        "model": ("name", "inlet_init", "hidden_init", "head_init")}  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """A run to be; `seconds` are those of what neither disk nor an earlier experiment has of it."""

    experiment: str
    item: str
    seed: int
    seconds: float
    key: str = "task.image"  # what names the item
    model: str = "relu"


@dataclass(frozen=True)
class Share:
    """The part of an experiment that is kept; None is all of it."""

    seeds: int | None = None
    items: int | None = None
    models: tuple[str, ...] | None = None
    whole: bool = True  # False: left out

    def keeps(self, fit: Fit, first_seed: int, items: Sequence[str]) -> bool:
        return (
            self.whole
            and (self.seeds is None or fit.seed == first_seed)
            and (self.items is None or fit.item in items[: self.items])
            and (self.models is None or fit.model in self.models)
        )


class Experiment:
    """The fits of an experiment and the share of them that is kept.

    `compared` are the models that a claim compares; None where none reads the experiment. `first`
    is table 1's.
    """

    def __init__(
        self,
        name: str,
        fits: list[Fit],
        compared: frozenset[str] | None = None,
        *,
        first: bool = False,
    ) -> None:
        self.name, self.fits, self.compared, self.first = name, fits, compared, first
        self.share = Share()
        self.items = list(dict.fromkeys(fit.item for fit in fits))
        self.seeds = list(dict.fromkeys(fit.seed for fit in fits))
        self.models = list(dict.fromkeys(fit.model for fit in fits))

    def kept(self, share: Share) -> list[Fit]:
        return [fit for fit in self.fits if share.keeps(fit, self.seeds[0], self.items)]

    def hours(self, share: Share) -> float:
        return sum(fit.seconds for fit in self.kept(share)) / 3600

    def cuts(self) -> Iterator[Share | None]:
        """The share after each cut of RULE; None where it is not for this experiment."""
        old, claimed = self.share, self.compared is not None
        models = tuple(m for m in self.models if m in (self.compared or ()))
        yield replace(old, seeds=1) if len(self.items) > FEW else None
        yield replace(old, items=DECIDING) if not self.first else None
        yield replace(old, items=FEW) if not claimed else None
        yield replace(old, models=models) if claimed and not self.first else None
        yield replace(old, whole=False) if not claimed else None
        yield replace(old, items=DECIDING) if self.first else None

    @property
    def overrides(self) -> str:
        """What makes `inr -m` keep to the share."""
        words = [f"seed={self.seeds[0]}"] if self.share.seeds else []
        if self.share.items:
            words.append(f"{self.fits[0].key}={','.join(self.items[: self.share.items])}")
        if self.share.models:
            words.append(f"model={','.join(self.share.models)}")
        return " ".join(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--outputs", type=Path, default=Path("outputs"))
    parser.add_argument("--experiments", nargs="+", required=True,
                        help="names, each with an override of its own behind a colon")  # fmt: skip
    parser.add_argument("--choice", nargs="*", default=[], help="overrides for all: scale=laptop")
    options = parser.parse_args()
    with door("plan"):
        experiments = measured(options.experiments, options.choice, options.outputs)
        shrink(experiments, options.hours)
        text = told(experiments, options.hours)
        print(text)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_changed(options.out, for_make(experiments))
        options.out.with_suffix(".txt").write_text(text + "\n", encoding="utf-8")


def measured(names: Sequence[str], choice: Sequence[str], outputs: Path) -> list[Experiment]:
    """The experiments with the seconds of every fit that is still to be done, a core each."""
    import torch

    torch.set_num_threads(1)
    cores = os.cpu_count() or 1
    compared = compared_models()
    seconds: dict[str, tuple[float, float]] = {}
    taken: dict[Path, set[str]] = {}  # the diagnostics of every run that is done or planned
    experiments: list[Experiment] = []
    for word in names:
        name, *own = word.split(":")
        fits = []
        for cfg in cells([f"experiment={name}", *choice, *own, f"outputs={outputs}"]):
            config = resolve(cfg)
            folder = Store(outputs).folder(key_of(config), config["seed"])
            fitted = folder in taken or (folder / "DONE").exists()
            stored = {path.stem for path in (folder / "diagnostics").glob("*.json")}
            wanted, had = set(config["diagnostic"] or {}), taken.setdefault(folder, stored)
            cost = 0.0
            if not fitted or not wanted <= had:
                if (alike := kind(config)) not in seconds:  # on its first picture or shape
                    seconds[alike] = seconds_a_fit(config)
                fit, measure = seconds[alike]
                cost = (measure if fitted else fit + measure) / cores
            had |= wanted
            what = "image" if "image" in config["task"] else "shape"
            item, model = str(config["task"][what]), config["model"]["name"]
            fits.append(Fit(name, item, config["seed"], cost, f"task.{what}", model))
        experiments.append(Experiment(name, fits, compared.get(name), first=not experiments))
    return experiments


def kind(config: Mapping[str, Any]) -> str:
    """What fits of the same cost have in common."""
    parts = [
        {k: v for k, v in config[part].items() if k not in free} for part, free in FREE.items()
    ]
    return json.dumps([*parts, config["diagnostic"]])


def compared_models() -> dict[str, frozenset[str]]:
    """By experiment, the models in the tests of the claims that read it."""
    found: dict[str, frozenset[str]] = {}
    for claim in read_claims(conf_dir() / "claims.yaml"):
        named = [test[side] for test in claim.tests for side in ("of", "over") if side in test]
        models = frozenset(words.split()[0] for words in named)
        for name in (claim.experiment or "").split():
            found[name] = found.get(name, frozenset()) | models
    return found


def shrink(experiments: Sequence[Experiment], hours: float) -> None:
    """Cut shares, by RULE, until the hours are kept; undo what there was no need of, last first."""
    done: list[tuple[Experiment, Share]] = []
    for stage in range(len(RULE)):
        for experiment, share in dearest_first(experiments, stage):
            if total(experiments) > hours:
                done.append((experiment, experiment.share))
                experiment.share = share
    for experiment, before in reversed(done):
        cut, experiment.share = experiment.share, before
        if total(experiments) > hours:
            experiment.share = cut


def dearest_first(experiments: Sequence[Experiment], stage: int) -> list[tuple[Experiment, Share]]:
    """What a cut leaves of the experiments that it makes cheaper, the largest saving first."""
    cuts = [(e, share) for e in experiments if (share := list(e.cuts())[stage]) is not None]
    able = [(e.hours(e.share) - e.hours(share), e, share) for e, share in cuts]
    return [(e, share) for saved, e, share in sorted(able, key=lambda c: -c[0]) if saved > 0]


def total(experiments: Sequence[Experiment]) -> float:
    return sum(e.hours(e.share) for e in experiments)


def told(experiments: Sequence[Experiment], hours: float) -> str:
    """The plan as a table and a sentence."""
    lines = [f"{'experiment':<22} {'runs':>5} {'to do':>6} {'hours':>6}  left out"]
    for e in experiments:
        kept = e.kept(e.share)
        to_do = sum(fit.seconds > 0 for fit in kept)
        note = f"{len(e.fits) - len(kept)} runs: only {e.overrides}" if e.overrides else ""
        if not e.share.whole:
            note = "all of it"
        lines.append(
            f"{e.name:<22} {len(kept):>5} {to_do:>6} {e.hours(e.share):>6.2f}  {note}".rstrip()
        )
    needed = total(experiments)
    everything = sum(e.hours(Share()) for e in experiments)
    verdict = "within" if needed <= hours else "more than"
    return "\n".join([*lines, f"{'all':<22} {'':>5} {'':>6} {needed:>6.2f}", (
        f"{needed:.2f} of {everything:.2f} hours, a fit on each of {os.cpu_count()} cores, "
        f"{verdict} the {hours:g} allowed. What does not fit is left out in this order: "
        f"{'; '.join(RULE)}. Called again, make paper goes on with it."
    )])  # fmt: skip


def for_make(experiments: Sequence[Experiment]) -> str:
    """What make reads: the overrides of every share, and what is left out."""
    kept = [f"SHARE_{e.name} := {e.overrides}" for e in experiments if e.overrides]
    left_out = " ".join(e.name for e in experiments if not e.share.whole)
    return "\n".join([*kept, f"LEFT_OUT := {left_out}".rstrip(), ""])


def write_changed(path: Path, text: str) -> None:
    """Write where it says something new: frames are older than it and are made again."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
