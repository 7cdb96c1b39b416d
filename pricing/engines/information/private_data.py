"""The arithmetic of selling noisy answers about people: the price of a noisy linear query, and what the people are paid for it.

A linear query weighs each person's value; its answer is released with noise of a variance. Averages and sums of cheaper answers must not
undercut a dearer one: a price ``c * f(q)^2 / v`` with a semi-norm f has that property, since f(q + r)^2 / (v + w) is at most
f(q)^2 / v + f(r)^2 / w (Cauchy and Schwarz).

Sources: Li, Li, Miklau, Suciu, A Theory of Pricing Private Data, TODS 39(4), 2014; Ghosh, Roth, Selling Privacy at Auction, EC 2011.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

SQUARED_NORMS: Final[Mapping[str, Callable[[Sequence[Fraction]], Fraction]]] = MappingProxyType(
    {
        "euclidean": lambda weights: sum((each * each for each in weights), Fraction(0)),
        "sum": lambda weights: sum((abs(each) for each in weights), Fraction(0)) ** 2,
        "largest": lambda weights: max(abs(each) for each in weights) ** 2,
    }
)
"""The squares of the three norms on offer, exact; each takes at least one weight."""


def answer_price(rate: Fraction, norm: str, weights: Sequence[Fraction], variance: Fraction) -> Fraction:
    """Return ``rate * norm(weights)^2 / variance``, exactly, in the unit of the rate; the variance is positive. O(weights)."""
    return rate * SQUARED_NORMS[norm](weights) / variance


def squared_loss(weight: Fraction, variance: Fraction, bound: Fraction) -> Fraction:
    """Return the square of the privacy loss of one person, ``bound * |weight| / sqrt(variance / 2)``, under Laplace noise.

    The loss itself is a square root; its square is exact. ``bound`` is the range of one person's value.
    """
    return 2 * (bound * weight) ** 2 / variance


def root_up(square: Fraction) -> int:
    """Return the least whole number whose square is at least ``square``, which is not negative; exact."""
    whole = -(-square // 1)
    return math.isqrt(int(whole) - 1) + 1 if whole else 0


@dataclass(frozen=True, slots=True)
class Bought:
    """What FairQuery buys: from whom (indices, cheapest first), at how much each in minor units, and the privacy loss of each."""

    owners: tuple[int, ...]
    payment: int
    loss: Fraction


def fair_query(costs: Sequence[Fraction], budget: int) -> Bought:
    """Buy one equal privacy loss from as many owners as the budget allows, all at one price.

    With n owners by rising cost, the largest k with v_k / (n - k) <= B / k is served with loss 1 / (n - k) and paid
    min(B / k, v_(k+1) / (n - k)) each. Payments here are whole minor units: a cost is rounded up and the share of the budget down before
    they are compared, so that nobody is paid less than their cost and the budget holds to the last unit. Reporting the truth is then best
    up to one minor unit. Equal costs: the lower index first. O(n log n).

    Args:
        costs: of one unit of privacy loss, in minor units, not negative; at least one.
        budget: minor units.
    """
    count = len(costs)
    order = sorted(range(count), key=lambda index: (costs[index], index))
    for served in range(count - 1, 0, -1):
        share = budget // served
        if math.ceil(costs[order[served - 1]] / (count - served)) <= share:
            payment = min(share, math.ceil(costs[order[served]] / (count - served)))
            return Bought(tuple(order[:served]), payment, Fraction(1, count - served))
    return Bought((), 0, Fraction(0))
