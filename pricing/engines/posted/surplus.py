"""Two-part tariffs for buyers with linear demand: the entry fee takes the surplus of the least of those who are served.

Source: Oi, A Disneyland Dilemma, Quarterly Journal of Economics 85 (1971); Schmalensee, Bell Journal of Economics 12 (1981).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Type:
    """So many buyers who each take ``most - slope * p`` units at unit price p; ``slope`` is positive."""

    buyers: int
    most: Fraction
    slope: Fraction

    def demand(self, price: Fraction) -> Fraction:
        """Return the quantity that one buyer takes, once in."""
        return max(self.most - self.slope * price, Fraction(0))

    def surplus(self, price: Fraction) -> Fraction:
        """Return what one buyer would pay for the right to buy at a unit price, in major units."""
        return self.demand(price) ** 2 / (2 * self.slope)

    def worth(self, quantity: Fraction) -> Fraction:
        """Return what a quantity is worth to one buyer, in major units."""
        taken = min(quantity, self.most)
        return (self.most * taken - taken**2 / 2) / self.slope


@dataclass(frozen=True, slots=True)
class Tariff:
    """An entry fee and a unit price, in major units, the types that then buy, and the profit."""

    entry: Fraction
    price: Fraction
    served: tuple[int, ...]
    profit: Fraction


def outcome(types: Sequence[Type], cost: Fraction, entry: Fraction, price: Fraction) -> Tariff:
    """Return who buys at a tariff and what it earns. A buyer to whom it is all the same buys."""
    served = tuple(index for index, each in enumerate(types) if each.surplus(price) >= entry and each.demand(price) > 0)
    profit = sum((types[index].buyers * (entry + (price - cost) * types[index].demand(price)) for index in served), Fraction(0))
    return Tariff(entry, price, served, profit)


def best_tariff(types: Sequence[Type], cost: Fraction, *, price_scale: int, fee_scale: int) -> Tariff:
    """Return the most profitable two-part tariff with its unit price and its fee on their grids, up to one step of the fee a buyer.

    O(m^2) candidates for m types, each O(m). The fee is the surplus of the least type served, rounded down so that it still buys; a price
    that would round better is not searched for, but a price without a fee is.

    With a given type as the least one served, profit is quadratic in the unit price between the prices at which another type comes or
    goes. So the best is next to a vertex or to such a price. Floats with a little slack in favour of a candidate rank them; the first ones
    are computed exactly, until no later one can be better. Ties go to the lower price, then the higher fee.

    Args:
        types: 1 to some dozens.
        cost: of one unit, in major units.
        price_scale: steps of the unit price in one major unit.
        fee_scale: steps of the fee in one major unit.
    """
    best = best_uniform_price(types, cost, price_scale=price_scale)
    for bound, step, index in _ranked(types, cost, price_scale):
        if bound < float(best.profit) - SLACK * max(1.0, abs(float(best.profit))):
            break
        price = Fraction(step, price_scale)
        entry = Fraction(math.floor(types[index].surplus(price) * fee_scale), fee_scale)
        best = max(best, outcome(types, cost, entry, price), key=lambda tariff: (tariff.profit, -tariff.price, tariff.entry))
    return best


def best_uniform_price(types: Sequence[Type], cost: Fraction, *, price_scale: int) -> Tariff:
    """Return the most profitable unit price without a fee, for comparison. Ties go to the lower price."""
    steps = {math.ceil(cost * price_scale)}
    chokes = sorted({each.most / each.slope for each in types})
    for choke in chokes:
        served = [each for each in types if each.most / each.slope >= choke]
        most, slope = (sum(each.buyers * part for each, part in parts) for parts in _parts(served))
        steps |= _around((most + slope * cost) / (2 * slope), price_scale) | _around(choke, price_scale)
    offers = [outcome(types, cost, Fraction(0), Fraction(step, price_scale)) for step in steps]
    return max(offers, key=lambda tariff: (tariff.profit, -tariff.price))


def _parts(served: Sequence[Type]) -> tuple[list[tuple[Type, Fraction]], list[tuple[Type, Fraction]]]:
    return [(each, each.most) for each in served], [(each, each.slope) for each in served]


def _around(price: Fraction | float, scale: int) -> set[int]:
    step = math.floor(price * scale)
    return {max(step, 0), max(step + 1, 0)}


def _ranked(types: Sequence[Type], cost: Fraction, scale: int) -> Iterator[tuple[float, int, int]]:
    """Yield (optimistic profit, price in steps, least type served), best first."""
    rows = np.array([[float(each.most), float(each.slope), float(each.buyers)] for each in types]).T
    most, slope, buyers = rows
    found: list[tuple[float, int, int]] = []
    for index in range(len(types)):
        steps = np.array(sorted(_candidate_steps(rows, float(cost), index, scale)))
        prices = steps / scale
        demand = np.maximum(most - slope * prices[:, None], 0.0)
        surplus = demand**2 / (2 * slope)
        fee = surplus[:, index]
        served = (surplus >= fee[:, None] * (1 - SLACK) - SLACK) & (demand > 0)
        profit = (served * buyers * (fee[:, None] + (prices[:, None] - float(cost)) * demand)).sum(axis=1)
        found += [(float(value), int(step), index) for value, step in zip(profit, steps, strict=True)]
    return iter(sorted(found, key=lambda row: (-row[0], row[1], row[2])))


def _candidate_steps(rows: NDArray[np.float64], cost: float, index: int, scale: int) -> set[int]:
    """Return the grid prices next to where a type comes or goes, and next to the vertex of each stretch in between."""
    most, slope, buyers = rows
    choke = most[index] / slope[index]
    root = np.sqrt(slope)
    apart = np.abs(root - root[index]) > SLACK * root
    meets = (most / root - most[index] / root[index])[apart] / (root - root[index])[apart]
    ends = sorted({0.0, choke, *(float(price) for price in (*meets, *(most / slope)) if 0 < price < choke)})
    steps = {step for price in ends for step in _around(price, scale)}
    for low, high in pairwise(ends):
        middle = (low + high) / 2
        demand = np.maximum(most - slope * middle, 0.0)
        served = (demand**2 / slope >= demand[index] ** 2 / slope[index] * (1 - SLACK)) & (demand > 0)
        count, taken, lost = (float((served * buyers * part).sum()) for part in (np.ones(len(most)), most, slope))
        bend = count * slope[index] - 2 * lost
        if bend:
            vertex = (count * most[index] - taken - lost * cost) / bend
            steps |= _around(min(max(vertex, low), high), scale)
    return steps
