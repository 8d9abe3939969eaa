"""Statistics over images: the unit is the item, seeds are averaged within it first.

Treating every image × seed cell as independent makes intervals too narrow: seeds of one image share
the image. A correlation over methods has these as its units.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
#: Above this many items the sign-flip distribution is sampled, not enumerated.
EXACT_UP_TO = 16
#: Of signs, above so many items.
DRAWS = 20_000
#: Rows of signs held at once, which bounds the memory.
_BLOCK = 4096
#: Sums of the same items in another order differ by rounding; so close to each other they tie.
_TIE = 1e-12


@dataclass(frozen=True)
class Estimate:
    """A mean over items with its 95 % Student's t interval.

    mean ± t(0.975, n − 1) · std / √n. A simulation of 2,000,000 means each found the true mean
    inside this often, in per cent; coverage of skewed items is reported, not promised:

        items                  n = 8   n = 16
        normal                  95.0     95.0
        uniform                 94.4     94.8
        Laplace                 96.0     95.5
        lognormal, σ = 1        83.1     85.8

    Source: Student 1908.

    Attributes:
        mean: mean of the items.
        std: standard deviation over items (n − 1); NaN for one.
        low, high: the interval; NaN for one item and for two equal ones. Three equal items or more
            make an interval of that one number.
        n: items.
    """

    mean: float
    std: float
    low: float
    high: float
    n: int


def summarise(items: npt.ArrayLike) -> Estimate:
    """Mean, spread and interval of one value per item."""
    from scipy.stats import t

    x = np.asarray(items, dtype=np.float64)
    n = len(x)
    if n == 0:
        return Estimate(np.nan, np.nan, np.nan, np.nan, 0)
    if n == 1:
        return Estimate(float(x[0]), np.nan, np.nan, np.nan, 1)
    if np.ptp(x) == 0:
        # Taken from the item itself: rounding gives equal items a spread.
        bound = float(x[0]) if n >= 3 else np.nan
        return Estimate(float(x[0]), 0.0, bound, bound, n)
    mean, std = float(x.mean()), float(x.std(ddof=1))
    low, high = t.interval(0.95, n - 1, mean, std / np.sqrt(n))
    return Estimate(mean, std, float(low), float(high), n)


def of_rho(values: npt.ArrayLike) -> Estimate:
    """The mean of correlations, it and its interval cut to [-1, 1], where every ρ lies."""
    rho = summarise(values)
    # NaN stays NaN.
    mean, low, high = np.clip([rho.mean, rho.low, rho.high], -1.0, 1.0)
    return replace(rho, mean=float(mean), low=float(low), high=float(high))


def sign_flip_p(differences: npt.ArrayLike) -> float:
    """Two-sided p of the mean difference when every sign is as likely as its opposite.

    p = #{s ∈ {−1, 1}ⁿ : |mean(s·d)| ≥ |mean(d)|} / 2ⁿ, enumerated up to 16 items and from
    20,000 draws above, where the observed signs count as one more. NaN where a difference is not
    finite.

    Source: Fisher 1935.
    """
    # scipy's permutation_test takes 0.2 s for 16 items, and its tolerance is relative to the
    # observed mean: where decimals cancel to a mean of 0 it misses ties and finds p < 1.
    d = np.asarray(differences, dtype=np.float64)
    if not np.isfinite(d).all():
        return np.nan
    least = abs(d.sum()) - _TIE * np.abs(d).sum()
    hits = count = 0
    for signs in _flips(len(d)):
        hits += int((np.abs(signs @ d) >= least).sum())
        count += len(signs)
    return hits / count


def smallest_p(n: int) -> float:
    """The least two-sided sign-flip p of n items, of one test as of a family by `max_t`.

    min(1, 2 / 2ⁿ), and above 16 items that of 20,000 draws.
    """
    return max(min(1.0, 2.0 / 2.0**n), 1.0 / (DRAWS + 1) if n > EXACT_UP_TO else 0.0)


def max_t(differences: npt.ArrayLike) -> list[float]:
    """Two-sided p-values of a family of paired tests over the same items, adjusted step by step.

    |t_j| = |mean(d_j)| / (std(d_j) / √n_j), tests in falling order of it:
    p_(k) = max_{l ≤ k} P_s(max_{j ≥ l} |t_(j)(s·d)| ≥ |t_(l)(d)|). One sign per item flips the
    whole family, so tests that say the same cost each other nothing. Flips as in `sign_flip_p`.

    Equal differences have t = ∞, or 0 where they are 0; a test of fewer than two items has t = 0.
    The t of a few items has heavy tails: such a test raises the p-values of its whole family.

    Shapes: differences (n, m), NaN where a test lacks an item -> m p-values in the order given.
    Source: Westfall and Young 1993; Romano and Wolf 2005.

    Raises:
        ValueError: if a difference is infinite, or the differences are no matrix.
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 2 or np.isinf(d).any():
        raise ValueError(f"differences must be finite, items × tests, not of shape {d.shape}")
    # An item that no test has would only make the enumeration longer.
    d = d[~np.isnan(d).all(axis=1)]
    unit, freedom = _normalised(d)
    observed = np.abs(unit.sum(axis=0))
    order = np.argsort(-_t_of_cosine(observed, freedom), kind="stable")
    unit, freedom, observed = unit[:, order], freedom[order], observed[order]
    least = _t_of_cosine(np.maximum(observed - _TIE, 0.0), freedom)
    hits, count = np.zeros(len(order)), 0
    for signs in _flips(len(d)):
        t = _t_of_cosine(np.abs(signs @ unit), freedom)
        # Column k holds the greatest t of the k-th test and all after it.
        greatest = np.maximum.accumulate(t[:, ::-1], axis=1)[:, ::-1]
        hits += (greatest >= least).sum(axis=0)
        count += len(signs)
    adjusted = np.empty(len(order))
    adjusted[order] = np.maximum.accumulate(hits / count)
    return [float(p) for p in adjusted]


def _normalised(d: Values) -> tuple[Values, Values]:
    """d_j / (√n_j ‖d_j‖), 0 where an item lacks, and degrees of freedom n_j − 1.

    The sum of a column is the cosine between d_j and the constant vector: mean / root mean square.
    """
    n = (~np.isnan(d)).sum(axis=0)
    filled = np.where(n > 1, np.nan_to_num(d), 0.0)
    length = np.sqrt(n) * np.linalg.norm(filled, axis=0)
    return filled / np.where(length > 0, length, 1.0), np.maximum(n - 1.0, 0.0)


def _t_of_cosine(cosine: Values, freedom: Values) -> Values:
    """|t| = √(n − 1) c / √(1 − c²).

    Flips leave the root mean square as it is, so c carries the rounding of one sum only; the
    variance of nearly equal items would cancel.
    """
    sine = np.sqrt(np.maximum((1.0 - cosine) * (1.0 + cosine), 0.0))
    with np.errstate(divide="ignore"):
        return np.sqrt(freedom) * cosine / sine


def _flips(n: int) -> Iterator[Values]:
    """Signs of n items, the observed ones first, block by block: all of them or random draws.

    The last item's sign is held in the former case: s and −s have the same |mean| and |t|.
    """
    if n <= EXACT_UP_TO:
        total = max(1, 2**n // 2)
        for start in range(0, total, _BLOCK):
            index = np.arange(start, min(start + _BLOCK, total))
            yield np.where((index[:, None] >> np.arange(n)) & 1, -1.0, 1.0)
        return
    yield np.ones((1, n))
    rng = np.random.default_rng(0)
    for start in range(0, DRAWS, _BLOCK):
        yield rng.choice((1.0, -1.0), size=(min(_BLOCK, DRAWS - start), n))


def exceeds(values: npt.ArrayLike, threshold: float) -> bool:
    """True where the mean of `values` is shown to lie above `threshold`.

    The 95 % t interval lies at or above the threshold, and the sign-flip p of values − threshold
    is at most 0.05. With the mean at the threshold this is true at most 2.5 % of the time for every
    symmetric distribution, because the flips are exact; t alone is at 3.5 % for eight items of two
    equally likely values. Fewer than six items never show anything: 2 / 2⁵ > 0.05.
    """
    x = np.asarray(values, dtype=np.float64)
    # The interval first: it is quick, and seldom above.
    return summarise(x).low >= threshold and sign_flip_p(x - threshold) <= 0.05


def spearman(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Spearman's rank correlation, ties at their mean rank; NaN where either is constant."""
    from scipy.stats import spearmanr

    if any(len(np.unique(np.asarray(side))) < 2 for side in (x, y)):
        return np.nan  # without scipy's warning
    return float(spearmanr(x, y).statistic)


def rank_correlation(x: npt.ArrayLike, y: npt.ArrayLike) -> Estimate:
    """Spearman's ρ with a 95 % interval, where the pairs are what was drawn.

    tanh(artanh ρ ± z √((1 + ρ²/2) / (n − 3))), z the 0.975 quantile of the normal. Of 20,000 draws
    of 16 pairs from a normal distribution it held the true ρ in 96 %, for ρ of 0, 0.3, 0.5 and 0.8;
    of 8 pairs in 96 % but for ρ of 0.8, where it was 94 %, and 4 % lay wholly above.
    The spread is NaN, for there is one ρ; so is the interval of fewer than four pairs, and all
    where a side is constant. Shapes: (n,), (n,).

    Source: Bonett and Wright 2000.
    """
    from scipy.stats import norm

    rho, n = spearman(x, y), len(np.asarray(x))
    if n <= 3:
        return Estimate(rho, np.nan, np.nan, np.nan, n)
    half = norm.ppf(0.975) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    with np.errstate(divide="ignore"):
        low, high = np.tanh(np.arctanh(rho) + np.array([-half, half]))
    return Estimate(rho, np.nan, float(low), float(high), n)


def permutation_p(x: npt.ArrayLike, y: npt.ArrayLike, *, draws: int = 2_000_000) -> float:
    """Two-sided p of Spearman's ρ where every order of `y` is as likely.

    p = #{π : |ρ(x, π y)| ≥ |ρ(x, y)|} / draws, where the observed order counts as one more; its
    standard error is √(p (1 − p) / draws). NaN where a side is constant. Shapes: (n,), (n,).

    Source: Pitman 1937.
    """
    from scipy.stats import rankdata

    if np.isnan(spearman(x, y)):
        return np.nan
    first, second = (side - side.mean() for side in (rankdata(x), rankdata(y)))
    # Products of ranks are multiples of a quarter: only a tie is as close as this.
    least = abs(first @ second) - 1e-6
    rng, hits, count = np.random.default_rng(0), 1, 1
    for start in range(0, draws, 25_000):  # which bounds the memory
        orders = rng.permuted(np.tile(second, (min(25_000, draws - start), 1)), axis=1)
        hits += int((np.abs(orders @ first) >= least).sum())
        count += len(orders)
    return hits / count


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of a family adjusted step by step: p̃_(k) = max_{l ≤ k} min(1, (m − l + 1) p_(l)).

    Whatever the tests have to do with each other. Source: Holm 1979.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1.0, np.arange(len(p), 0, -1) * p[order])
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate(steps)
    return [float(value) for value in adjusted]


def power_of_t(effect: float, n: int) -> float:
    """The power of a paired t-test of n items to find a difference of `effect` spreads.

    1 − F(c) + F(−c), two-sided at 0.05: c the 0.975 quantile of t with n − 1 degrees of freedom, F
    the noncentral t with as many and noncentrality effect·√n; `effect` is Cohen's d_z = mean / std.

    Source: Cohen 1988.
    """
    from scipy.stats import nct, t

    c = t.ppf(0.975, n - 1)
    shift = abs(effect) * np.sqrt(n)
    # Where the far tail is too small for scipy it is NaN.
    far = np.nan_to_num(nct.cdf(-c, n - 1, shift))
    return float(nct.sf(c, n - 1, shift) + far)


def items_needed(effect: float, *, power: float = 0.8) -> int | None:
    """The least number of items with which `power_of_t` reaches `power`; None beyond 10,000."""
    counts = range(2, 10_001)
    at = bisect_left(counts, power, key=lambda n: power_of_t(effect, n))
    return counts[at] if at < len(counts) else None
