"""Tables of methods: means over items, paired differences, and what they are worth."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..checks import InputError
from ..statistics import Mean, Paired, holm, paired, summarise
from .labels import in_order, method


@dataclass(frozen=True)
class Row:
    """One method.

    Attributes:
        model: its name.
        mean: over items, seeds averaged first.
        against: paired difference to the reference; None for the reference itself.
        p: Holm-adjusted sign-flip p over the rows of the table.
        seed_std: standard deviation over seeds within an item, averaged over items; NaN for one
            seed.
    """

    model: str
    mean: Mean
    against: Paired | None
    p: float
    seed_std: float


def last_values(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A metric at the last step: one row a model, item and seed.

    Raises:
        InputError: if a model lacks an item or seed that another has, or the runs were not all
            made in the same precision.
    """
    chosen = frame[(frame["metric"] == metric) & frame["last"]]
    if chosen.empty:
        raise InputError(f"{metric}: not in the frame")
    counts = chosen.groupby("model").apply(
        lambda g: frozenset(zip(g["item"], g["seed"], strict=True))
    )
    if counts.nunique() > 1:
        raise InputError(
            f"{metric}: the models of the frame were not fitted to the same items and seeds"
        )
    bits = frame[frame["metric"] == "significand_bits"].groupby("model")["value"].unique()
    if bits.explode().nunique() > 1:
        each = ", ".join(f"{model} {sorted(map(int, found))}" for model, found in bits.items())
        raise InputError(
            f"{metric}: the frame mixes precisions (bits of the significand: {each}); expected "
            "one, 24 for fit.precision=fp32, 8 for bf16"
        )
    return chosen


def rows(frame: pd.DataFrame, metric: str, *, reference: str) -> list[Row]:
    """The table of a metric, every method against `reference`."""
    values = last_values(frame, metric)
    per_item = values.groupby(["model", "item"])["value"].mean().unstack("item")
    spread = values.groupby(["model", "item"])["value"].std(ddof=1).groupby("model").mean()
    names = in_order(set(per_item.index))
    against = {
        name: paired(per_item.loc[name], per_item.loc[reference])
        for name in names
        if name != reference and reference in per_item.index
    }
    adjusted = dict(zip(against, holm([d.p_flip for d in against.values()]), strict=True))
    return [
        Row(
            name,
            summarise(per_item.loc[name]),
            against.get(name),
            adjusted.get(name, math.nan),
            float(spread[name]),
        )
        for name in names
    ]


HEADER = ("method", "mean ± std", "95 % interval", "against ReLU", "95 % interval", "p (Holm)",
          "seed std", "published")  # fmt: skip


def cells(row: Row, *, published: Callable[[str], float | None], digits: int = 2) -> list[str]:
    """A row as text, in the order of `HEADER`."""

    def number(value: float | None, sign: str = "") -> str:
        missing = value is None or math.isnan(value)
        return "–" if missing else f"{value:{sign}.{digits}f}"

    def interval(mean: Mean, sign: str = "") -> str:
        if math.isnan(mean.low):
            return "–"
        return f"[{number(mean.low, sign)}, {number(mean.high, sign)}]"

    difference = row.against.difference if row.against else None
    return [
        method(row.model).label,
        f"{number(row.mean.mean)} ± {number(row.mean.std)}",
        interval(row.mean),
        number(difference.mean, "+") if difference else "–",
        interval(difference, "+") if difference else "–",
        "–" if math.isnan(row.p) else f"{row.p:.2g}",
        number(row.seed_std),
        number(published(row.model)),
    ]


def caption(frame: pd.DataFrame, metric: str, unit: str) -> str:
    """What the table averages over what, in one sentence."""
    values = last_values(frame, metric)
    items, seeds = values["item"].nunique(), values["seed"].nunique()
    scale, task = (", ".join(sorted(values[name].unique())) for name in ("scale", "task"))
    return (
        f"{metric} ({unit}) at the last step; mean over {items} item(s) of task {task}, "
        f"{seeds} seed(s) averaged within each; scale {scale}. Intervals: BCa over items. "
        f"p: exact sign flip over items, Holm over the rows; with {items} items the smallest "
        f"attainable is {smallest_p(items, values['model'].nunique() - 1):.2g}."
    )


def smallest_p(items: int, comparisons: int) -> float:
    """The least Holm-adjusted sign-flip p that so many items can give: min(1, m · 2 / 2ⁿ)."""
    return min(1.0, max(comparisons, 1) * 2.0 / 2.0**items)


def as_text(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Aligned columns for a terminal."""
    widths = [max(map(len, column)) for column in zip(header, *body, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (header, ["-" * width for width in widths], *body)
    )


def as_markdown(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def as_latex(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A LaTeX tabular for booktabs."""

    def line(row: Sequence[str]) -> str:
        text = " & ".join(row) + r" \\"
        for plain, tex in {"%": r"\%", "±": r"$\pm$", "–": "--", "_": r"\_"}.items():
            text = text.replace(plain, tex)
        return text

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


def write(out: Path, header: Sequence[str], body: Sequence[Sequence[str]], note: str) -> None:
    """Write the table beside `out` as .txt, .md and .tex."""
    out.parent.mkdir(parents=True, exist_ok=True)
    text = f"{as_text(header, body)}\n\n{note}\n"
    out.with_suffix(".txt").write_text(text, encoding="utf-8")
    out.with_suffix(".md").write_text(f"{as_markdown(header, body)}\n\n{note}\n", encoding="utf-8")
    tex_note = "% " + note.replace("\n", "\n% ")
    out.with_suffix(".tex").write_text(f"{tex_note}\n{as_latex(header, body)}\n", encoding="utf-8")
