"""Statistics over images: the unit is the item, seeds are averaged within it first.

Treating every image × seed cell as independent makes intervals too narrow: seeds of one image share
the image.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
#: Above this many items the sign-flip distribution is sampled, not enumerated.
EXACT_UP_TO = 16


@dataclass(frozen=True)
class Mean:
    """A mean over items.

    Attributes:
        mean: mean of the items.
        std: standard deviation over items (n − 1); NaN for one.
        low, high: 95 % BCa bootstrap interval of the mean; NaN where it does not exist.
        n: items.
    """

    mean: float
    std: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Paired:
    """A paired difference over items: `difference` as `Mean`, and two p-values.

    Attributes:
        p_flip: exact two-sided sign-flip p; its least value is 2 / 2ⁿ.
        p_t: two-sided paired t.
    """

    difference: Mean
    p_flip: float
    p_t: float


def summarise(items: npt.ArrayLike, *, seed: int = 0) -> Mean:
    """Mean, spread and interval of one value per item.

    The interval is the bias-corrected and accelerated bootstrap's, 10,000 resamples; it exists for
    three items or more that are not all equal.

    Source: Efron 1987, through scipy.stats.bootstrap.
    """
    from scipy.stats import bootstrap

    x = np.asarray(items, dtype=np.float64)
    n = len(x)
    std = float(x.std(ddof=1)) if n > 1 else np.nan
    low = high = np.nan
    if n >= 3 and np.ptp(x) > 0:
        interval = bootstrap(
            (x,), np.mean, n_resamples=10_000, method="BCa", rng=np.random.default_rng(seed)
        ).confidence_interval
        low, high = float(interval.low), float(interval.high)
    return Mean(float(x.mean()), std, low, high, n)


def sign_flip_p(differences: npt.ArrayLike, *, seed: int = 0) -> float:
    """Two-sided p of the mean difference when every sign is as likely as its opposite.

    p = #{s ∈ {−1, 1}ⁿ : |mean(s·d)| ≥ |mean(d)|} / 2ⁿ, enumerated up to 16 items and from
    100,000 draws above, where the observed signs count as one of them.
    """
    d = np.asarray(differences, dtype=np.float64)
    observed = abs(d.mean()) - 1e-12 * np.abs(d).max(initial=0.0)
    if len(d) <= EXACT_UP_TO:
        signs = np.array(list(product((1.0, -1.0), repeat=len(d))))
        return float((np.abs(signs @ d / len(d)) >= observed).mean())
    signs = np.random.default_rng(seed).choice((1.0, -1.0), size=(100_000, len(d)))
    hits = (np.abs(signs @ d / len(d)) >= observed).sum()
    return float((hits + 1) / (len(signs) + 1))


def paired(a: npt.ArrayLike, b: npt.ArrayLike, *, seed: int = 0) -> Paired:
    """The difference a − b over items given in the same order."""
    from scipy.stats import ttest_1samp

    d = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    varies = len(d) > 1 and np.ptp(d) > 0
    p_t = float(ttest_1samp(d, 0.0).pvalue) if varies else np.nan
    return Paired(summarise(d, seed=seed), sign_flip_p(d, seed=seed), p_t)


def holm(p_values: Sequence[float]) -> list[float]:
    """Step-down adjusted p-values, in the order given.

    p̃_(i) = max_{j ≤ i} min(1, (m − j + 1) p_(j)).

    Source: Holm 1979.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1.0, p[order] * (len(p) - np.arange(len(p))))
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(steps)
    return [float(value) for value in adjusted]


def power_of_t(effect: float, n: int, *, alpha: float = 0.05) -> float:
    """How often a two-sided paired t-test of n items finds a difference of `effect` spreads.

    1 − F(c) + F(−c), c the (1 − α/2) quantile of t with n − 1 degrees of freedom, F the noncentral
    t with as many and noncentrality effect·√n; `effect` is Cohen's d_z = mean / std.

    Source: Cohen 1988.
    """
    from scipy.stats import nct, t

    c = t.ppf(1 - alpha / 2, n - 1)
    shift = abs(effect) * np.sqrt(n)
    # Where the far tail is too small for scipy it is NaN.
    far = np.nan_to_num(nct.cdf(-c, n - 1, shift))
    return float(nct.sf(c, n - 1, shift) + far)


def items_needed(effect: float, *, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """The least number of items with which `power_of_t` reaches `power`; None beyond 10,000."""
    return next((n for n in _counts() if power_of_t(effect, n, alpha=alpha) >= power), None)


def _counts() -> Iterator[int]:
    """2, 3, … 200, then in steps of one per cent up to 10,000."""
    n = 2
    while n <= 10_000:
        yield n
        n += max(1, n // 100 if n >= 200 else 1)
