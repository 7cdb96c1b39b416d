"""Prices for several goods sold apart, only together, or both ways, from what each buyer thinks each good worth.

All in integer minor units; a buyer's value of a bundle is the sum of the goods' values. Where a buyer is indifferent it takes what earns
more; a cent less on a price makes it so.

Source: Adams and Yellen (1976) and McAfee, McMillan and Whinston (1989), Quarterly Journal of Economics 90 and 104.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from pricing.engines.model import Progress, counted, silent

Ints = NDArray[np.int64]
MAX_ROUNDS: Final = 200
STARTS: Final = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Sale:
    """One price, how many buyers pay it, and what that earns beyond cost."""

    price: int
    sold: int
    gain: int


@dataclass(frozen=True, slots=True)
class Outside:
    """What buyers have without the offer that is being priced: what it leaves them, and what it earns."""

    left: Ints
    gain: Ints


def best_sale(values: Ints, buyers: Ints, cost: int) -> Sale:
    """Return the price that earns most from one good, just above every value if none covers the cost. O(n log n); ties go to the lower.

    Args:
        values: shape (n,).
        buyers: how many have each row's values, shape (n,).
        cost: of one copy.
    """
    prices, place = np.unique(values, return_inverse=True)
    sold = np.cumsum(np.bincount(place, weights=buyers)[::-1])[::-1].astype(np.int64)
    gains = (prices - cost) * sold
    best = int(np.argmax(gains))
    if gains[best] < 0:
        return Sale(int(prices[-1]) + 1, 0, 0)
    return Sale(int(prices[best]), int(sold[best]), int(gains[best]))


def separate(values: Ints, buyers: Ints, costs: Ints) -> list[Sale]:
    """Return the best price of each good alone; values have shape (n, goods)."""
    return [best_sale(values[:, good], buyers, int(costs[good])) for good in range(values.shape[1])]


def pure(values: Ints, buyers: Ints, costs: Ints) -> Sale:
    """Return the best price of all goods together, none being sold alone."""
    return best_sale(values.sum(axis=1), buyers, int(costs.sum()))


@dataclass(frozen=True, slots=True)
class Mixed:
    """Prices of the first good, the second and both; how many buyers take each; and what that earns beyond cost."""

    prices: tuple[int, int, int]
    sold: tuple[int, int, int]
    gain: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two goods: values of shape (n, 3), the third column their sum; buyers of each row; costs of the three offers."""

    values: Ints
    buyers: Ints
    costs: Ints

    @classmethod
    def of(cls, values: Ints, buyers: Ints, costs: Ints) -> Pair:
        """Return the pair for values of shape (n, 2) and two costs."""
        return cls(np.column_stack([values, values.sum(axis=1)]), buyers, np.append(costs, costs.sum()))

    def outcome(self, prices: Ints) -> Mixed:
        """Return who takes what at three prices, and what that earns."""
        left = np.column_stack([np.zeros(len(self.values), dtype=np.int64), self.values - prices])
        earned = np.append(0, prices - self.costs)
        likes = left == left.max(axis=1, keepdims=True)
        taken = np.where(likes, earned, np.iinfo(np.int64).min).argmax(axis=1)
        sold = [int(self.buyers[taken == offer].sum()) for offer in (1, 2, 3)]
        gain = int((self.buyers * earned[taken]).sum())
        first, second, both = (int(price) for price in prices)
        return Mixed((first, second, both), (sold[0], sold[1], sold[2]), gain)

    def best_reply(self, prices: Ints, offer: int) -> int:
        """Return the best price of one offer while the other two stay; ties go to the lower price. O(n log n).

        The bundle stays at or below the sum of the parts, since else buyers would take the parts.
        """
        others = [each for each in range(3) if each != offer]
        left = np.column_stack([np.zeros(len(self.values), dtype=np.int64), self.values[:, others] - prices[others]])
        earned = np.append(0, prices[others] - self.costs[others])
        most = left.max(axis=1)
        outside = Outside(most, np.where(left == most[:, None], earned, np.iinfo(np.int64).min).max(axis=1))
        least, highest = 0, int(self.values[:, offer].max()) + 1
        if offer == 2:  # noqa: PLR2004
            highest = min(highest, int(prices[0] + prices[1]))
        else:
            least = max(int(prices[2] - prices[1 - offer]), 0)
        return self._best_between(offer, outside, least, max(highest, least))

    def _best_between(self, offer: int, outside: Outside, least: int, highest: int) -> int:
        """Sweep the prices at which some buyer turns: those above its threshold take the offer, those below keep what they have."""
        turns = self.values[:, offer] - outside.left
        prices = np.unique(np.append(turns[(turns >= least) & (turns <= highest)], [least, highest]))
        order = np.argsort(turns, kind="stable")
        ranked = turns[order]
        sold, kept, tied = (
            np.append(0, np.cumsum((self.buyers * each)[order]))
            for each in (1, outside.gain, np.maximum(outside.gain, turns - self.costs[offer]))
        )
        low, high = np.searchsorted(ranked, prices, side="left"), np.searchsorted(ranked, prices, side="right")
        gains = kept[low] + (tied[high] - tied[low]) + (sold[-1] - sold[high]) * (prices - self.costs[offer])
        return int(prices[int(np.argmax(gains))])


def mixed(values: Ints, buyers: Ints, costs: Ints, progress: Progress = silent) -> Mixed:
    """Return prices of two goods and of both, at which no change of one price earns more.

    From separate prices, the pure bundle and a grid of quantiles, each price in turn is set to its best reply until none gains; the best
    end is returned. So it earns at least what separate sale and the pure bundle earn. It need not be the best of all: the problem has many
    local optima. O(rounds * n log n); a start ends after ``MAX_ROUNDS`` even if some price could still be bettered, but takes a dozen.
    """
    pair = Pair.of(values, buyers, costs)
    alone = [sale.price for sale in separate(values, buyers, costs)]
    closed = [int(values[:, good].max()) + 1 for good in (0, 1)]
    together = pure(values, buyers, costs).price
    starts = [(*alone, sum(alone)), (*alone, min(together, sum(alone))), (*closed, together)]
    marks = [_marks(values[:, good]) for good in (0, 1)]
    starts += [(one, other, one + other) for one in marks[0] for other in marks[1]]
    ends = [_ascend(pair, np.array(start, dtype=np.int64)) for start in counted(starts, progress)]
    return max(ends, key=lambda end: (end.gain, tuple(-price for price in end.prices)))


def _marks(values: Ints) -> list[int]:
    """Return prices to start from: every value, or of many values some quantiles."""
    distinct = np.unique(values)
    return [int(each) for each in (distinct if len(distinct) <= len(STARTS) else np.quantile(values, STARTS, method="lower"))]


def _ascend(pair: Pair, prices: Ints) -> Mixed:
    best = pair.outcome(prices)
    for _ in range(MAX_ROUNDS):
        before = best
        for offer in (2, 0, 1):
            moved = np.array(best.prices)
            moved[offer] = pair.best_reply(moved, offer)
            tried = pair.outcome(moved)
            best = tried if tried.gain > best.gain else best
        if best.gain == before.gain:
            break
        best = _further(pair, before, best)
    return best


def _further(pair: Pair, before: Mixed, best: Mixed) -> Mixed:
    """Go on as a round went, twice as far each time, while that earns more.

    A part and the bundle can hold one another back, so that each round raises both by the little in which two buyers differ.
    """
    step = np.array(best.prices) - np.array(before.prices)
    while True:
        step = 2 * step
        moved = np.maximum(np.array(best.prices) + step, 0)
        moved[2] = min(moved[2], moved[0] + moved[1])
        tried = pair.outcome(moved)
        if tried.gain <= best.gain:
            return best
        best = tried


def uniform_bundle(goods: int) -> tuple[float, float]:
    """Return the best price of a bundle of goods whose values are independent and uniform on [0, 1], and the revenue per good.

    The sum's distribution is Irwin and Hall's, computed exactly. As goods are added the revenue per good rises to the mean value 1/2.

    Source: Bakos and Brynjolfsson, Management Science 45 (1999).
    """
    spread = 4 * math.sqrt(goods / 12)
    low, high = max(goods / 2 - spread, 0.0), goods / 2
    found = scipy.optimize.minimize_scalar(
        lambda price: -price * float(uniform_sum_above(goods, Fraction(price))),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(found.x), -float(found.fun) / goods


def uniform_sum_above(goods: int, level: Fraction) -> Fraction:
    """Return the probability that the sum of so many values uniform on [0, 1] is above a level. Exact."""
    if level <= 0:
        return Fraction(1)
    terms = ((-1) ** at * math.comb(goods, at) * (level - at) ** goods for at in range(min(math.floor(level), goods) + 1))
    return 1 - sum(terms, Fraction(0)) / math.factorial(goods)
