"""Tables of methods: means over items, paired differences, and what they are worth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import files
from ..checks import InputError, counted
from ..runs.frame import Frame
from ..statistics import smallest_p
from .gains import Row, paired_rows, signed
from .looks import REFERENCE, label_of

#: What LaTeX has for the characters of cells that it would misread, or has no glyph for.
LATEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "%_&#${}"},
        **{character: f"${character}$" for character in "<>|"},
        **{
            "\\": r"\textbackslash{}",
            "~": r"\textasciitilde{}",
            "^": r"\textasciicircum{}",
            '"': "''",
        },
        **{"–": "--", "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "·": r"$\cdot$"},
        **{"≈": r"$\approx$", "≤": r"$\le$", "≥": r"$\ge$", "→": r"$\to$", "√": r"$\surd$"},
        **{"α": r"$\alpha$", "ε": r"$\varepsilon$", "ρ": r"$\rho$", "σ": r"$\sigma$"},
        **{"ω": r"$\omega$", "½": r"$\frac12$", "⁻": "$^-$"},
        **{digit: f"$_{n}$" for n, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")},
        **{digit: f"$^{n}$" for n, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    }
)


@dataclass(frozen=True)
class Table:
    """A table as a script of scripts/tables gives it: cells as text, and a note below them."""

    header: Sequence[str]
    body: Sequence[Sequence[str]]
    note: str


def rows(
    frame: Frame, metric: str, *, factor: float = 1.0, reference: str = REFERENCE
) -> dict[str, Row]:
    """The rows of a metric at the last step by name, every method against the reference.

    Below them is what needs no network, where all items have it.

    Args:
        factor: from the frame's numbers to those of the table.
        reference: a model's name.

    Raises:
        InputError: if a method lacks an item or seed that another has, or runs differ in precision.
    """
    check_complete(frame, metric)
    first = label_of(frame, reference)
    return {row.name: row for row in paired_rows(frame, metric, first, factor=factor)}


def check_complete(frame: Frame, metric: str) -> None:
    """Raise an `InputError` unless all methods have the same items and seeds, in one precision.

    A value that is no finite number, as the PSNR of a perfect fit, is one that lacks.
    """
    values = frame.value(metric)
    runs = frame.runs.loc[values.index[np.isfinite(values)]]
    cells = {
        label: {*zip(own["item"], own["seed"], strict=True)}
        for label, own in runs.groupby("label", sort=False)
    }
    everything = set.union(*cells.values())
    for label, own in cells.items():
        if lacking := everything - own:
            item, seed = sorted(lacking)[0]
            raise InputError(
                f"frame {frame.name}: {label} lacks {metric} of {item}, seed {seed}; expected the "
                "same items and seeds of every method"
            )
    if runs["precision"].nunique() > 1:
        each = runs.groupby("label", sort=False)["precision"].unique()
        told = ", ".join(f"{label} {' and '.join(own)}" for label, own in each.items())
        raise InputError(f"frame {frame.name}: mixes precisions ({told}); expected one")


def header(measure: str) -> list[str]:
    """The names of the columns of `cells`."""
    return [f"{measure} ± std", "against ReLU, 95 %", "p (max-T)", "seed std"]


def cells(row: Row | None) -> list[str]:
    """A row as text, in the order of `header`; dashes where there is none."""
    if row is None:
        return ["–"] * len(header(""))
    return [
        f"{number(row.mean.mean)} ± {number(row.mean.std)}",
        signed(row.against) if row.against else "–",
        "–" if math.isnan(row.p) else f"{row.p:.2g}",
        number(row.seed_std),
    ]


def number(value: float | None) -> str:
    """Two decimals, or a dash."""
    return "–" if value is None or math.isnan(value) else f"{value:.2f}"


def caption(frame: Frame, metric: str, unit: str) -> str:
    """A few sentences on what the table averages over what."""
    count = frame.runs["item"].nunique()
    items, seeds = counted(count, "item"), counted(frame.runs["seed"].nunique(), "seed")
    return (
        f"{metric} ({unit}) at the last step; mean over {items} of task {frame.words('task')}, "
        f"{seeds} averaged within each; "
        f"scale {frame.words('scale')}, {frame.words('precision')}. Intervals: Student's t "
        f"over items. p: sign flips over items, step-down max-T over the rows; with {items} "
        f"the smallest attainable is {smallest_p(count):.2g}."
    )


def as_text(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Aligned columns for a terminal."""
    widths = [max(map(len, column)) for column in zip(header, *body, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (header, ["-" * width for width in widths], *body)
    )


def as_markdown(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar within a cell is escaped."""
    lines = [header, ["---"] * len(header), *body]
    escaped = ([cell.replace("|", r"\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def as_latex(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A LaTeX tabular for booktabs."""

    def line(row: Sequence[str]) -> str:
        return " & ".join(cell.translate(LATEX) for cell in row) + r" \\"

    return "\n".join(
        [
            rf"\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}",
            r"\toprule",
            line(header),
            r"\midrule",
            *map(line, body),
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def write(table: Table, out: Path) -> list[Path]:
    """Write the table beside `out` as .txt, .md and .tex; return the files."""
    header, body, note = table.header, table.body, table.note
    tex_note = "% " + note.replace("\n", "\n% ")
    texts = {
        ".txt": f"{as_text(header, body)}\n\n{note}\n",
        ".md": f"{as_markdown(header, body)}\n\n{note}\n",
        ".tex": f"{tex_note}\n{as_latex(header, body)}\n",
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    for suffix, text in texts.items():
        files.write_text(out.with_suffix(suffix), text)
    return [out.with_suffix(suffix) for suffix in texts]
