"""The documents: generated tables, links, numbers a sentence, lengths.

A number is a word of digits: 1.43, 3e-4, [1.18, 1.64] (two), 4×256 and 256² (one each). Names with
digits (C1, 2D, fp32), code, links' targets, tables and headings are none.
"""

import re
from functools import cache
from pathlib import Path

import pytest

from inr_experiments.paths import conf_dir
from inr_experiments.reporting.options import filled, options

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "outputs/reference"
PROSE = [ROOT / "README.md", *sorted(ROOT.glob("conf/*.md")), *sorted(REFERENCE.rglob("README.md"))]
DOCUMENTS = sorted({*ROOT.glob("*.md"), *PROSE, *REFERENCE.rglob("*.md")})
MOST_NUMBERS = 4

LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]+)\)")
NUMBER = re.compile(r"\d[\d.,]*(e-?\d+)?([×/^][\d.]+)*[²³×]?")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def text_of(path: Path) -> str:
    """The document without its code blocks."""
    return re.sub(r"(?ms)^```.*?^```$", "", path.read_text(encoding="utf-8"))


def sentences(text: str) -> list[str]:
    """The sentences of paragraphs and list items."""
    lines = ["" if re.match(r"#|\s*[|>]|<!--|!\[", line) else line for line in text.splitlines()]
    blocks = re.split(r"\n\s*\n|\n(?=\s*[-*] )", "\n".join(lines))
    plain = (re.sub(r"`[^`]*`", "Code", LINK.sub(r"\1", " ".join(b.split()))) for b in blocks)
    return [s for block in plain for s in re.split(r"(?<=[.!?])\s+(?=\W*[A-ZΑ-Ω])", block) if s]


def numbers(sentence: str) -> list[str]:
    words = (word.strip(".,+−±-") for word in re.split(r"[^\w.,×/^+−±-]+", sentence))
    return [word for word in words if NUMBER.fullmatch(word)]


def anchors(path: Path) -> set[str]:
    """The places that a link may point to, as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_generated_tables_are_as_the_yamls_say():
    text = (conf_dir() / "README.md").read_text(encoding="utf-8")
    assert filled(text, conf_dir()) == text, "make them anew: python scripts/conf_tables.py"


def test_every_option_of_every_group_is_listed():
    text = (conf_dir() / "README.md").read_text(encoding="utf-8")
    for group, stems in options(conf_dir()).items():
        for stem in stems:
            said = (f"`{group}={stem}`", f"`inr -m {group}={stem}", f"| `{stem}`")
            assert any(words in text for words in said), f"{group}={stem}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_lead_somewhere(path):
    for _, target in LINK.findall(text_of(path)):
        if target.startswith("https://"):
            continue
        file, _, place = target.partition("#")
        found = path.parent / file if file else path
        assert found.exists(), target
        assert not place or place in anchors(found), target


@pytest.mark.parametrize("path", PROSE, ids=name)
def test_a_sentence_has_few_numbers(path):
    assert [s for s in sentences(text_of(path)) if len(numbers(s)) > MOST_NUMBERS] == []


@pytest.mark.parametrize(
    ("sentence", "count"),
    [
        ("The gain is +1.43 dB [+1.18, −1.64] at 4×256 and 256².", 5),
        ("C1 in 2D with fp32 at p = 3e-4, or 5–7 of 82k.", 3),
        ("Between 0.6 to 1.1 % on 2,000 pixels, 1/29 of N^1.8.", 4),
    ],
)
def test_what_counts_as_a_number(sentence, count):
    assert len(numbers(sentence)) == count


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_the_picture_of_the_structure_is_that_of_the_import_contract():
    contract = re.search(r"(?s)\nlayers = \[(.*?)\]", (ROOT / "pyproject.toml").read_text())
    floors = [set(line.split(" | ")) for line in re.findall(r'"(.+)"', contract[1])]
    text = (conf_dir() / "README.md").read_text(encoding="utf-8")
    picture = re.search(r"(?s)## Structure.*?```\n(.*?)```", text)[1]
    drawn = [set(re.findall(r"\b[a-z]+\b", line)) for line in picture.splitlines()]
    assert len(drawn) == len(floors)
    assert all(floor <= names for floor, names in zip(floors, drawn, strict=True))
