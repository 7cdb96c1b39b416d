"""The revenue-maximising price curve for one model sold at many noise levels, computed exactly.

A model is released with Gaussian noise of variance d; its precision is x = 1/d. Averaging independent releases adds their precisions, so a
price curve p(x) admits no arbitrage iff it is monotone and subadditive. The exact optimum is coNP-hard; requiring that p(x)/x does not rise
instead gives at least half of it in polynomial time.

A buyer with precision x and value v who is served caps the curve: the largest curve in the relaxed class through (x, v) is
``v * max(1, y / x)`` at y. So every optimum is the least of such caps, and a published curve is nothing but a list of those points.

Source: Chen, Koutris, Kumar, Towards Model-based Pricing for Machine Learning in a Data Marketplace, SIGMOD 2019.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_EXACT_POINTS: Final = 10
MAX_EXACT_STEPS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Segment:
    """Buyers who want one precision: their value in minor units (at most 10^15) and how many of them there are."""

    precision: Fraction
    value: int
    weight: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """One point of a published curve: at this precision the price is at most this many minor units."""

    precision: Fraction
    price: int


def curve_at(anchors: Sequence[Anchor], precision: Fraction) -> Fraction:
    """Return the price, in exact minor units, of a precision: the least of ``price * max(1, precision / anchor)``.

    Each term is monotone and has a ratio to the precision that does not rise; so has their minimum, which is therefore subadditive.
    O(anchors); at least one anchor.
    """
    return min(anchor.price * max(Fraction(1), precision / anchor.precision) for anchor in anchors)


def revenue(segments: Sequence[Segment], prices: Sequence[Fraction]) -> Fraction:
    """Return the weighted revenue: each segment whose price is not above its value buys."""
    sold = (each.weight * price for each, price in zip(segments, prices, strict=True) if price <= each.value)
    return sum(sold, Fraction(0))


def relaxed_optimum(segments: Sequence[Segment]) -> tuple[Anchor, ...]:
    """Return the anchors of a curve of greatest revenue among those that rise while their ratio to the precision does not.

    Dynamic programme over the segments by precision; the price at each is one of its n caps, and neighbours must keep both orders, a
    sliding window over the sorted caps. O(n^2 log n) exact operations. Equal revenue: the lower prices at the highest precisions.

    Args:
        segments: rising precision, at least one.
    """
    caps = [_caps(segments, each.precision) for each in segments]
    gains, choices = _forward(segments, caps)
    chosen = max(range(len(caps[-1])), key=lambda index: (gains[index], -index))
    prices = [caps[-1][chosen]]
    for level in range(len(segments) - 1, 0, -1):
        chosen = choices[level][chosen]
        prices.append(caps[level - 1][chosen])
    prices.reverse()
    served = [Anchor(each.precision, each.value) for each, price in zip(segments, prices, strict=True) if price <= each.value]
    return tuple(anchor for anchor in served if curve_at(served, anchor.precision) == anchor.price)


def _caps(segments: Sequence[Segment], precision: Fraction) -> list[Fraction]:
    return sorted({each.value * max(Fraction(1), precision / each.precision) for each in segments})


def _forward(segments: Sequence[Segment], caps: Sequence[Sequence[Fraction]]) -> tuple[list[Fraction], list[list[int]]]:
    """Return the best revenue for each last price, and for each level and price the best price one level before."""
    gains = [_sale(segments[0], price) for price in caps[0]]
    choices: list[list[int]] = [[]]
    for level in range(1, len(segments)):
        growth = segments[level].precision / segments[level - 1].precision
        best = _window_best(caps[level - 1], gains, caps[level], growth)
        choices.append(best)
        gains = [gains[index] + _sale(segments[level], price) for index, price in zip(best, caps[level], strict=True)]
    return gains, choices


def _sale(segment: Segment, price: Fraction) -> Fraction:
    return segment.weight * price if price <= segment.value else Fraction(0)


def _window_best(before: Sequence[Fraction], gains: Sequence[Fraction], prices: Sequence[Fraction], growth: Fraction) -> list[int]:
    """Return, for each price, the earlier price of greatest gain from which it neither falls nor grows faster than the precision.

    Prices are sorted, so both ends of the window only move right. It is never empty: the same cap is among the earlier prices.
    """
    best: list[int] = []
    window: deque[int] = deque()
    entered = 0
    for price in prices:
        while entered < len(before) and before[entered] <= price:
            while window and gains[window[-1]] < gains[entered]:
                window.pop()
            window.append(entered)
            entered += 1
        while before[window[0]] * growth < price:
            window.popleft()
        best.append(window[0])
    return best


def exact_optimum(segments: Sequence[Segment]) -> tuple[Fraction, tuple[int, ...]] | None:
    """Return the true optimum over all monotone subadditive curves, by trying every set of buyers to serve.

    Served buyers cap the curve, and the largest curve under the caps is the cheapest way to reach a precision by buying served ones
    together: an unbounded covering problem, solved on the grid of the precisions for all sets at once. O(2^n * steps * n).

    Returns:
        The revenue and the price of each segment, both in minor units; None if there are more than ``MAX_EXACT_POINTS`` segments or the
        precisions have no common grid of at most ``MAX_EXACT_STEPS`` steps.
    """
    steps = grid([each.precision for each in segments])
    if steps is None or len(segments) > MAX_EXACT_POINTS:
        return None
    covers = _cheapest_covers([each.value for each in segments], steps)
    priced = [[int(price) for price in row] for row in covers[:, steps]]
    earned = [int(revenue(segments, [Fraction(price) for price in row])) for row in priced]
    best = max(range(len(earned)), key=lambda index: (earned[index], -index))
    return Fraction(earned[best]), tuple(priced[best])


def grid(precisions: Sequence[Fraction]) -> list[int] | None:
    """Return the precisions in whole steps of their greatest common measure, or None if the last is beyond ``MAX_EXACT_STEPS``."""
    common = math.lcm(*(each.denominator for each in precisions))
    whole = [int(each * common) for each in precisions]
    measure = math.gcd(*whole)
    return None if max(whole) > MAX_EXACT_STEPS * measure else [each // measure for each in whole]


def _cheapest_covers(values: Sequence[int], steps: Sequence[int]) -> NDArray[np.int64]:
    """Return, for each non-empty set of segments (a row) and each number of steps, the least total value of a multiset reaching it."""
    sets = np.arange(1, 1 << len(values))
    out_of_reach = (max(steps) + 1) * (max(values) + 1)
    item = np.array([np.where(sets >> index & 1, value, out_of_reach) for index, value in enumerate(values)])
    covers = np.zeros((len(sets), max(steps) + 1), dtype=np.int64)
    for reach in range(1, max(steps) + 1):
        covers[:, reach] = np.min([cost + covers[:, max(reach - step, 0)] for cost, step in zip(item, steps, strict=True)], axis=0)
    return covers


def best_linear(segments: Sequence[Segment]) -> Fraction:
    """Return the greatest revenue of a price proportional to the precision. O(n^2)."""
    slopes = [each.value / each.precision for each in segments]
    return max(revenue(segments, [slope * each.precision for each in segments]) for slope in slopes)


def best_constant(segments: Sequence[Segment]) -> Fraction:
    """Return the greatest revenue of one price for every precision. O(n^2)."""
    return max(revenue(segments, [Fraction(each.value)] * len(segments)) for each in segments)
