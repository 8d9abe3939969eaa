"""What `make paper` would run, and what it leaves out to fit its hours.

`plan.py OUT.mk --hours 3 --outputs FOLDER --experiments A:pictures=real B --choice scale=laptop`
measures a few steps of every kind of fit and prints hours by experiment; a run that several
experiments share is fitted in the first and only measured in the others. Where the hours exceed
--hours, whole experiments lose all seeds but the first, the one that this saves most first, but not
those of one or two pictures, which are there for their seeds; then all pictures or shapes but the
first 8, likewise: with fewer, the smallest p of a claim's six tests exceeds 0.05 (6 · 2 / 2⁷).
OUT.mk tells make, OUT.txt the page.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inr_experiments.building import resolve
from inr_experiments.commands.cells import cells
from inr_experiments.commands.door import door
from inr_experiments.commands.plan import seconds_a_fit
from inr_experiments.experiment import locate

#: What an experiment keeps at the least, one cut after the other.
CUTS = (("seeds", 1), ("pictures", 8))
#: An experiment of no more items than this keeps its seeds.
FEW = 2


@dataclass(frozen=True)
class Fit:
    """A run to be; `seconds` are those of what neither disk nor an earlier experiment has of it."""

    experiment: str
    item: str
    seed: int
    seconds: float
    key: str = "task.image"  # what names the item


@dataclass
class Share:
    """The part of an experiment that is kept; None is all of it."""

    seeds: int | None = None
    pictures: int | None = None

    def keeps(self, fit: Fit, first_seed: int, items: Sequence[str]) -> bool:
        few = fit.seed == first_seed or self.seeds is None
        return few and (self.pictures is None or fit.item in items[: self.pictures])


class Experiment:
    """The fits of an experiment and the share of them that is kept."""

    def __init__(self, name: str, fits: list[Fit]) -> None:
        self.name, self.fits, self.share = name, fits, Share()
        self.items = list(dict.fromkeys(fit.item for fit in fits))
        self.seeds = list(dict.fromkeys(fit.seed for fit in fits))

    def kept(self, share: Share) -> list[Fit]:
        return [fit for fit in self.fits if share.keeps(fit, self.seeds[0], self.items)]

    def hours(self, share: Share) -> float:
        return sum(fit.seconds for fit in self.kept(share)) / 3600

    @property
    def overrides(self) -> str:
        """What makes `inr -m` keep to the share."""
        words = [f"seed={self.seeds[0]}"] if self.share.seeds else []
        if self.share.pictures:
            words.append(f"{self.fits[0].key}={','.join(self.items[: self.share.pictures])}")
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
        kept = [f"SHARE_{e.name} := {e.overrides}" for e in experiments if e.overrides]
        options.out.write_text("\n".join([*kept, ""]), encoding="utf-8")
        options.out.with_suffix(".txt").write_text(text + "\n", encoding="utf-8")


def measured(names: Sequence[str], choice: Sequence[str], outputs: Path) -> list[Experiment]:
    """The experiments with the seconds of every fit that is still to be done."""
    seconds: dict[str, tuple[float, float]] = {}
    taken: dict[Path, set[str]] = {}  # the diagnostics of every run that is done or planned
    experiments = []
    for word in names:
        name, *own = word.split(":")
        fits = []
        for cfg in cells([f"experiment={name}", *choice, *own, f"outputs={outputs}"]):
            config, folder = resolve(cfg), locate(cfg, outputs)
            task = {k: v for k, v in config["task"].items() if k not in ("image", "shape")}
            kind = json.dumps([config["model"], config["fit"], config["diagnostic"], task])
            fitted = folder in taken or (folder / "DONE").exists()
            stored = {path.stem for path in (folder / "diagnostics").glob("*.json")}
            wanted, had = set(config["diagnostic"] or {}), taken.setdefault(folder, stored)
            cost = 0.0
            if not fitted or not wanted <= had:
                if kind not in seconds:  # on its first picture or shape
                    seconds[kind] = seconds_a_fit(config)
                fit, measure = seconds[kind]
                cost = measure if fitted else fit + measure
            had |= wanted
            what = "image" if "image" in config["task"] else "shape"
            item = str(config["task"][what])
            fits.append(Fit(name, item, config["seed"], cost, f"task.{what}"))
        experiments.append(Experiment(name, fits))
    return experiments


def shrink(experiments: Sequence[Experiment], hours: float) -> None:
    """Cut shares, by the rule of this file, until the hours are kept or there is no more to cut."""
    for cut in CUTS:
        able = [e for e in experiments if cut_of(e, cut) is not None]
        able.sort(key=lambda e: e.hours(cut_of(e, cut) or e.share) - e.hours(e.share))
        for experiment in able:
            if total(experiments) <= hours:
                return
            experiment.share = cut_of(experiment, cut) or experiment.share


def cut_of(experiment: Experiment, cut: tuple[str, int]) -> Share | None:
    """The share after a cut; None where it saves nothing, or what the experiment is there for."""
    what, number = cut
    old = experiment.share
    if what == "seeds" and len(experiment.items) <= FEW:
        return None
    new = Share(number, old.pictures) if what == "seeds" else Share(old.seeds, number)
    return new if experiment.hours(new) < experiment.hours(old) else None


def total(experiments: Sequence[Experiment]) -> float:
    return sum(e.hours(e.share) for e in experiments)


def told(experiments: Sequence[Experiment], hours: float) -> str:
    """The plan as a table and a sentence."""
    lines = [f"{'experiment':<22} {'runs':>5} {'to do':>6} {'hours':>6}  left out"]
    for e in experiments:
        kept = e.kept(e.share)
        to_do = sum(fit.seconds > 0 for fit in kept)
        note = f"{len(e.fits) - len(kept)} runs: only {e.overrides}" if e.overrides else ""
        lines.append(
            f"{e.name:<22} {len(kept):>5} {to_do:>6} {e.hours(e.share):>6.2f}  {note}".rstrip()
        )
    needed = total(experiments)
    verdict = "within" if needed <= hours else "more than"
    return "\n".join([*lines, f"{'all':<22} {'':>5} {'':>6} {needed:>6.2f}", (
        f"{needed:.2f} hours, one fit after the other, {verdict} the {hours:g} allowed. Where it "
        "would not fit, seeds go first, then pictures or shapes beyond 8."
    )])  # fmt: skip


if __name__ == "__main__":
    main()
