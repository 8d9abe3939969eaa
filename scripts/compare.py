"""What of a new run moved beyond its interval: `compare.py REFERENCE FRAMES`.

Exit code 1 where a number or a verdict moved.
"""

import sys
from pathlib import Path

from inr_experiments.checks import InputError
from inr_experiments.commands.door import door
from inr_experiments.paths import conf_dir
from inr_experiments.reporting.claims import judge_all
from inr_experiments.reporting.evidence import NOT_RUN
from inr_experiments.reporting.reference import changes
from inr_experiments.runs.frame import read_frame


def main(reference: str, frames: str) -> int:
    kept, new = Path(reference) / "frames", Path(frames)
    stems = [path.stem for path in sorted(kept.glob("*.csv"))]
    if not stems:
        raise InputError(f"{kept}: no frames; `make reference` keeps those of a run")
    moved = 0
    for stem in stems:
        if not (new / f"{stem}.csv").is_file():
            print(f"{stem}: not run")
            continue
        found, lacking = changes(*(read_frame(folder / f"{stem}.csv") for folder in (kept, new)))
        out = [change for change in found if change.moved]
        for line in [*lacking, *(change.sentence for change in out)]:
            print(f"{stem}: {line}")
        print(f"{stem}: {len(found) - len(out)} of {len(found)} numbers within their interval")
        moved += len(out)
    return 1 if moved + verdicts_moved(kept, new) else 0


def verdicts_moved(kept: Path, new: Path) -> int:
    """How many verdicts differ, of those whose experiment was run again."""
    then, now = (judge_all(conf_dir() / "claims.yaml", folder) for folder in (kept, new))
    count = 0
    for a, b in zip(then, now, strict=True):
        if b.verdict not in (a.verdict, NOT_RUN):
            print(f"{a.claim.name}: {b.verdict}, was {a.verdict}. {b.sentence}")
            count += 1
    return count


if __name__ == "__main__":
    with door("compare"):
        sys.exit(main(*sys.argv[1:]))
