"""The best price from what buyers said: amounts that they would pay, or their yes and no to an amount."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

CONFIDENCE: Final = 0.95
_LIMIT: Final = 2**62


@dataclass(frozen=True, slots=True)
class Best:
    """A price in minor units, how many of those asked buy at it, and what they bring in beyond the cost of their copies."""

    price: int
    sold: int
    gain: int


def best_of_values(values: NDArray[np.int64], cost: int = 0) -> Best:
    """Return the price that earns most from buyers with these values: max over p of (p - cost) * #{v >= p}. O(n log n).

    Some value is a best price, since between two values a higher price loses nobody. Of equal prices the lowest.

    Args:
        values: shape (n,), n >= 1, minor units, not negative; n times the largest below 2^62.
        cost: of one copy, minor units, not negative.

    Raises:
        ValueError: out of that range.
    """
    if not len(values) or values.min() < 0 or cost < 0 or max(int(values.max()), cost) * len(values) >= _LIMIT:
        message = "no values, a negative one, or too large"
        raise ValueError(message)
    prices, lower = np.unique(np.sort(values), return_index=True)
    gains = (prices - cost) * (len(values) - lower)
    best = int(np.argmax(gains))
    return Best(int(prices[best]), len(values) - int(lower[best]), int(gains[best]))


def likely_best_prices(values: NDArray[np.int64], cost: int = 0, confidence: float = CONFIDENCE) -> tuple[int, int]:
    """Return the lowest and the highest of the stated values that may be the best price of the population they were drawn from.

    With the given confidence the share of buyers at every price lies within two bands at once, where d = 1 - confidence: off by at most
    sqrt(ln(4 / d) / 2n), and above by at most 2 sqrt(share L / n) + 4 L / n with L = ln(8 (2n + 1) / d), which is narrow where few buy.
    A value stays in if it could then earn as much as the best one surely does. Assumes independent draws. Prices that nobody stated are
    not considered; some stated one covers the cost.

    Source: Dvoretzky, Kiefer and Wolfowitz (1956) with the constant of Massart (1990); Vapnik and Chervonenkis, relative deviations.
    """
    count, doubt = len(values), 1 - confidence
    off = math.sqrt(math.log(4 / doubt) / (2 * count))
    log = math.log(8 * (2 * count + 1) / doubt) / count
    rising = np.unique(values)
    share = 1 - np.searchsorted(np.sort(values), rising) / count
    above = np.minimum(share + np.minimum(off, 2 * np.sqrt(share * log) + 4 * log), 1)
    sure = np.max((rising - cost) * np.maximum(share - off, 0))
    likely = rising[(rising - cost) * above >= sure]
    return int(likely[0]), int(likely[-1])


@dataclass(frozen=True, slots=True)
class Offer:
    """An amount in minor units, and how many said yes and no to it."""

    price: int
    yes: int
    no: int


@dataclass(frozen=True, slots=True)
class Survival:
    """The share of buyers who would pay each offered price, prices ascending and shares never rising; and the answers at each price."""

    prices: tuple[int, ...]
    shares: tuple[Fraction, ...]
    yes: tuple[int, ...]
    asked: tuple[int, ...]


def turnbull(offers: Sequence[Offer]) -> Survival:
    """Return the shares of yes by price, made never rising by pooling neighbours that contradict each other. O(n log n), exact.

    The maximum likelihood estimate without any assumed distribution. Offers at one price are added up; each was answered at least once.

    Source: Turnbull (1976); Haab and McConnell, Valuing Environmental and Natural Resources (2002), ch. 3.
    """
    said: Counter[int] = Counter()
    answered: Counter[int] = Counter()
    for offer in offers:
        said[offer.price] += offer.yes
        answered[offer.price] += offer.yes + offer.no
    prices = sorted(answered)
    pools: list[tuple[int, int, int]] = []
    for price in prices:
        many, yes, asked = 1, said[price], answered[price]
        while pools and yes * pools[-1][2] > pools[-1][1] * asked:
            before = pools.pop()
            many, yes, asked = many + before[0], yes + before[1], asked + before[2]
        pools.append((many, yes, asked))
    shares = [Fraction(yes, asked) for many, yes, asked in pools for _ in range(many)]
    return Survival(tuple(prices), tuple(shares), tuple(said[each] for each in prices), tuple(answered[each] for each in prices))


def best_offer(survival: Survival, cost: int = 0) -> int:
    """Return the index of the offered price that earns most from one buyer; of equal ones the lowest price."""
    gains = [(price - cost) * share for price, share in zip(survival.prices, survival.shares, strict=True)]
    return max(range(len(gains)), key=lambda index: (gains[index], -index))


def least_mean(survival: Survival) -> Fraction:
    """Return the lower bound of the mean willingness to pay, in minor units: everybody's is at least the last price they accept."""
    nexts = (*survival.shares[1:], Fraction(0))
    return sum((price * (share - after) for price, share, after in zip(survival.prices, survival.shares, nexts, strict=True)), Fraction(0))


def share_between(survival: Survival, index: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the least and the greatest share of all buyers who would pay the price at an index, even if it was picked for its answers.

    With about the given confidence the shares at all m prices lie in their intervals at once, each at 1 - d / m where d = 1 - confidence.
    As no share rises with the price, that of a price is above the lower ends at higher prices and below the upper ends at lower ones. The
    estimate is always within. Assumes independent answers.

    Source: Wilson for each interval; Bonferroni for all at once.
    """
    quantile = NormalDist().inv_cdf(1 - (1 - confidence) / (2 * len(survival.prices)))
    each = [share_interval(yes / asked, asked, quantile) for yes, asked in zip(survival.yes, survival.asked, strict=True)]
    share = float(survival.shares[index])
    return min(share, max(low for low, _ in each[index:])), max(share, min(high for _, high in each[: index + 1]))


def share_interval(share: float, asked: int, normal_quantile: float = 1.959963984540054) -> tuple[float, float]:
    """Return the interval of a share observed among so many, of 95% unless the quantile says otherwise.

    Source: Wilson, Journal of the American Statistical Association 22 (1927).
    """
    square = normal_quantile**2 / asked
    middle = (share + square / 2) / (1 + square)
    half = normal_quantile * math.sqrt(share * (1 - share) / asked + square / (4 * asked)) / (1 + square)
    return max(middle - half, 0.0), min(middle + half, 1.0)
