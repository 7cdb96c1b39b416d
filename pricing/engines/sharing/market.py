"""The market for gains of prediction: what a buyer pays for a bid, which price is offered, and how alike two sellers' features are."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

from pricing.engines.sharing.robust import PENALTY_DIGITS

_PLACES: Final = Decimal("1e-40")
# each operation of decimal is correctly rounded, so the weights are the same digits on every machine
_DIGITS: Final = Context(prec=60, rounding=ROUND_HALF_EVEN, Emax=MAX_EMAX, Emin=MIN_EMIN)


@dataclass(frozen=True, slots=True)
class GainCurve:
    """The gain of prediction that the seller of a model delivers, by how far the bid falls short of the price; it never rises with that.

    Attributes:
        shortfalls: ascending from zero.
        gains: not negative, not rising; the last holds for every greater shortfall.
        linear: straight between the points; else each gain holds from its shortfall up to the next.
        areas: integral of the gain from zero to each shortfall.
    """

    shortfalls: tuple[Fraction, ...]
    gains: tuple[Fraction, ...]
    linear: bool
    areas: tuple[Fraction, ...]

    @classmethod
    def of(cls, shortfalls: Sequence[Fraction], gains: Sequence[Fraction], *, linear: bool) -> GainCurve:
        """Return the curve through these points. O(points)."""
        areas = [Fraction(0)]
        for at in range(1, len(shortfalls)):
            height = (gains[at - 1] + gains[at]) / 2 if linear else gains[at - 1]
            areas.append(areas[-1] + height * (shortfalls[at] - shortfalls[at - 1]))
        return cls(tuple(shortfalls), tuple(gains), linear, tuple(areas))

    def at(self, shortfall: Fraction) -> Fraction:
        """Return the gain at a shortfall >= 0."""
        place = bisect_right(self.shortfalls, shortfall) - 1
        return self.gains[place] + self._slope(place) * (shortfall - self.shortfalls[place])

    def area(self, shortfall: Fraction) -> Fraction:
        """Return the integral of the gain from zero to a shortfall >= 0, exact."""
        place = bisect_right(self.shortfalls, shortfall) - 1
        along = shortfall - self.shortfalls[place]
        return self.areas[place] + (self.gains[place] + self._slope(place) * along / 2) * along

    def _slope(self, place: int) -> Fraction:
        if not self.linear or place + 1 == len(self.shortfalls):
            return Fraction(0)
        return (self.gains[place + 1] - self.gains[place]) / (self.shortfalls[place + 1] - self.shortfalls[place])


@dataclass(frozen=True, slots=True)
class Sale:
    """What one bid gets and pays: the gain G(b), and b * G(b) less ``rent``, the integral of G from zero to b."""

    gain: Fraction
    value: Fraction
    rent: Fraction

    @property
    def payment(self) -> Fraction:
        """What the buyer pays, exact, in major units; between zero and the bid's worth of the gain."""
        return self.value - self.rent


def sell(curve: GainCurve, price: Fraction, bid: Fraction) -> Sale:
    """Return what a bid gets and pays at a price: the gain at its shortfall, for Myerson's payment.

    The buyer's best bid is the true value of one unit of gain, whatever the price, since the gain never falls as the bid rises and the
    price does not depend on the bid. O(log points).

    Args:
        curve: gain by shortfall.
        price: of one unit of gain, not negative.
        bid: for one unit of gain, not negative.

    Source: Myerson, Optimal auction design (1981); Agarwal, Dahleh and Sarkar, A marketplace for data (EC 2019).
    """
    reach = min(bid, price)
    rent = curve.area(price) - curve.area(price - reach) + (bid - reach) * curve.at(Fraction(0))
    gain = curve.at(price - reach)
    return Sale(gain, bid * gain, rent)


def price_weights(curve: GainCurve, prices: Sequence[Fraction], demand: Sequence[tuple[Fraction, int]], rate: Fraction) -> list[Fraction]:
    """Return a weight for every price by what it would have earned from earlier bids; they sum to one.

    Multiplicative weights: each bid multiplies a price's weight by one plus ``rate`` times the part of the most any bid could pay that it
    would have paid. The product does not depend on the order, so how many made each bid is all that is read of earlier buyers. With
    ``rate`` at most a half, K prices and revenue counted in that most, drawing by these weights earns in expectation at least
    (1 - rate) times the best fixed price, less ln K / rate. O(prices * demand * log buyers) in decimals of sixty digits.

    Args:
        curve: gain by shortfall, as published.
        prices: to choose from, ascending, the last positive.
        demand: earlier bids, and how many made each.
        rate: learning rate, above zero and at most a half.

    Source: Arora, Hazan and Kale, The multiplicative weights update method (2012), theorem 2.5.
    """
    most = prices[-1] * curve.at(Fraction(0))
    weights = [Decimal(1)] * len(prices)
    for bid, buyers in demand if most else ():
        for place, price in enumerate(prices):
            factor = _decimal(1 + rate * sell(curve, price, bid).payment / most)
            weights[place] = _DIGITS.multiply(weights[place], _power(factor, buyers))
    greatest = max(weights)
    scaled = [Fraction(_DIGITS.quantize(_DIGITS.divide(weight, greatest), _PLACES)) for weight in weights]
    return [weight / sum(scaled) for weight in scaled]


def draw_price(prices: Sequence[Fraction], weights: Sequence[Fraction], uniform: Fraction) -> Fraction:
    """Return the price at a uniform number of [0, 1) along the weights, which sum to one."""
    for price, weight in zip(prices, weights, strict=True):
        if uniform < weight:
            return price
        uniform -= weight
    return prices[-1]


def similarity(features: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    """Return the squared cosine of each pair of feature columns: one for multiples of each other, zero at right angles. O(n^2 rows).

    Computed exactly and rounded once, half to even, to as many places as the penalty has digits. Two columns of zeros are alike; one of
    zeros is like no other.
    """
    columns = [_whole(column) for column in features]  # a cosine does not depend on the unit of either column
    inner = [[sum(a * b for a, b in zip(one, other, strict=True)) for other in columns] for one in columns]
    return [[_squared_cosine(inner, one, other) for other in range(len(columns))] for one in range(len(columns))]


def _squared_cosine(inner: Sequence[Sequence[int]], one: int, other: int) -> Fraction:
    norms = inner[one][one] * inner[other][other]
    if not norms:
        return Fraction(inner[one][one] == inner[other][other])
    return round(Fraction(inner[one][other] ** 2, norms), PENALTY_DIGITS)


def _whole(column: Sequence[Fraction]) -> list[int]:
    common = math.lcm(*(value.denominator for value in column))
    return [int(value * common) for value in column]


def _decimal(value: Fraction) -> Decimal:
    return _DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))


def _power(base: Decimal, exponent: int) -> Decimal:
    """Return base to a whole exponent by squaring: decimal's own power is not promised to be the same digits everywhere."""
    power = Decimal(1)
    while exponent:
        if exponent & 1:
            power = _DIGITS.multiply(power, base)
        base, exponent = _DIGITS.multiply(base, base), exponent >> 1
    return power
