"""Frames kept for comparison, and what of new ones lies outside their intervals."""

import math
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from PIL import Image

from ..checks import InputError
from ..runs.frame import Array, Frame, read_frame, word, write_frame
from ..statistics import Estimate, summarise
from .comparison import GROUPS
from .gains import per_item
from .looks import REFERENCE

#: Bytes that all references together may have, and a file of them.
LIMIT, FILE_LIMIT = 15_000_000, 1_000_000
#: A drawing has fewer colours than `PHOTOGRAPH`: in `COLOURS` it looks the same, at a third of the
#: bytes.
COLOURS, PHOTOGRAPH = 256, 20_000
#: Pixels of width that a photograph is kept in.
NARROW = 800
#: Of runs that a sweep value does not concern.
NO_VALUE = "–"


def keep(outputs: Path, at: str, to: Path) -> int:
    """Copy the frames, tables and figures of `at` (`laptop-real`) to a folder; return its bytes.

    Raises:
        InputError: if there is no frame, or `check_size` refuses what would then lie there and
            beside it; the folder stays as it was.
    """
    frames = sorted((outputs / "frames" / at).glob("*/runs.csv"))
    if not frames:
        raise InputError(f"{outputs / 'frames' / at}: no frames; expected those of `make paper`")
    to.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=to.parent) as scratch:
        part = Path(scratch) / to.name
        for path in frames:
            frame = read_frame(path.parent)
            arrays = {name: packed(values) for name, values in frame.arrays.items()}
            write_frame(replace(frame, arrays=arrays), part / "frames" / path.parent.name)
        pictures = sorted((outputs / "figures" / at).glob("*.png"))
        texts = sorted((outputs / "tables" / at).glob("*.md"))
        for path in texts:
            shutil.copyfile(path, part / path.name)
        for path in pictures:
            keep_picture(path, part / path.name)
        check_size(p for p in to.parent.rglob("*") if not p.is_relative_to(to))
        shutil.rmtree(to, ignore_errors=True)
        part.rename(to)
    return sum(path.stat().st_size for path in to.rglob("*") if path.is_file())


def check_size(paths: Iterable[Path]) -> None:
    """Raise an `InputError` for a file above `FILE_LIMIT`, or for more than `LIMIT` in all."""
    sizes = {path: path.stat().st_size for path in paths if path.is_file()}
    for path, size in sizes.items():
        if size > FILE_LIMIT:
            raise InputError(f"{path}: {size} bytes; expected at most {FILE_LIMIT}")
    if (total := sum(sizes.values())) > LIMIT:
        raise InputError(f"all references: {total} bytes; expected at most {LIMIT}")


def packed(values: Array) -> Array:
    """The file of a picture, (N,) uint8, as WebP without loss, at half the bytes of a PNG.

    An array that is none stays as it is.
    """
    if values.dtype != np.uint8 or values.ndim != 1:
        return values
    file = BytesIO()
    with Image.open(BytesIO(values.tobytes())) as image:
        image.save(file, "WEBP", lossless=True)
    return np.frombuffer(file.getvalue(), dtype=np.uint8)


def keep_picture(path: Path, to: Path) -> None:
    """Save a drawing again in `COLOURS` colours of its own, a photograph at most `NARROW` wide."""
    with Image.open(path) as image:
        kept = image.convert("RGB")
    if kept.getcolors(PHOTOGRAPH) is not None:
        kept = kept.quantize(COLOURS, dither=Image.Dither.NONE)
    else:
        kept.thumbnail((NARROW, NARROW * kept.height // kept.width + 1))
    kept.save(to, optimize=True)


@dataclass(frozen=True)
class Change:
    """A mean over items, or its difference to the reference method's, then and now."""

    what: str
    then: Estimate
    now: float

    @property
    def moved(self) -> bool:
        """True where it is outside the interval of then, or differs though all items agreed."""
        if self.then.n > 1 and self.then.std == 0:
            return not math.isclose(self.now, self.then.mean, rel_tol=1e-9, abs_tol=1e-12)
        return not math.isnan(self.then.low) and not self.then.low <= self.now <= self.then.high

    @property
    def sentence(self) -> str:
        """The two numbers, in words."""
        then, now = self.then, round(self.now, 9) + 0.0  # frames have nine digits; no -0
        return (
            f"{self.what}: {now:.4g}, was {then.mean:.4g} [{then.low:.4g}, {then.high:.4g}] "
            f"over {then.n} items"
        )


def changes(then: Frame, now: Frame) -> tuple[list[Change], list[str]]:
    """Every compared number of two frames, and what could not be compared, in words.

    Compared are the final metrics and effective ranks of every method and sweep value, as means
    over items with seeds averaged in each, and their differences to the default's.
    """
    found: list[Change] = []
    lacking: list[str] = []
    by = ["model", *swept(then)]
    if absent := [column for column in by if column not in now.runs]:
        return [], [f"{', '.join(absent)}: not in the new frame"]
    for metric in compared(then):
        try:
            before, after = (_groups(frame, metric, by) for frame in (then, now))
        except InputError as error:
            lacking.append(str(error))
            continue
        for group, a in before.items():
            what = f"{_told(group, by)}: {metric}"
            b = after.get(group)
            if b is None:
                lacking.append(f"{what}: not in the new frame")
                continue
            if set(a.index) != set(b.index):
                lacking.append(f"{what}: {len(b)} items, not the {len(a)} of the reference")
                continue
            found.append(Change(what, summarise(a), float(b.mean())))
            base = [_default(group, groups) for groups in (before, after)]
            if group[0] != REFERENCE and all(set(a.index) <= set(d.index) for d in base):
                gain, gain_now = (own - d[own.index] for own, d in zip((a, b), base, strict=True))
                what = f"{what} over {REFERENCE}"
                found.append(Change(what, summarise(gain), float(gain_now.mean())))
    return found, lacking


def _groups(frame: Frame, metric: str, by: list[str]) -> dict[tuple[str, ...], pd.Series]:
    """A metric per item of every method and sweep value, values as text."""
    text = {
        column: frame.runs[column].map(lambda v: NO_VALUE if pd.isna(v) else word(v))
        for column in by
    }
    told = replace(frame, runs=frame.runs.assign(**text))
    means = per_item(told, metric, by, complete=False)
    groups = [key if isinstance(key, tuple) else (key,) for key in means.index]
    return {group: row.dropna() for group, (_, row) in zip(groups, means.iterrows(), strict=True)}


def _told(group: tuple[str, ...], by: list[str]) -> str:
    """A method and its sweep values, as `bn, layers=[0]`."""
    values = zip(by[1:], group[1:], strict=True)
    names = [
        f"{column.removesuffix('._target_').rpartition('.')[2]}={value}"
        for column, value in values
        if value != NO_VALUE
    ]
    return ", ".join([group[0], *names])


def _default(group: tuple[str, ...], groups: Mapping[tuple[str, ...], pd.Series]) -> pd.Series:
    """The default's items at the same sweep values, or its only ones; none where it has several."""
    own = {key[1:]: items for key, items in groups.items() if key[0] == REFERENCE}
    only = next(iter(own.values())) if len(own) == 1 else pd.Series(dtype=float)
    return own.get(group[1:], only)


def swept(frame: Frame) -> list[str]:
    """The config values in which runs of one model differ."""
    leaves = [c for c in frame.runs if c.startswith(GROUPS)]
    return [
        column
        for column in leaves
        if frame.runs.groupby("model")[column].nunique(dropna=False).max() > 1
    ]


def compared(frame: Frame) -> list[str]:
    """The metrics that a comparison reads: plain ones, and effective ranks of diagnostics."""
    names = frame.steps["metric"].unique()
    return [name for name in names if "/" not in name or name.endswith("effective_rank")]


def compare(reference: Path, frames: Path) -> tuple[list[str], int]:
    """Lines that say how frames compare with those kept, and how many numbers moved.

    Raises:
        InputError: if nothing is kept.
    """
    kept = sorted(path.parent for path in (reference / "frames").glob("*/runs.csv"))
    if not kept:
        raise InputError(f"{reference}: no frames; `make reference` keeps those of a run")
    lines, moved = [], 0
    for folder in kept:
        if not (frames / folder.name).is_dir():
            lines.append(f"{folder.name}: not run")
            continue
        found, lacking = changes(read_frame(folder), read_frame(frames / folder.name))
        out = [change for change in found if change.moved]
        lines += [f"{folder.name}: {line}" for line in [*lacking, *(c.sentence for c in out)]]
        within = len(found) - len(out)
        lines.append(f"{folder.name}: {within} of {len(found)} numbers within their interval")
        moved += len(out)
    return lines, moved
