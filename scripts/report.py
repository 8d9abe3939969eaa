"""The report page and the table of verdicts: `report.py OUTPUTS AT --tables … --figures …`.

`AT` is a scale and its data, as in laptop-real; tables and figures are given as
STEM=FRAME, with a comma between several frames.
"""

import argparse
from pathlib import Path

from inr_experiments.commands.door import door
from inr_experiments.paths import conf_dir
from inr_experiments.reporting import tables
from inr_experiments.reporting.claims import Verdict
from inr_experiments.reporting.page import Sources, build

ROOT = Path(__file__).resolve().parents[1]
HEADER = ("", "verdict", "claim or question", "evidence")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outputs", type=Path)
    parser.add_argument("at")
    parser.add_argument("--tables", nargs="*", default=[], metavar="STEM=FRAME[,FRAME]")
    parser.add_argument("--figures", nargs="*", default=[], metavar="STEM=FRAME[,FRAME]")
    options = parser.parse_args()
    sources = Sources(
        options.outputs,
        options.at,
        ROOT / "scripts",
        conf_dir() / "claims.yaml",
        ROOT / "README.md",
        frames_by_stem(options.tables),
        frames_by_stem(options.figures),
    )
    out = options.outputs / "report" / "index.html"
    with door("report"):
        verdicts = build(sources, out)
        write_verdicts(verdicts, options.outputs / "tables" / options.at / "claims.txt")
    for v in verdicts:
        print(f"{v.claim.name}  {v.verdict:<14}  {v.claim.text}")
    print(out)


def frames_by_stem(pairs: list[str]) -> dict[str, tuple[str, ...]]:
    split = (pair.split("=", 1) for pair in pairs)
    return {stem: tuple(frames.split(",")) for stem, frames in split}


def write_verdicts(verdicts: list[Verdict], out: Path) -> None:
    body = [[v.claim.name, v.verdict, v.claim.text, v.sentence] for v in verdicts]
    tables.write(out, HEADER, body, "Thresholds and tests: conf/claims.yaml.")


if __name__ == "__main__":
    main()
