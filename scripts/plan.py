"""What `make paper` would run, and what it leaves out to fit its hours.

`plan.py OUT.mk --hours 3 --outputs FOLDER --experiments A:pictures=real B --choice scale=laptop`
measures a few steps of every kind of fit in one thread, as joblib runs a fit on every core, and
prints hours by experiment, cut to --hours by the rule of inr_experiments.commands.sitting. OUT.mk
tells make, OUT.txt the page.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import joblib

from inr_experiments.building import pick_device, resolve
from inr_experiments.commands.cells import cells
from inr_experiments.commands.door import door
from inr_experiments.commands.plan import kind, seconds_a_fit
from inr_experiments.commands.sitting import RULE, Experiment, Fit, hours, shrink
from inr_experiments.experiment import Keys, locate
from inr_experiments.paths import conf_dir
from inr_experiments.reporting.claims import read_claims


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
        side_by_side = 1 if pick_device("auto") == "cuda" else joblib.cpu_count()
        everything = sum(hours(experiments, side_by_side))
        shrink(experiments, options.hours, side_by_side)
        text = told(experiments, options.hours, everything, side_by_side)
        print(text)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_changed(options.out, for_make(experiments))
        options.out.with_suffix(".txt").write_text(text + "\n", encoding="utf-8")


def measured(names: Sequence[str], choice: Sequence[str], outputs: Path) -> list[Experiment]:
    """The experiments with the seconds of every fit that is still to be done."""
    import torch

    torch.set_num_threads(1)
    keys, compared = Keys(), compared_models()
    seconds: dict[str, tuple[float, float]] = {}
    experiments: list[Experiment] = []
    for word in names:
        name, *own = word.split(":")
        fits = []
        for cfg in cells([f"experiment={name}", *choice, *own, f"outputs={outputs}"]):
            config, folder = resolve(cfg), locate(cfg, outputs, keys)
            stored = None
            if (folder / "DONE").exists():
                stored = frozenset(path.stem for path in (folder / "diagnostics").glob("*.json"))
            wanted = frozenset(config["diagnostic"] or {})
            cost = (0.0, 0.0)
            if stored is None or wanted - stored:
                if (alike := kind(config)) not in seconds:
                    seconds[alike] = seconds_a_fit(config)
                fitting, measuring = seconds[alike]
                cost = (fitting if stored is None else 0.0, measuring)
            what = "image" if "image" in config["task"] else "shape"
            item, model = str(config["task"][what]), config["model"]["name"]
            run = str(folder)
            key = f"task.{what}"
            fits.append(Fit(run, item, config["seed"], *cost, wanted, stored, key, model))
        experiments.append(Experiment(name, fits, compared.get(name), first=not experiments))
    return experiments


def compared_models() -> dict[str, frozenset[str]]:
    """By experiment, the models in the tests of the claims that read it."""
    found: dict[str, frozenset[str]] = {}
    for claim in read_claims(conf_dir() / "claims.yaml"):
        named = [test[side] for test in claim.tests for side in ("of", "over") if side in test]
        models = frozenset(words.split()[0] for words in named)
        for name in (claim.experiment or "").split():
            found[name] = found.get(name, frozenset()) | models
    return found


def told(
    experiments: Sequence[Experiment], allowed: float, everything: float, side_by_side: int = 1
) -> str:
    """The plan as a table and a sentence; `everything` are the hours without a cut."""
    each = hours(experiments, side_by_side)
    lines = [f"{'experiment':<22} {'runs':>5} {'hours':>6}  left out"]
    for e, own in zip(experiments, each, strict=True):
        kept = len(e.kept())
        note = f"{len(e.fits) - kept} runs: only {e.overrides}" if e.overrides else ""
        if not e.share.whole:
            note = "all of it"
        lines.append(f"{e.name:<22} {kept:>5} {own:>6.2f}  {note}".rstrip())
    verdict = "within" if sum(each) <= allowed else "more than"
    return "\n".join([*lines, f"{'all':<22} {'':>5} {sum(each):>6.2f}", (
        f"{sum(each):.2f} hours to go of {everything:.2f} for everything, {side_by_side} fits side "
        f"by side, {verdict} the {allowed:g} allowed. What does not fit is left out in this order: "
        f"{'; '.join(RULE)}. Called again, make paper goes on with it."
    )])  # fmt: skip


def for_make(experiments: Sequence[Experiment]) -> str:
    """What make reads: the overrides of every share, and what is left out."""
    kept = [e for e in experiments if e.share.whole]
    shares = [f"SHARE_{e.name} := {e.overrides}" for e in kept if e.overrides]
    left_out = " ".join(e.name for e in experiments if e not in kept)
    return "\n".join([*shares, f"LEFT_OUT := {left_out}".rstrip(), ""])


def write_changed(path: Path, text: str) -> None:
    """Write where it says something new: frames that are older than it are made again."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
