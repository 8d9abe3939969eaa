"""The regime that a test was taken in: the default's level and gap, and what they forbid."""

import pandas as pd

from ..config import published
from ..statistics import Estimate, summarise
from .hypothesis import Hypothesis, name_of
from .samples import DEFAULT

#: dB from the published default, most likely of held-out pixels, beyond which levels are not
#: compared.
FAR = 3.0


def distance(level: pd.Series) -> str:
    """The default's held-out level beside the published one, in words."""
    d, known = summarise(level), published("psnr")[DEFAULT]
    side = "below" if d.mean < known else "above"
    return (
        f"the default at {d.mean:.2f} dB held out, {abs(d.mean - known):.2f} {side} the "
        f"published {known:g}"
    )


def foreign(level: pd.Series) -> str | None:
    """The reason why levels are not comparable; None where they are.

    They are not where the default's whole interval lies more than 3 dB from the published default.
    """
    d, known = summarise(level), published("psnr")[DEFAULT]
    if not (d.high < known - FAR or d.low > known + FAR):
        return None
    return (
        f"the default's interval [{d.low:.2f}, {d.high:.2f}] dB lies more than {FAR:g} dB from its "
        "published level"
    )


def gaps_in_words(hypothesis: Hypothesis, gaps: tuple[pd.Series, pd.Series]) -> str:
    """Fitted less held-out PSNR of both sides, in words."""
    told = [
        f"{name_of(term.of.split()[0])} {_with_interval(summarise(gap))}"
        for term, gap in zip(hypothesis.summands, gaps, strict=True)
    ]
    return f"fitted less held out: {', '.join(told)}"


def without_gap(hypothesis: Hypothesis, default: pd.Series) -> str | None:
    """The reason why a test of overfitting decides nothing; None where it may.

    Only where the default's gap is shown to be below the least one, by the upper end of its
    interval: what is left out by chance would choose the tests that count.
    """
    if hypothesis.gap is None or not summarise(default).high < hypothesis.gap:
        return None
    return f"the default's gap stays below {hypothesis.gap:g} dB, so that it cannot overfit there"


def _with_interval(d: Estimate) -> str:
    return f"{d.mean:+.2f} dB [{d.low:+.2f}, {d.high:+.2f}]"
