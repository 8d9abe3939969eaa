"""Keep a run's results as a reference: `reference.py OUTPUTS AT FOLDER`.

Frames without their middle steps, tables, verdicts, figures and provenance. Pictures of DIV2K may
not be redistributed: of real data, figures that show pictures stay where they are. Frames of the
reference may lie among the new ones: where their runs are not on this disk, their provenance stays.
"""

import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from inr_experiments.checks import InputError
from inr_experiments.commands.door import door
from inr_experiments.reporting.facts import Facts, gather
from inr_experiments.reporting.reference import compact
from inr_experiments.runs.files import write_json
from inr_experiments.runs.frame import read_frame, write_frame

#: Figures that show the pictures that were fitted.
PICTURED = ("fig_reconstruction", "fig_gallery", "gallery", "training_clip")
LIMIT = 10_000_000  # bytes
#: A picture of more bytes than this is kept narrower.
LARGE, NARROW = 800_000, 1000


def main(outputs: str, at: str, folder: str) -> None:
    to, base = Path(folder), Path(outputs)
    frames = {path.stem: read_frame(path) for path in sorted((base / "frames" / at).glob("*.csv"))}
    if not frames:
        raise InputError(f"{base / 'frames' / at}: no frames; run `make paper` first")
    for stem, frame in frames.items():
        write_frame(compact(frame), to / "frames" / f"{stem}.csv")
    write_json(to / "provenance.json", sittings(gather(frames, to), to / "provenance.json"))
    shown = at.split("-")[1] != "real"  # whatever stands behind: seeds, precision
    pictures = [
        path
        for path in sorted((base / "figures" / at).glob("*.png"))
        if shown or path.stem not in PICTURED
    ]
    texts = [p for p in sorted((base / "tables" / at).iterdir()) if p.suffix in (".md", ".txt")]
    for path in [*pictures, *texts]:
        shutil.copyfile(path, to / path.name)
        if path in pictures and path.stat().st_size > LARGE:
            narrow(to / path.name)
    size = sum(path.stat().st_size for path in to.rglob("*") if path.is_file())
    if size > LIMIT:
        raise InputError(f"{to}: {size} bytes; expected at most {LIMIT}")
    print(f"{to}: {size / 1e6:.1f} MB")


def sittings(facts: Facts, path: Path) -> list[dict[str, Any]]:
    """Of those told at `path`, what was not run again since, and this one."""
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    told = {stem for sitting in before for stem in sitting["experiments"]}
    new = {
        stem: dataclasses.asdict(experiment)
        for stem, experiment in facts.experiments.items()
        if facts.runs[stem] or stem not in told
    }
    said = {name: getattr(facts, name) for name in ("period", "machines", "code", "versions")}
    kept = []
    for sitting in before:
        left = {stem: e for stem, e in sitting["experiments"].items() if stem not in new}
        kept += [{**sitting, "experiments": left}] if left else []
    return [*kept, *([{**said, "experiments": new}] if new else [])]


def narrow(path: Path) -> None:
    """Scale a picture down to `NARROW` pixels of width, in place."""
    with Image.open(path) as image:
        smaller = image.convert("RGB")
    smaller.thumbnail((NARROW, NARROW * smaller.height // smaller.width + 1))
    smaller.save(path, optimize=True)


if __name__ == "__main__":
    with door("reference"):
        main(*sys.argv[1:])
