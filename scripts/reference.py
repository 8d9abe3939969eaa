"""Keep a run's results as a reference: `reference.py OUTPUTS AT FOLDER`.

Frames without their middle steps, tables, verdicts, figures and provenance. Pictures of DIV2K may
not be redistributed: of real data, figures that show pictures stay where they are.
"""

import dataclasses
import shutil
import sys
from pathlib import Path

from PIL import Image

from inr_experiments.checks import InputError
from inr_experiments.commands.door import door
from inr_experiments.reporting.facts import gather
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
    facts = gather(frames, to)
    said = {name: getattr(facts, name) for name in ("machines", "code", "versions", "period")}
    experiments = {stem: dataclasses.asdict(e) for stem, e in facts.experiments.items()}
    write_json(to / "provenance.json", {**said, "experiments": experiments})
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


def narrow(path: Path) -> None:
    """Scale a picture down to `NARROW` pixels of width, in place."""
    with Image.open(path) as image:
        smaller = image.convert("RGB")
    smaller.thumbnail((NARROW, NARROW * smaller.height // smaller.width + 1))
    smaller.save(path, optimize=True)


if __name__ == "__main__":
    with door("reference"):
        main(*sys.argv[1:])
