"""The page with the verdicts, and the published reference that new frames are held against."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inr_experiments.paths import conf_dir
from inr_experiments.reporting.pieces import Piece

if TYPE_CHECKING:
    from inr_experiments.claims.verdict import Verdict
    from inr_experiments.reporting.tables import Table

CLAIMS = conf_dir() / "claims.yaml"
REFERENCE = Path(__file__).resolve().parents[1] / "outputs" / "reference"
#: Scales at which claims are decided, side by side on the page.
SCALES = ("laptop", "paper")


def report(
    outputs: Path, at: str, frames: Path, pieces: Sequence[Piece], *, scale: str, made_by: str
) -> None:
    """Write the page and the table of verdicts.

    Args:
        made_by: the variables of make that lead to these frames.
    """
    from inr_experiments.claims.verdict import judge_all
    from inr_experiments.reporting import tables
    from inr_experiments.reporting.page import Sources, write_page

    verdicts = judge_all(CLAIMS, frames, variables=made_by)
    scales = {}
    for other in dict.fromkeys([scale, *SCALES]):
        there = other + at.removeprefix(scale)
        kept = REFERENCE / there / "frames"
        here = frames if other == scale else frames.parent / there
        published = kept.is_dir() and not here.is_dir()
        scales[f"{other}, published" if published else other] = judge_all(
            CLAIMS, kept if published else here
        )
    sources = Sources(outputs, at, frames, made_by, conf_dir() / "PROTOCOL.md")
    page = write_page(sources, verdicts, pieces, scales)
    tables.write(table_of(verdicts), outputs / "tables" / at / "claims")
    for v in verdicts:
        print(f"{v.claim.name}  {v.verdict:<21}  {v.claim.text}")
    print(page)


def table_of(verdicts: Sequence["Verdict"]) -> "Table":
    """Every claim with its verdict and evidence."""
    from inr_experiments.reporting.tables import Table

    body = [
        [v.claim.name, v.verdict, v.claim.text, f"{v.sentence} {v.reported}".strip()]
        for v in verdicts
    ]
    note = "Thresholds and tests: conf/claims.yaml."
    return Table(("", "verdict", "claim or question", "evidence"), body, note)


def compare(frames: Path, at: str) -> int:
    """Print what moved beyond its interval since the reference; 1 where a number or verdict did."""
    from inr_experiments.claims.outcome import NOT_RUN
    from inr_experiments.claims.verdict import judge_all
    from inr_experiments.reporting import reference

    kept = REFERENCE / at
    lines, moved = reference.compare(kept, frames)
    then, now = (judge_all(CLAIMS, folder) for folder in (kept / "frames", frames))
    for a, b in zip(then, now, strict=True):
        told = f"{a.claim.name}: {b.verdict}, was {a.verdict}"
        if [e.outcome == NOT_RUN for e in a.evidence] != [e.outcome == NOT_RUN for e in b.evidence]:
            # Fewer or more tests of a claim are no change of what they say.
            lines += [f"{told}, by other tests"] if b.verdict not in (a.verdict, NOT_RUN) else []
        elif b.verdict != a.verdict:
            lines.append(f"{told}. {b.sentence}")
            moved += 1
    print("\n".join(lines))
    return 1 if moved else 0


def keep(outputs: Path, at: str) -> int:
    """Keep frames, tables and figures as the published reference."""
    from inr_experiments.reporting import reference

    to = REFERENCE / at
    print(f"{to}: {reference.keep(outputs, at, to) / 1e6:.1f} MB")
    return 0
