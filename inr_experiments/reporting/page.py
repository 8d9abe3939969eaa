"""The report: one HTML file with verdicts, figures, tables, clips, and links to every run.

It is built from what lies under an outputs folder. What is not there yet is told with the command
that makes it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .. import files
from ..checks import InputError
from ..claims.verdict import Verdict
from ..runs.frame import read_frame
from . import embed
from .pieces import Piece
from .summary import RunSummary, summarise_runs

#: Bytes of the page, and those of a figure or clip in it: the first that keep the page small.
LIMIT, PART_LIMITS = 5_000_000, (1_500_000, 150_000, 0)
#: The figures that tell the story, each with the question that it answers.
STORY = {
    "fig_inlet_spectra": "How fast does the spectrum of the inlet's output Z₀ fall?",
    "fig_spectrum_span": "Is it the spectrum of Z₀ that helps, or what it spans?",
    "fig_fitted_and_held_out": "How well are fitted pixels met, and those between them?",
    "fig_rank_against_psnr": "Does the rank order the methods?",
}
MARKS = {
    "reproduced": "✓", "yes": "✓", "partly": "◐", "mixed": "◐", "not reproduced": "✗", "no": "✗",
    "regime not comparable": "≠", "undecided": "?", "not run": "–",
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A piece on the page.

    Attributes:
        title: its heading.
        caption: what is drawn, and what is averaged over what.
        command: builds it.
        body: HTML of it; None where it was not built.
        clip: HTML of a clip that goes with it, or nothing.
    """

    stem: str
    title: str
    caption: str
    command: str
    body: Markup | None
    clip: Markup | None = None


@dataclass(frozen=True)
class Sources:
    """The sources of the page.

    Attributes:
        outputs: tables, figures and runs lie under it.
        at: the folder of a scale and its data, `laptop-real`.
        frames: one folder an experiment.
        variables: those of make that lead there, with a blank before them.
        protocol: conf/PROTOCOL.md, whose points are quoted.
    """

    outputs: Path
    at: str
    frames: Path
    variables: str
    protocol: Path

    @property
    def page(self) -> Path:
        """The file of the page."""
        return self.outputs / "report" / "index.html"


def write_page(
    sources: Sources,
    verdicts: Sequence[Verdict],
    pieces: Sequence[Piece],
    scales: Mapping[str, Sequence[Verdict]],
) -> Path:
    """Write the page of these verdicts and pieces; return its file.

    Args:
        scales: the verdicts that stand side by side, by scale, in one order.

    Raises:
        InputError: if the protocol cannot be quoted.
    """
    folders = sorted(sources.frames.glob("*/runs.csv"))
    frames = [read_frame(path.parent) for path in folders]
    summary = summarise_runs(frames, sources.outputs, sources.page.parent)
    tables = [_table(sources, piece) for piece in pieces if piece.kind == "tables"]
    drawn = {piece.stem: piece for piece in pieces if piece.kind == "figures"}
    protocol, text = _protocol(sources.protocol), ""
    for most in PART_LIMITS:
        figures = {stem: _figure(sources, p, summary, most) for stem, p in drawn.items()}
        text = _template().render(
            at=sources.at,
            choice=sources.variables.strip(),
            verdicts=verdicts,
            scales=scales,
            marks=MARKS,
            story=[figures.pop(stem) for stem in STORY],
            tables=tables,
            figures=list(figures.values()),
            facts=summary,
            protocol=protocol,
        )
        if len(text.encode()) <= LIMIT:
            break
    sources.page.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(sources.page, text)
    return sources.page


def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("inr_experiments.reporting", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _code
    return environment.get_template("page.html")


def _table(sources: Sources, piece: Piece) -> Shown:
    path = sources.outputs / "tables" / sources.at / f"{piece.stem}.md"
    command = f"make {piece.stem}{sources.variables}"
    if not path.is_file():
        return Shown(piece.stem, piece.stem, piece.caption, command, None)
    lines = path.read_text(encoding="utf-8").splitlines()
    note = " ".join(line for line in lines if line and not line.startswith("|"))
    body = as_html([line for line in lines if line.startswith("|")])
    return Shown(piece.stem, piece.stem, f"{piece.caption} {note}", command, body)


def _figure(sources: Sources, piece: Piece, summary: RunSummary, most: int) -> Shown:
    path = sources.outputs / "figures" / sources.at / f"{piece.stem}.svg"
    command = f"make {piece.stem}{sources.variables}"
    title = STORY.get(piece.stem, piece.stem)
    if not path.is_file():
        return Shown(piece.stem, title, piece.caption, command, None)
    of = [e.sentence for name in piece.reads if (e := summary.experiments.get(name))]
    told = piece.caption.split(". ")[0]
    gif = path.with_suffix(".gif")
    clip = embed.clip(gif, told, most, sources.page.parent) if gif.is_file() else None
    body = embed.figure(path, told, most)
    return Shown(piece.stem, title, " ".join([piece.caption, *of]), command, body, clip)


def as_html(rows: list[str]) -> Markup:
    """A Markdown table as HTML."""
    header, _, *body = map(_cells, rows)
    head = _row(header, Markup('<th scope="col">{}</th>'))
    lines = [head, *(_row(cells, Markup("<td>{}</td>")) for cells in body)]
    return Markup("<table>{}</table>").format(Markup("").join(lines))


def _cells(row: str) -> list[str]:
    """The cells of a line of a Markdown table, in which a bar may be escaped."""
    within = re.sub(r"^\||(?<!\\)\|$", "", row.strip())
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", within)]


def _row(cells: list[str], form: Markup) -> Markup:
    return Markup("<tr>{}</tr>").format(Markup("").join(form.format(cell) for cell in cells))


def _protocol(path: Path) -> dict[str, list[Markup]]:
    """The headings of the protocol, and the points below each."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    _, *pairs = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    points = {
        heading: [_code(" ".join(point.split())) for point in re.split(r"(?m)^- ", body)[1:]]
        for heading, body in zip(pairs[::2], pairs[1::2], strict=True)
    }
    if not any(points.values()):
        raise InputError(f"{path}: expected the protocol, points under headings, to quote it")
    return points


def _code(text: str) -> Markup:
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts)
    )
