"""Sealed bids for one copy or for k equal copies: first price, second price and uniform price, as pure functions on integers."""

from __future__ import annotations

from collections.abc import Sequence

from pricing.engines.auctions.outcome import Outcome, at_one_price


def ranked(bids: Sequence[int], reserve: int = 0) -> list[int]:
    """Return the indices of the bids at or above the reserve, highest first; of equal bids the earlier comes first. O(n log n)."""
    return sorted((index for index, bid in enumerate(bids) if bid >= reserve), key=lambda index: (-bids[index], index))


def first_price(bids: Sequence[int], *, reserve: int = 0) -> Outcome:
    """Sell one copy to the highest bid, at that bid.

    Also the outcome of a Dutch clock that falls until somebody stops it (Vickrey 1961).

    Args:
        bids: minor units, not negative, in order of arrival; shape ``(n,)``.
        reserve: the least price at which the seller sells, in minor units.
    """
    order = ranked(bids, reserve)[:1]
    return at_one_price(len(bids), order, bids[order[0]] if order else 0)


def uniform_price(bids: Sequence[int], *, reserve: int = 0, units: int = 1) -> Outcome:
    """Sell up to ``units`` equal copies, one to each of the highest bids, all at the highest rejected bid or the reserve if that is more.

    With one copy this is Vickrey's second price. Truthful where each bidder wants one copy, since nobody's own bid sets the price that
    the bidder pays. O(n log n).

    Source: Vickrey, Counterspeculation, auctions, and competitive sealed tenders, Journal of Finance 16 (1961); Krishna, Auction Theory.
    """
    order = ranked(bids, reserve)
    return at_one_price(len(bids), order[:units], bids[order[units]] if len(order) > units else reserve)


def second_price(bids: Sequence[int], *, reserve: int = 0) -> Outcome:
    """Sell one copy to the highest bid, at the second highest bid or the reserve if that is more.

    Also where an English auction ends under private values: it stops as the last rival drops out (Vickrey 1961).
    """
    return uniform_price(bids, reserve=reserve)


def least_winning_bid(bids: Sequence[int], winner: int, *, reserve: int = 0) -> int:
    """Return the least bid with which the winner of one copy would still have won, in minor units, the others' bids as they are."""
    rivals = [(bid + (index < winner)) for index, bid in enumerate(bids) if index != winner and bid >= reserve]
    return max([reserve, *rivals])
