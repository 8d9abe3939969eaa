"""Figures, tables, verdicts and the report: run what they read and is not done, collect, draw.

`paper.py [TARGET ...] [key=value ...]`; a target is the stem of a figure or table, an experiment,
or one of reproduce, paper, report, compare, reference. A figure is a file in scripts/figures, a
table one in scripts/tables: its docstring is the caption, READS the experiments, ARRAYS patterns of
the spectra and pictures that it draws, `draw` or `rows` takes their frames. `--list` prints the
map.
"""

import argparse
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from inr_experiments.checks import InputError, nearest
from inr_experiments.errors import exit_on_error, sentence
from inr_experiments.paths import conf_dir, user_path
from inr_experiments.reporting.options import first_line
from inr_experiments.reporting.pieces import Piece, build, find_pieces
from inr_experiments.runs.frame import NotShownError, read_frame, write_frame
from inr_experiments.runs.pack import pack
from inr_experiments.sweep.arguments import ready
from inr_experiments.sweep.blocks import quoted
from inr_experiments.sweep.runner import Runner
from verdicts import CLAIMS, compare, keep, report

ROOT = Path(__file__).resolve().parents[1]
#: The main job; with one seed, so that it takes a quarter of an hour on two cores.
REPRODUCE = (
    "table1", "table1_occupancy", "fig_reconstruction", "fig_inlet_spectra",
    "fig_fitted_and_held_out", "fig_occupancy_gallery", "fig_occupancy_slices",
)  # fmt: skip
WHOLE = ("reproduce", "paper", "report", "compare", "reference")
ALONE = ("compare", "reference")
#: Keys that options stand for.
FLAGS = {
    **{key: f"--{key}" for key in ("scale", "data", "device", "outputs", "items")},
    **{"seed": "--seeds", "experiment": "its name as a target"},
}


def experiments(config_dir: Path | None = None) -> list[str]:
    """The experiments of conf/experiment, and of a folder beside conf/."""
    folders = [conf_dir(), *filter(None, [config_dir])]
    return sorted({path.stem for f in folders for path in (f / "experiment").glob("*.yaml")})


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; the exit code is 1 where something of it failed."""
    options = parsed(arguments)
    listed = find_pieces(ROOT / "scripts")
    if options.list:
        print_map(listed)
        return 0
    check(options.targets, listed, experiments(options.config_dir))
    at = place(options)
    if options.frames and (named := re.match(r"(smoke|laptop|paper)-(bundled|real)\b", at)):
        options.scale, options.data = named.groups()
    frames = options.frames or options.outputs / "frames" / at
    if options.frames and not any(frames.glob("*/runs.csv")):
        raise InputError(f"--frames={frames}: no frames there; expected a folder of NAME/runs.csv")
    if options.targets == ["compare"]:
        return compare(frames, at)
    if options.targets == ["reference"]:
        return keep(options.outputs, at)
    chosen = expand(options.targets, listed)
    failed, unfinished = 0, set[str]()
    if options.frames is None and chosen:
        failed, unfinished = run(options, listed, chosen, at)
        if options.plan:
            return 1 if failed else 0
    wanted = [listed[name] for name in chosen if name in listed]
    able = [piece for piece in wanted if not unfinished & set(piece.reads)]
    for piece in wanted:
        if piece not in able and all((frames / name).is_dir() for name in piece.reads):
            continue  # of frames that are as they were
        for path in (options.outputs / piece.kind / at).glob(f"{piece.stem}.*"):
            path.unlink()  # so that nothing that fails now is taken for fresh
    outcomes = [draw(piece, frames, options, at) for piece in able]
    failed += outcomes.count("failed")
    drawn = [piece for piece, came in zip(able, outcomes, strict=True) if came == "drawn"]
    show(options.outputs, at, drawn)
    if {"paper", "report"} & set(options.targets):
        pieces = list(listed.values())
        report(options.outputs, at, frames, pieces, scale=options.scale, made_by=variables(options))
    return 1 if failed else 0


def check(targets: Sequence[str], listed: Mapping[str, Piece], known: Sequence[str]) -> None:
    """Raise an `InputError` for a target that is none, or a piece that reads no experiment."""
    names = list(dict.fromkeys([*WHOLE, *listed, *known]))
    for target in targets:
        if target not in names:
            raise InputError(
                f"{target}: no such target; expected one of {', '.join(names)}"
                f"{nearest(target, names)}"
            )
        if target in ALONE and len(targets) > 1:
            raise InputError(f"{target}: expected no other target beside it")
    for piece in listed.values():
        for name in piece.reads:
            if name not in known:
                raise InputError(
                    f"{piece.path}: READS {name!r}, expected one of {', '.join(known)}"
                    f"{nearest(name, known)}"
                )


def place(options: argparse.Namespace) -> str:
    """The folder of frames, tables and figures: scale and data, and what else was chosen."""
    if options.frames:
        own = options.frames.resolve()
        return own.parent.name if own.name == "frames" else own.name
    parts = [options.scale, options.data]
    parts += [f"seeds-{options.seeds}"] if options.seeds else []
    parts += [f"items-{options.items}"] if options.items is not None else []
    parts += ["bf16"] if options.fast else []
    parts += [re.sub(r"[^\w.,=+-]+", "_", word) for word in options.overrides]
    return "-".join(parts)


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="paper.py", description=(__doc__ or "").split("\n\n")[0])
    add = parser.add_argument
    add("targets", nargs="*", help="default: reproduce; key=value goes to every experiment")
    add("--scale", default="laptop", help="smoke, laptop (default) or paper")
    add("--data", default="bundled", help="bundled (default) or real")
    add(
        "--seeds",
        default="",
        type=lambda s: s.replace(" ", ""),
        help="0,1,2; default: the experiments'",
    )
    add("--items", type=int, help="of an experiment's pictures or solids the first so many")
    add("--hours", type=float, help="stop after so long, with whole runs; the next call goes on")
    add("--device", default="auto", help="auto (default), cpu or cuda")
    add("--fast", action="store_true", help="bf16 where every model of an experiment may")
    add("--outputs", type=user_path, default=Path("outputs"), help="default: outputs")
    told = "draw from the frames in this folder, whose name tells scale and data; run nothing"
    add("--frames", type=user_path, help=told)
    add("--config-dir", type=user_path, help="a folder of yaml files beside conf/, as for inr")
    add("--plan", action="store_true", help="print what is to be run, and how long it takes")
    add("--list", action="store_true", help="print what reads what")
    options = parser.parse_intermixed_args(arguments)
    options.overrides = [word for word in options.targets if "=" in word]
    for word in options.overrides:
        if (key := word.lstrip("+").partition("=")[0]) in FLAGS:
            raise InputError(f"{word}: expected {FLAGS[key]}")
    if options.hours is not None and not options.hours >= 0:
        raise InputError(f"--hours={options.hours:g}: expected a number of at least 0")
    named = [word for word in options.targets if "=" not in word]
    options.targets = named or ["reproduce"]
    return options


def print_map(listed: Mapping[str, Piece]) -> None:
    """Print what every figure and table reads and shows, and what every experiment asks."""
    for piece in listed.values():
        print(f"{piece.stem:<30} {' '.join(piece.reads):<22} {piece.caption.split('. ')[0]}")
    print()
    for name in experiments():
        print(first_line(conf_dir() / "experiment" / f"{name}.yaml"))


def expand(targets: Iterable[str], listed: Mapping[str, Piece]) -> list[str]:
    """Figures, tables and experiments that the targets mean, each once."""
    names: list[str] = []
    for target in targets:
        if target == "paper":
            names += [*listed, *claimed()]
        elif target == "reproduce":
            names += REPRODUCE
        elif target not in WHOLE:
            names.append(target)
    return list(dict.fromkeys(names))


def claimed() -> list[str]:
    """The experiments that claims read, in the order of the claims."""
    from inr_experiments.claims.verdict import read_claims

    claims = read_claims(CLAIMS)
    return list(dict.fromkeys(name for claim in claims for name in claim.experiments))


def run(
    options: argparse.Namespace, listed: Mapping[str, Piece], chosen: Sequence[str], at: str
) -> tuple[int, set[str]]:
    """Run what is not done of the experiments behind the chosen; collect those that are whole.

    Returns how many runs failed, and the experiments that are not whole.
    """
    needed = [n for name in chosen for n in (listed[name].reads if name in listed else (name,))]
    first = [name for name in claimed() if name in needed]
    names = list(dict.fromkeys([*first, *needed]))
    runner = Runner(
        names,
        words(options),
        device=options.device,
        fast=options.fast,
        config_dir=options.config_dir,
    )
    print(runner.plan())
    if options.plan:
        return len(runner.refused), set()
    failures = runner.run(options.hours)
    unfinished = set(runner.refused)  # their frames stay: the runs may be whole, the data elsewhere
    drawn = {n: [a for p in listed.values() if n in p.reads for a in p.arrays] for n in names}
    for name, frame in runner.frames(drawn):
        folder = options.outputs / "frames" / at / name
        if frame is None:
            unfinished.add(name)
            shutil.rmtree(folder, ignore_errors=True)  # of other runs than are asked for now
        else:
            write_frame(frame, folder)
    for line in failures:
        print(line, file=sys.stderr)
    if "paper" in options.targets:
        packed(runner.finished(), options.outputs / "packs", at)
    return len(failures), unfinished


def words(options: argparse.Namespace) -> list[str]:
    """The overrides that options stand for, and those that were given."""
    found = [f"scale={options.scale}", f"data={options.data}"]
    found += [f"seed={options.seeds}"] if options.seeds else []
    found += [f"items={options.items}"] if options.items is not None else []
    found += [f"outputs={quoted(str(options.outputs))}"]
    return [*found, *ready(["-m", *options.overrides], options.config_dir)[1:]]


def packed(folders: Sequence[Path], to: Path, at: str) -> None:
    """Put the finished runs into archives, in the place of those of an earlier call."""
    to.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=to) as part:
        new = pack(folders, Path(part) / f"{at}.zip") if folders else []
        for old in to.glob(f"{at}*.zip"):
            if re.fullmatch(r"(-\d+)?", old.stem.removeprefix(at)):
                old.unlink()
        for path in new:
            print(path.rename(to / path.name))


def draw(piece: Piece, frames: Path, options: argparse.Namespace, at: str) -> str:
    """Draw a figure or make a table: `drawn`, or `failed` or `not due`, with the reason printed.

    Of pictures that may not be passed on no figure is due, unless it is asked for by name.
    """
    try:
        read = [read_frame(frames / name) for name in piece.reads]
        build(piece, read, options.outputs / piece.kind / at / piece.stem)
        return "drawn"
    except NotShownError as error:
        print(f"{piece.stem}: {error}", file=sys.stderr)
        return "failed" if piece.stem in options.targets else "not due"
    except Exception as error:
        made_by = f"make {piece.stem}{variables(options)}"
        print(f"{piece.stem}: {sentence(error)}; made by: {made_by}", file=sys.stderr)
        return "failed"


def show(outputs: Path, at: str, drawn: Sequence[Piece]) -> None:
    """Print the tables, and where everything lies."""
    for piece in drawn:
        path = outputs / piece.kind / at / f"{piece.stem}.txt"
        if piece.kind == "tables" and path.is_file():
            print(f"\n{path.read_text(encoding='utf-8')}")
    for piece in drawn:
        for path in sorted((outputs / piece.kind / at).glob(f"{piece.stem}.*")):
            print(path)


def variables(options: argparse.Namespace) -> str:
    """The variables of make that lead to these frames."""
    words = [f" SCALE={options.scale} DATA={options.data}"]
    words += [f"SEEDS={options.seeds}"] if options.seeds else []
    words += [f"ITEMS={options.items}"] if options.items is not None else []
    words += ["FAST=1"] if options.fast else []
    outputs = shlex.quote(str(options.outputs))
    words += [f"OUTPUTS={outputs}"] if outputs != "outputs" else []
    words += [f"WITH='{' '.join(options.overrides)}'"] if options.overrides else []
    return " ".join(words)


if __name__ == "__main__":
    with exit_on_error("paper"):
        sys.exit(main())
