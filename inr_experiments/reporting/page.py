"""The report: one HTML file with verdicts, tables, figures, clips, and links to every run.

It is built from what lies under an outputs folder. What is not there yet stands in it as not run,
with the command that would run it.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..checks import InputError
from ..claims.verdict import Verdict
from ..runs import files
from ..runs.frame import read_frame
from .pieces import Piece
from .summary import RunSummary, summarise_runs

#: An inline figure above this many characters is shown as its PNG instead.
SVG_LIMIT = 1_500_000
MARKS = {
    "reproduced": "✓", "yes": "✓", "partly": "◐", "mixed": "◐", "not reproduced": "✗", "no": "✗",
    "regime not comparable": "≠", "undecided": "?", "not run": "–",
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A piece on the page.

    Attributes:
        caption: what is drawn, and what is averaged over what.
        command: builds it.
        body: HTML of it; None where it was not built.
        clip: HTML of a clip that goes with it, or nothing.
    """

    stem: str
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


def write_page(sources: Sources, verdicts: Sequence[Verdict], pieces: Sequence[Piece]) -> Path:
    """Write the page of these verdicts and pieces; return its file.

    Raises:
        InputError: if the protocol cannot be quoted.
    """
    out = sources.outputs / "report" / "index.html"
    folders = sorted(sources.frames.glob("*/runs.csv"))
    summary = summarise_runs(
        [read_frame(path.parent) for path in folders], sources.outputs, out.parent
    )
    page = _template().render(
        at=sources.at,
        choice=sources.variables.strip(),
        verdicts=verdicts,
        marks=MARKS,
        tables=[_table(sources, piece) for piece in pieces if piece.kind == "tables"],
        figures=[_figure(sources, piece, summary) for piece in pieces if piece.kind == "figures"],
        facts=summary,
        protocol=_protocol(sources.protocol),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(out, page)
    return out


def _template() -> Any:
    # Jinja comes with torch.
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
        return Shown(piece.stem, piece.caption, command, None)
    lines = path.read_text(encoding="utf-8").splitlines()
    note = " ".join(line for line in lines if line and not line.startswith("|"))
    body = as_html([line for line in lines if line.startswith("|")])
    return Shown(piece.stem, f"{piece.caption} {note}", command, body)


def _figure(sources: Sources, piece: Piece, summary: RunSummary) -> Shown:
    path = sources.outputs / "figures" / sources.at / f"{piece.stem}.svg"
    command = f"make {piece.stem}{sources.variables}"
    if not path.is_file():
        return Shown(piece.stem, piece.caption, command, None)
    of = [e.sentence for name in piece.reads if (e := summary.experiments.get(name))]
    clip = path.with_suffix(".gif")
    shown = embedded(clip) if clip.is_file() else None
    return Shown(piece.stem, " ".join([piece.caption, *of]), command, picture(path), shown)


def picture(svg: Path) -> Markup:
    """A figure as inline SVG, or as its PNG where that is too large."""
    text = svg.read_text(encoding="utf-8")
    if len(text) > SVG_LIMIT:
        return embedded(svg.with_suffix(".png"))
    text = text[text.index("<svg") :]
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1, flags=re.DOTALL)
    # One page holds many figures, whose names for their parts are the same.
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\1{svg.stem}-", text)
    return Markup(text)


def embedded(image: Path) -> Markup:
    """An image file as part of the page."""
    kind = image.suffix.removeprefix(".")
    data = base64.b64encode(image.read_bytes()).decode()
    return Markup('<img alt="{}" src="data:image/{};base64,{}">').format(image.stem, kind, data)


def as_html(rows: list[str]) -> Markup:
    """A Markdown table as HTML."""
    header, _, *body = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    lines = [_row("th", header), *(_row("td", cells) for cells in body)]
    return Markup("<table>{}</table>").format(Markup("").join(lines))


def _row(tag: str, cells: list[str]) -> Markup:
    inner = Markup("").join(Markup(f"<{tag}>{{}}</{tag}>").format(cell) for cell in cells)
    return Markup("<tr>{}</tr>").format(inner)


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
