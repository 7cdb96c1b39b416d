"""The checkers of auctions and exchanges: each tries to catch a mechanism breaking a promise, and returns how.

A mechanism is given as a callable, so that the tests can hand in a wrong one. Everything is in whole minor units. For a mechanism that
draws at random the callable has its seed fixed: what holds for every seed holds whatever is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from pricing.engines import draws
from pricing.engines.auctions.outcome import Choice, Mechanism, Outcome
from pricing.engines.checkers.property import Property, Witness

TRIES: Final = 1_000
Report = TypeVar("Report")
Report_contra = TypeVar("Report_contra", contravariant=True)

TRUTHFUL: Final = "truthful"
INDIVIDUALLY_RATIONAL: Final = "individually_rational"
THRESHOLD_PAYMENT: Final = "threshold_payment"
MONOTONE_ALLOCATION: Final = "monotone_allocation"
BUDGET_BALANCED: Final = "budget_balanced"
STRONGLY_BALANCED: Final = "strongly_balanced"
EFFICIENT: Final = "efficient"
ONE_TRADE_LOST: Final = "at_most_one_trade_lost"
ENVY_FREE: Final = "envy_free"
SMALLEST_PRICES: Final = "smallest_competitive_prices"
ANONYMOUS: Final = "anonymous"
SCALE_EQUIVARIANT: Final = "scale_equivariant"


class Result(Protocol[Report_contra]):
    """What a mechanism answers, as far as a participant's own interest goes: ``Outcome`` or ``Choice``."""

    @property
    def pays(self) -> tuple[int, ...]:
        """Minor units that each pays."""

    def trades(self, index: int) -> bool:
        """Say whether a participant got or gave anything."""

    def utility(self, index: int, value: Report_contra) -> int:
        """Return what a participant gains if that is its true value."""


def replaced(reports: Sequence[Report], index: int, report: Report) -> list[Report]:
    """Return the reports with one participant's replaced."""
    return [*reports[:index], report, *reports[index + 1 :]]


def truthful(
    mechanism: Callable[[Sequence[Report]], Result[Report]],
    values: Sequence[Report],
    deviations: Callable[[int], Iterable[Report]],
) -> Witness | None:
    """Look for a participant who gains by reporting anything but the truth while the others report ``values`` (ex-post regret 0).

    Args:
        mechanism: from all reports to a result.
        values: the true values.
        deviations: by participant, what else to try: ``bid_deviations`` or ``row_deviations``.
    """
    honest = mechanism(values)
    for index, value in enumerate(values):
        for report in deviations(index):
            gain = mechanism(replaced(values, index, report)).utility(index, value) - honest.utility(index, value)
            if gain > 0:
                return {"participant": index, "value": str(value), "report": str(report), "gain": gain}
    return None


def bid_deviations(
    mechanism: Mechanism, values: Sequence[int], *, reserve: int = 0, seed: int = 0, tries: int = TRIES
) -> Callable[[int], list[int]]:
    """Return, by participant, the bids worth trying.

    Outcomes only change where a bid passes a rival's, the reserve or the own critical bid, so those, one minor unit to each side, zero and
    a bid above all others would do; ``tries`` bids drawn from the seed guard against a mechanism of which that is not true.
    """
    top = 2 * max([*values, reserve, 1]) + 2

    def of(index: int) -> list[int]:
        rivals = [*values[:index], *values[index + 1 :]]
        marks = {mark + step for mark in (*rivals, reserve, critical_bid(mechanism, values, index, top)) for step in (-1, 0, 1)}
        drawn = {int(word) * top >> 64 for word in draws.words(seed, f"deviation {index}", tries)}
        return sorted(bid for bid in marks | drawn | {0, top} if bid >= 0)

    return of


def critical_bid(mechanism: Mechanism, values: Sequence[int], index: int, top: int) -> int:
    """Return the least bid up to ``top`` that gets a participant more units than a bid of zero does (``top`` if none), by bisection."""

    def units(bid: int) -> int:
        return mechanism(replaced(values, index, bid)).units[index]

    low, high, least = 0, top, units(0)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if units(middle) > least else (middle + 1, high)
    return low


def row_deviations(values: Sequence[Sequence[int]], *, seed: int = 0, tries: int = TRIES) -> Callable[[int], list[list[int]]]:
    """Return, by bidder, the rows of values worth trying, ``tries`` of them drawn from the seed.

    The others are nothing, everything overstated, and one alternative overstated, struck out or moved by one minor unit.
    """
    top = 2 * max((value for row in values for value in row), default=0) + 2

    def of(index: int) -> list[list[int]]:
        row = list(values[index])
        changed = [replaced(row, place, new) for place, value in enumerate(row) for new in (0, value - 1, value + 1, top) if new >= 0]
        words = draws.words(seed, f"deviation {index}", tries * len(row)).reshape(tries, len(row))
        return [[0] * len(row), [top] * len(row), *changed, *([int(word) * top >> 64 for word in drawn] for drawn in words)]

    return of


def individually_rational(result: Result[Report], values: Sequence[Report]) -> Witness | None:
    """Check that nobody who reports the truth loses, and that who gets nothing pays nothing."""
    for index, value in enumerate(values):
        if result.utility(index, value) < 0 or (not result.trades(index) and result.pays[index]):
            return {"participant": index, "value": str(value), "pays": result.pays[index]}
    return None


def threshold_payment(mechanism: Mechanism, bids: Sequence[int]) -> Witness | None:
    """Check that everybody who trades does so at the critical bid: with any better bid it still trades, with any worse one it does not.

    The bids next to the price decide it where the allocation is monotone. A buyer's better bid is a higher one, a seller's a lower one.
    """
    outcome = mechanism(bids)
    for index in range(len(bids)):
        units, price = outcome.units[index], abs(outcome.pays[index])
        for step, trades in ((units, True), (-units, False)):
            bid = price + step
            if not units or bid < 0:
                continue
            if (mechanism(replaced(bids, index, bid)).units[index] == units) is not trades:
                return {"participant": index, "price": price, "bid": bid}
    return None


def monotone_allocation(mechanism: Mechanism, bids: Sequence[int], deviations: Callable[[int], Iterable[int]]) -> Witness | None:
    """Check that raising the own bid never gets a buyer less, and never makes a seller sell that did not."""
    for index in range(len(bids)):
        before: tuple[int, int] | None = None
        for bid in sorted(deviations(index)):
            units = mechanism(replaced(bids, index, bid)).units[index]
            if before is not None and units < before[1]:
                return {"participant": index, "lower_bid": before[0], "higher_bid": bid}
            before = (bid, units)
    return None


def budget_balanced(outcome: Outcome) -> Witness | None:
    """Check that the buyers pay at least what the sellers receive; otherwise report the deficit, in minor units (weak balance)."""
    surplus = sum(outcome.pays)
    return None if surplus >= 0 else {"deficit": -surplus}


def strongly_balanced(outcome: Outcome) -> Witness | None:
    """Check that the buyers pay exactly what the sellers receive; otherwise report what is left, which is negative for a deficit."""
    surplus = sum(outcome.pays)
    return {"surplus": surplus} if surplus else None


def efficient(reached: int, most: int) -> Witness | None:
    """Check that the gains reached are all that could be reached at the reported values, in minor units.

    ``most`` is the greatest sum over all allocations: tried one by one, or bounded from above by prices (linear programming duality).
    """
    return None if reached >= most else {"reached": reached, "most": most}


def at_most_one_trade_lost(gains: int, most: int, trades: int) -> Witness | None:
    """Check that the gains are at least (1 - 1/k) of the greatest possible, where the efficient number of trades is k."""
    return None if gains * trades >= (trades - 1) * most else {"gains": gains, "most": most, "trades": trades}


def envy_free(values: NDArray[np.int64], chosen: Sequence[int], prices: NDArray[np.int64]) -> Witness | None:
    """Check that at these item prices each bidder likes what it gets best, nothing included, and that no unsold item has a price.

    Such prices prove the assignment efficient: the prices and the bidders' gains are a dual solution of equal value. O(n m).

    Args:
        values: minor units; shape ``(bidders, items)``.
        chosen: the item of each bidder, -1 for none.
        prices: minor units, not negative; shape ``(items,)``.
    """
    unsold = sorted(item for item in np.flatnonzero(prices).tolist() if item not in set(chosen))
    if unsold:
        return {"unsold": unsold[0], "price": int(prices[unsold[0]])}
    gains = values - prices
    for bidder, item in enumerate(chosen):
        best = int(gains[bidder].argmax())
        own = int(gains[bidder, item]) if item >= 0 else 0
        if own < max(int(gains[bidder, best]), 0):
            return {"bidder": bidder, "gets": item, "prefers": best if gains[bidder, best] > 0 else -1}
    return None


def smallest_prices(values: NDArray[np.int64], choice: Choice, most: Callable[[NDArray[np.int64]], int]) -> Witness | None:
    """Check that each bidder pays what its presence costs the others, which is the smallest competitive price of its item.

    Args:
        values: minor units; shape ``(bidders, items)``.
        choice: who gets which item at what price.
        most: the greatest total value of an assignment, by any means.

    Source: Leonard, Elicitation of honest preferences for the assignment of individuals to positions, JPE 91 (1983).
    """
    whole = most(values)
    for bidder, item in enumerate(choice.chosen):
        others = whole - (int(values[bidder, item]) if item >= 0 else 0)
        costs = most(np.delete(values, bidder, axis=0)) - others
        if choice.pays[bidder] != costs:
            return {"bidder": bidder, "pays": choice.pays[bidder], "costs_others": costs}
    return None


def anonymous(mechanism: Mechanism, bids: Sequence[int], order: Sequence[int]) -> Witness | None:
    """Check that who bids does not matter: the same bids in another order lead to the same bids winning at the same prices.

    Only between equal bids the earlier may be preferred; so what is compared is each bid with what it gets, without the names.
    """
    first, second = mechanism(bids), mechanism([bids[index] for index in order])
    one = sorted(zip(bids, first.units, first.pays, strict=True))
    other = sorted(zip([bids[index] for index in order], second.units, second.pays, strict=True))
    differs = next((index for index in range(len(bids)) if one[index] != other[index]), None)
    return None if differs is None else {"bid": one[differs][0], "pays": one[differs][2], "then_pays": other[differs][2]}


def scale_equivariant(mechanism: Mechanism, scaled: Mechanism, bids: Sequence[int], factor: int) -> Witness | None:
    """Check that only proportions matter: all bids (and, in ``scaled``, the reserve) times a factor give all payments times that factor."""
    first, second = mechanism(bids), scaled([bid * factor for bid in bids])
    for index in range(len(bids)):
        if second.units[index] != first.units[index] or second.pays[index] != first.pays[index] * factor:
            return {"participant": index, "pays": first.pays[index], "scaled_pays": second.pays[index]}
    return None


PROPERTIES: Final = (
    Property(
        8,
        TRUTHFUL,
        truthful,
        (
            "With private values, no collusion, no false names and before fees, bidding one's true value is best, whatever others bid",
            "在私有价值、不串通、不以多个名义出价且不计费用的前提下，无论他人如何出价，如实出价最优",
        ),
    ),
    Property(
        9,
        INDIVIDUALLY_RATIONAL,
        individually_rational,
        ("Nobody who bids truly loses by it; who gets nothing pays nothing", "如实出价者不会受损，未成交者不付费"),
    ),
    Property(
        10,
        THRESHOLD_PAYMENT,
        threshold_payment,
        (
            "A buyer pays the least bid that still trades, a seller receives the highest ask that still trades, ties decided in its favour",
            "买方按仍能成交的最低出价支付，卖方按仍能成交的最高要价收款（同价时视为成交）",
        ),
    ),
    Property(10, MONOTONE_ALLOCATION, monotone_allocation, ("A higher bid never wins less", "出价越高，所得不减")),
    Property(11, BUDGET_BALANCED, budget_balanced, ("The buyers pay at least what the sellers receive", "买方支付不少于卖方所得")),
    Property(11, STRONGLY_BALANCED, strongly_balanced, ("The buyers pay exactly what the sellers receive", "买方支付恰等于卖方所得")),
    Property(12, EFFICIENT, efficient, ("No other allocation is worth more at the reported values", "按所报价值，没有更优的分配")),
    Property(12, ONE_TRADE_LOST, at_most_one_trade_lost, ("At most the least valuable trade is lost", "至多损失价值最小的一笔交易")),
    Property(13, ENVY_FREE, envy_free, ("At these prices everybody likes what it gets best", "在此价格下，各方最满意自己所得")),
    Property(13, SMALLEST_PRICES, smallest_prices, ("These are the smallest competitive prices", "此为最低竞争价格")),
    Property(
        16,
        ANONYMOUS,
        anonymous,
        ("Who bids does not matter; only the bid and, of equal bids, which came first", "结果与出价人身份无关；同价时先到者优先"),
    ),
    Property(
        16,
        SCALE_EQUIVARIANT,
        scale_equivariant,
        ("All amounts times a factor give payments times that factor", "金额同比缩放，支付同比缩放"),
    ),
)
