"""The report: one HTML file with verdicts, tables, figures, clips, and links to every run.

It is built from what lies under an outputs folder. What is not there yet stands in it as not run,
with the command that would run it.
"""

import ast
import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..runs import files
from ..runs.frame import read_frame
from .claims import Verdict, judge_all, make_variables
from .facts import Facts, gather

#: An inline figure above this many characters is shown as its PNG instead.
SVG_LIMIT = 1_500_000
MARKS = {
    "reproduced": "✓", "yes": "✓", "partly": "◐", "mixed": "◐", "not reproduced": "✗", "no": "✗",
    "undecided": "?", "not run": "–",
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A figure or table on the page.

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
    """Where the page takes from.

    Attributes:
        outputs: frames, tables, figures and runs lie under it.
        at: the folder of a scale and its data, `laptop-real`.
        scripts: of figures and tables; their docstrings are the captions.
        claims, readme: files.
        tables, figures: the stem of each and those of its frames.
    """

    outputs: Path
    at: str
    scripts: Path
    claims: Path
    readme: Path
    tables: Mapping[str, Sequence[str]]
    figures: Mapping[str, Sequence[str]]

    @property
    def choice(self) -> str:
        """The variables of make."""
        return make_variables(self.at)

    def frame(self, stem: str) -> pd.DataFrame | None:
        """The frame of an experiment, or None where there is none."""
        path = self.outputs / "frames" / self.at / f"{stem}.csv"
        return read_frame(path) if path.is_file() else None


def build(sources: Sources, out: Path) -> list[Verdict]:
    """Write the page and return the verdicts on it."""
    verdicts = judge_all(sources.claims, sources.outputs / "frames" / sources.at)
    experiments = {e for v in verdicts for e in (v.claim.experiment or "").split()}
    shown = chain(*sources.tables.values(), *sources.figures.values())
    stems = sorted({*shown, *experiments})
    facts = gather({s: f for s in stems if (f := sources.frame(s)) is not None}, out.parent)
    plan = sources.outputs / "tables" / sources.at / "plan.txt"
    page = _template().render(
        at=sources.at,
        choice=sources.choice,
        verdicts=verdicts,
        marks=MARKS,
        tables=[_table(sources, stem) for stem in sources.tables],
        figures=[_figure(sources, stem, facts) for stem in sources.figures],
        facts=facts,
        choices=_choices(sources.readme),
        plan=plan.read_text(encoding="utf-8") if plan.is_file() else None,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(out, page)
    return verdicts


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


def _table(sources: Sources, stem: str) -> Shown:
    path = sources.outputs / "tables" / sources.at / f"{stem}.md"
    command = f"make {stem} {sources.choice}"
    title = caption(sources.scripts / "tables" / f"{stem}.py")
    if not path.is_file():
        return Shown(stem, title, command, None)
    lines = path.read_text(encoding="utf-8").splitlines()
    note = " ".join(line for line in lines if line and not line.startswith("|"))
    return Shown(stem, f"{title} {note}", command, as_html([x for x in lines if x.startswith("|")]))


def _figure(sources: Sources, stem: str, facts: Facts) -> Shown:
    path = sources.outputs / "figures" / sources.at / f"{stem}.svg"
    command = f"make {stem} {sources.choice}"
    title = caption(sources.scripts / "figures" / f"{stem}.py")
    if not path.is_file():
        return Shown(stem, title, command, None)
    of = [e.sentence for s in sources.figures[stem] if (e := facts.experiments.get(s))]
    text = " ".join([title, *of])
    clip = path.with_suffix(".gif")
    return Shown(stem, text, command, picture(path), embedded(clip) if clip.is_file() else None)


def caption(script: Path) -> str:
    """What a script draws: its docstring without the words on how it is called."""
    if not script.is_file():
        return script.stem
    text = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or script.stem
    first, *rest = text.split("\n\n")
    first = re.sub(r":?\s*(`[^`]*FRAME[^`]* OUT`|FRAME OUT are the arguments)[^.]*\.", ".", first)
    return " ".join(" ".join([first, *rest]).split())


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


def _choices(readme: Path) -> list[Markup]:
    """The bullets of the README's section on choices and deviations."""
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    section = re.search(r"^## Choices[^\n]*\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    bullets = re.split(r"^- ", section[1], flags=re.MULTILINE)[1:] if section else []
    return [_code(" ".join(bullet.split())) for bullet in bullets]


def _code(text: str) -> Markup:
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts)
    )
