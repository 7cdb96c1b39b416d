"""Prices for bundles of items that many buyers want in different combinations: six algorithms, none of which wins everywhere.

Each buyer wants exactly one bundle and has a value for it; items have unlimited copies. Every pricing here is a flat price for any
bundle, a price for each item, or the greater of two item price lists: monotone and subadditive, so no buyer does better by a larger
bundle or by parts. Items that lie in the same bundles are interchangeable and are merged before anything is solved.

Linear programmes run in floating point and only suggest item prices. Those are whole thousandths of a minor unit, and what is sold at
them, for how much, is computed in integers.

Source: Chawla, Deep, Koutris, Teng, Revenue Maximization for Query Pricing, PVLDB 13(1), 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from pricing.engines.information.weights import merge
from pricing.engines.model import Progress, counted, silent

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PARTS: Final = 1_000
"""Item prices are whole parts of a minor unit, so many to the unit."""
MAX_THRESHOLDS: Final = 32


@dataclass(frozen=True, slots=True)
class Pricing:
    """A price for every bundle: a flat one in minor units, or the greatest of some lists of item prices in parts, other items free."""

    flat: int
    items: tuple[Mapping[int, int], ...]

    def price(self, bundle: AbstractSet[int]) -> int:
        """Return the price of a bundle in minor units, rounded up, which keeps it subadditive; nothing costs nothing."""
        if not bundle:
            return 0
        return max([self.flat, *(-(-sum(prices.get(item, 0) for item in bundle) // PARTS) for prices in self.items)])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one algorithm found: its pricing, the revenue in minor units, and how many buyers buy."""

    name: str
    pricing: Pricing
    revenue: int
    buyers: int


@dataclass(frozen=True, slots=True)
class Market:
    """The bundles over merged items.

    Attributes:
        classes: the items of each class.
        contains: bundles by classes, 0 or 1.
        sizes: the number of items of each class.
        values: what each buyer would pay, in minor units, below 10^11.
    """

    classes: tuple[tuple[int, ...], ...]
    contains: scipy.sparse.csr_array
    sizes: Ints
    values: Ints

    @classmethod
    def of(cls, bundles: Sequence[Sequence[int]], values: Sequence[int]) -> Market:
        """Return the market of these bundles, each of distinct items and not empty. O(bundles * items)."""
        names = sorted({item for bundle in bundles for item in bundle})
        place = {item: index for index, item in enumerate(names)}
        member = np.zeros((len(bundles), len(names)), dtype=np.bool_)
        for row, bundle in enumerate(bundles):
            member[row, [place[item] for item in bundle]] = True
        number = merge(member)
        first = np.unique(number, return_index=True)[1]
        classes: list[list[int]] = [[] for _ in first]
        for item, index in zip(names, number.tolist(), strict=True):
            classes[index].append(item)
        contains = scipy.sparse.csr_array(member[:, first].astype(np.int64))
        return cls(tuple(map(tuple, classes)), contains, np.bincount(number), np.array(values, dtype=np.int64))

    def parts(self, each: Ints) -> Ints:
        """Return the price of each bundle, in parts, at these prices of one item of each class."""
        total: Ints = self.contains @ (each * self.sizes)
        return total

    def sold(self, parts: Ints) -> tuple[int, int]:
        """Return the revenue in minor units and the number of buyers when the bundles cost so many parts."""
        buys = parts <= self.values * PARTS
        return int((-(-parts[buys] // PARTS)).sum()), int(buys.sum())

    def outcome(self, name: str, *lists: Ints) -> Outcome:
        """Return what the greatest of some lists of class prices earns."""
        revenue, buyers = self.sold(np.max([self.parts(each) for each in lists], axis=0))
        return Outcome(name, Pricing(0, tuple(self._by_item(each) for each in lists)), revenue, buyers)

    def _by_item(self, each: Ints) -> Mapping[int, int]:
        return {item: int(each[index]) for index in np.flatnonzero(each) for item in self.classes[index]}


def every_outcome(market: Market, progress: Progress = silent) -> tuple[Outcome, ...]:
    """Run all six algorithms; simpler ones come first. At most 32 programmes for LPIP and one for each capacity for CIP, each a step."""
    thresholds, capacities = _thresholds(market), _capacities(market)
    programmes = [partial(_prices_within, market, rows) for rows in thresholds]
    programmes += [partial(_dual_prices, market, capacity) for capacity in capacities]
    prices = [solve() for solve in counted(programmes, progress)]
    threshold, capacity = (
        max(found, key=lambda each: market.sold(market.parts(each))[0]) for found in (prices[: len(thresholds)], prices[len(thresholds) :])
    )
    return (
        flat_price(market),
        uniform_item_price(market),
        market.outcome("layering", layer_prices(market)),
        market.outcome("lp_item_prices", threshold),
        market.outcome("capacity_item_prices", capacity),
        market.outcome("greater_of_two", threshold, capacity),
    )


def best_outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of greatest revenue; the earlier, simpler one if several earn it."""
    return max(outcomes, key=lambda outcome: outcome.revenue)


def flat_price(market: Market) -> Outcome:
    """Return the best single price for any bundle (UBP): within O(log m) of the sum of values. O(m log m); the lowest such price."""
    values = np.sort(market.values)
    revenues = [int(value) * (len(values) - index) for index, value in enumerate(values)]
    best = max(range(len(values)), key=lambda index: revenues[index])
    price = int(values[best])
    return Outcome("flat", Pricing(price, ()), revenues[best], int((values >= price).sum()))


def uniform_item_price(market: Market) -> Outcome:
    """Return the best single price for every item (UIP). O(m^2)."""
    count = market.contains @ market.sizes
    candidates = np.unique(market.values * PARTS // count)
    revenues = [market.sold(price * count)[0] for price in candidates]
    price = candidates[int(np.argmax(revenues))]
    return market.outcome("uniform_item", np.full(len(market.sizes), price, dtype=np.int64))


def layer_prices(market: Market) -> Ints:
    """Return prices that extract the whole value of the best layer (Layering): within the greatest number of bundles that share an item.

    A layer is a minimal cover of the items of the bundles left over, so each of its bundles has an item to itself, which is given the
    bundle's whole value, but for at most a part of a minor unit for each item of its class. Bundles of little value are dropped first.
    O(layers * incidences), stopping when what is left cannot win.
    """
    rows = [market.contains.indices[one:end] for one, end in zip(market.contains.indptr, market.contains.indptr[1:], strict=False)]
    left = sorted(range(len(rows)), key=lambda row: (int(market.values[row]), row))
    best, best_value = np.zeros(len(market.sizes), dtype=np.int64), -1
    while left and sum(int(market.values[row]) for row in left) > best_value:
        covered = np.zeros(len(market.sizes), dtype=np.int64)
        for row in left:
            covered[rows[row]] += 1
        layer: list[int] = []
        rest: list[int] = []
        for row in left:
            needed = bool(np.any(covered[rows[row]] == 1))
            covered[rows[row]] -= not needed
            (layer if needed else rest).append(row)
        value = sum(int(market.values[row]) for row in layer)
        if value > best_value:
            best, best_value = np.zeros(len(market.sizes), dtype=np.int64), value
            for row in layer:
                own = rows[row][covered[rows[row]] == 1][0]
                best[own] = market.values[row] * PARTS // market.sizes[own]
        left = rest
    return best


def _thresholds(market: Market) -> list[Ints]:
    """Return, for some thresholds (LPIP), the bundles of value at or above them; prices are then sought at which all of these sell."""
    order = np.argsort(-market.values, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(market.values[order]) != 0, [True])) + 1
    if len(ends) > MAX_THRESHOLDS:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, MAX_THRESHOLDS).round().astype(np.int64))]
    return [np.sort(order[:end]) for end in ends]


def _prices_within(market: Market, rows: Ints) -> Ints:
    """Return the class prices of greatest sum over some bundles, none of which costs more than its value.

    They are the duals of a programme with one variable a bundle, which is solved several times faster than the one they solve.
    """
    chosen = market.contains[rows]
    wanted = np.asarray(chosen.sum(axis=0), dtype=np.float64)
    scale = float(market.values.max()) or 1.0
    prices = _class_duals(market.values[rows] / scale, -chosen.T.tocsr(), -wanted, None)
    return _within_values(market, rows, _whole(market, np.where(wanted > 0, prices, 0) * scale))


def _class_duals(cost: Floats, rows: scipy.sparse.csr_array, right: Floats, most: int | None) -> Floats:
    """Return what one more of each class's right side saves, where x between zero and ``most`` has least cost and ``rows @ x <= right``.

    Zeros if the solver gives up: poor prices, but prices.
    """
    solve = scipy.optimize.linprog
    solved = solve(cost, A_ub=rows.astype(np.float64), b_ub=right, bounds=(0, most), method="highs")  # type: ignore[call-overload]
    duals: Floats = np.zeros(len(right)) if solved.x is None else -solved.ineqlin.marginals
    return duals


def _whole(market: Market, totals: Floats) -> Ints:
    """Return whole parts for one item of each class from the price of the whole class, rounded down."""
    whole: Ints = np.floor(np.maximum(totals, 0) * PARTS / market.sizes + 1e-6).astype(np.int64)
    return whole


def _within_values(market: Market, rows: Ints, each: Ints) -> Ints:
    """Lower prices where rounding in the programme left a bundle above its value, by what is above it, first class first."""
    each = each.copy()
    for row in rows[market.parts(each)[rows] > market.values[rows] * PARTS]:
        classes = market.contains.indices[market.contains.indptr[row] : market.contains.indptr[row + 1]]
        above = int((each[classes] * market.sizes[classes]).sum()) - int(market.values[row]) * PARTS
        for index in classes:
            if above <= 0:
                break
            cut = min(int(each[index]), -(-above // int(market.sizes[index])))
            each[index] -= cut
            above -= cut * int(market.sizes[index])
    return each


def _capacities(market: Market) -> list[int]:
    """Return the capacities to try (CIP): they double from one to the greatest number of bundles that share an item."""
    busiest = int(market.contains.sum(axis=0).max())
    doublings = (busiest - 1).bit_length() + 1
    return [min(busiest, 1 << doubling) for doubling in range(doublings)]


def _dual_prices(market: Market, capacity: int) -> Ints:
    """Return item prices for a capacity: the dual prices of items when only so many buyers can have each."""
    scale = float(market.values.max()) or 1.0
    limits = np.full(len(market.sizes), float(capacity))
    return _whole(market, _class_duals(-market.values / scale, market.contains.T.tocsr(), limits, 1) * scale)
