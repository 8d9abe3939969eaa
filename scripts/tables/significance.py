"""Images that a gain needs, given the measured spread.

Two-sided paired t-tests at 0.05, from the spread of REI's gain over the images of table1; the exact
sign flip has a least number of images of its own. How much of that spread is the seed's is from
several seeds of two pictures.
"""

import math

from scipy.stats import ttest_1samp

from inr_experiments.checks import InputError, counted
from inr_experiments.reporting import tables
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.looks import REI, label_of, published
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import items_needed, power_of_t, sign_flip_p, smallest_p, summarise

READS = ("table1", "seeds")

HEADER = ("gain, dB", "", "d_z", "images, power 80 %", "images, power 95 %", "power here")
#: Gains asked about besides the published and the measured one, in dB.
ROUND = (0.25, 0.5, 1.0)


def rows(table1: Frame, seeds: Frame) -> Table:
    relu, rei = label_of(table1), label_of(table1, REI)
    tables.check_complete(table1, "psnr")
    items = per_item(table1, "psnr")
    gains = items.loc[rei] - items.loc[relu]
    d = summarise(gains)
    if not d.std > 0:
        raise InputError(f"frame {table1.name}: expected gains of at least two images that differ")
    known = published("psnr")[rei] - published("psnr")[relu]
    asked = {**dict.fromkeys(ROUND, ""), known: "published", d.mean: "measured here"}
    body = [line(gain, asked[gain], d.std, d.n) for gain in sorted(asked)]
    least = next(n for n in range(1, 64) if smallest_p(n) <= 0.05)
    note = (
        f"Power of a two-sided paired t-test at 0.05 for REI's gain over default ReLU in psnr, by "
        f"noncentral t; spread of the gain over {d.n} images {d.std:.2f} dB "
        f"({counted(table1.runs['seed'].nunique(), 'seed')} averaged within each; scale "
        f"{table1.words('scale')}). The gain itself has p = "
        f"{ttest_1samp(gains, 0.0).pvalue:.2g} by that test and {sign_flip_p(gains):.2g} by the "
        f"exact sign flip, both of this row alone. With fewer than {least} images the sign flip "
        f"cannot reach 0.05, of one method as of all by max-T; here its smallest p is "
        f"{smallest_p(d.n):.2g}. {seeds_part(seeds, d.std)}"
    )
    return Table(HEADER, body, note)


def seeds_part(frame: Frame, over_images: float) -> str:
    """A sentence on the spread of REI's gain in dB over seeds, beside that over images.

    s² = mean over pictures of the variance (n − 1) over seeds of the paired gain.
    """
    cells = frame.runs[["label", "item", "seed"]].assign(psnr=frame.value("psnr"))
    values = cells.set_index(["label", "item", "seed"])["psnr"]
    gains = (values[label_of(frame, REI)] - values[label_of(frame)]).unstack("seed")
    pictures, seeds = gains.shape
    if seeds < 2:
        return "Of one seed a picture it is not known how much of it is the seed's."
    variance = gains.var(axis=1, ddof=1).mean()
    return (
        f"Over {seeds} seeds of a picture the gain has a spread of {math.sqrt(variance):.2f} dB "
        f"({pictures} pictures): its square is {100 * variance / over_images**2:.0f} % of the "
        "variance over images."
    )


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
