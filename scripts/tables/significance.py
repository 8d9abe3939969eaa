"""How many images a gain needs, given the measured spread: `significance.py FRAME SEEDS OUT`.

Two-sided paired t-tests at 0.05, from the spread of REI's gain over the images of table1; the exact
sign flip has a least number of images of its own. How much of that spread is the seed's is from
several seeds of two pictures.
"""

import math
import sys
from pathlib import Path

import pandas as pd

from inr_experiments.checks import InputError
from inr_experiments.commands.door import door
from inr_experiments.reporting import tables
from inr_experiments.reporting.labels import METHODS
from inr_experiments.runs.frame import read_frame
from inr_experiments.statistics import items_needed, power_of_t

HEADER = ("gain, dB", "", "d_z", "images, power 80 %", "images, power 95 %", "power here")
#: Gains asked about besides the published and the measured one, in dB.
ROUND = (0.25, 0.5, 1.0)


def main(frame_path: str, seeds_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    seeds = read_frame(Path(seeds_path))
    rows = {row.model: row for row in tables.rows(frame, "psnr", reference="relu")}
    if "rank_expanding" not in rows or rows["rank_expanding"].against is None:
        raise InputError(f"{frame_path}: expected fits of relu and rank_expanding")
    against = rows["rank_expanding"].against
    d = against.difference
    if not d.std > 0:
        raise InputError(f"{frame_path}: expected gains of at least two images that differ")
    gains = {**dict.fromkeys(ROUND, ""), published_gain(): "published", d.mean: "measured here"}
    body = [line(gain, gains[gain], d.std, d.n) for gain in sorted(gains)]
    comparisons = len(rows) - 1
    flips = next(n for n in range(1, 64) if tables.smallest_p(n, 1) <= 0.05)
    corrected = next(n for n in range(1, 64) if tables.smallest_p(n, comparisons) <= 0.05)
    tables.write(Path(out), HEADER, body, (
        f"Power of a two-sided paired t-test at 0.05 for REI's gain over default ReLU in psnr, by "
        f"noncentral t; spread of the gain over {d.n} images {d.std:.2f} dB "
        f"({frame['seed'].nunique()} seed(s) averaged within each; scale "
        f"{', '.join(sorted(frame['scale'].unique()))}). The gain itself has p = "
        f"{against.p_t:.2g} by that test and {against.p_flip:.2g} by the exact sign flip, both of "
        f"this row alone. The sign flip cannot reach 0.05 "
        f"with fewer than {flips} images, nor with fewer than {corrected} after Holm's correction "
        f"for {comparisons} methods; here its smallest p is "
        f"{tables.smallest_p(d.n, comparisons):.2g}. {seeds_part(seeds, d.std)}"
    ))  # fmt: skip


def seeds_part(frame: pd.DataFrame, over_images: float) -> str:
    """How much of the spread in dB of REI's gain over images is there over seeds of one picture.

    s² = mean over pictures of the variance (n − 1) over seeds of the paired gain.
    """
    values = tables.last_values(frame, "psnr").set_index(["model", "item", "seed"])["value"]
    gains = (values["rank_expanding"] - values["relu"]).unstack("seed")
    pictures, seeds = gains.shape
    if seeds < 2:
        return "Of one seed a picture it is not known how much of it is the seed's."
    variance = gains.var(axis=1, ddof=1).mean()
    return (
        f"Over {seeds} seeds of a picture the gain has a spread of {math.sqrt(variance):.2f} dB "
        f"({pictures} pictures): its square is {100 * variance / over_images**2:.0f} % of the "
        "variance over images."
    )


def published_gain() -> float:
    """REI's over default ReLU, in dB."""
    rei, relu = (METHODS[name].published_psnr for name in ("rank_expanding", "relu"))
    assert rei is not None and relu is not None
    return rei - relu


def line(gain: float, name: str, spread: float, n: int) -> list[str]:
    """A row: what it takes to find a gain."""
    effect = gain / spread

    def needed(power: float) -> str:
        count = items_needed(effect, power=power)
        return "> 10,000" if count is None else str(count)

    return [
        f"{gain:+.2f}", name, f"{effect:.2f}", needed(0.8), needed(0.95),
        f"{100 * power_of_t(effect, n):.0f} %",
    ]  # fmt: skip


if __name__ == "__main__":
    with door("significance"):
        main(*sys.argv[1:])
