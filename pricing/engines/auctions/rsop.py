"""The random sampling optimal price auction: each half of the bids is offered the price that would have been best for the other half."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from pricing.engines import draws
from pricing.engines.auctions.outcome import Outcome

MAX_ENUMERATED: Final = 12


def best_price(bids: Sequence[int]) -> int | None:
    """Return the price at which these bidders would bring the most, in minor units; None where every bid is zero or there is none.

    A price no bid names is never better, since the next bid above it serves the same buyers. Of equally good prices the lowest is taken,
    which serves most. O(n log n).
    """
    best, price = 0, None
    for count, bid in enumerate(sorted(bids, reverse=True), start=1):
        if bid and count * bid >= best:
            best, price = count * bid, bid
    return price


def best_revenue(bids: Sequence[int], *, buyers: int = 1) -> int:
    """Return the most that one price for all brings from at least so many buyers, in minor units; F for one buyer, F(2) for two."""
    ordered = sorted(bids, reverse=True)
    return max((count * bid for count, bid in enumerate(ordered, start=1) if count >= buyers), default=0)


def halves(seed: int, size: int) -> list[bool]:
    """Return for each bid, by its place, whether it falls into half B: a fair coin each, from the seed alone."""
    return [bool(coin) for coin in draws.bits(seed, "halves", 1, size)[0]]


def offered(bids: Sequence[int], in_b: Sequence[bool]) -> tuple[int | None, int | None]:
    """Return the prices offered to half A and to half B, each the best price of the other half; None where that half names no price."""
    sides = [[bid for bid, other in zip(bids, in_b, strict=True) if other is side] for side in (True, False)]
    return best_price(sides[0]), best_price(sides[1])


def random_sampling(bids: Sequence[int], in_b: Sequence[bool]) -> Outcome:
    """Sell a copy to each bid that reaches the price offered to its half, at that price; a half without an offer buys nothing.

    Truthful for every division into halves, since nobody's bid takes part in the price that is offered to it. O(n log n).

    Args:
        bids: minor units, not negative; shape ``(n,)``.
        in_b: which half each is in; chosen without regard to the bids.

    Source: Goldberg, Hartline, Karlin, Saks and Wright, Competitive auctions, Games and Economic Behavior 55 (2006).
    """
    prices = offered(bids, in_b)
    pays = [prices[side] for side in in_b]
    won = [price is not None and bid >= price for bid, price in zip(bids, pays, strict=True)]
    return Outcome(tuple(map(int, won)), tuple((price or 0) if wins else 0 for price, wins in zip(pays, won, strict=True)))


def expected_revenue(bids: Sequence[int]) -> Fraction:
    """Return the exact mean revenue over all divisions into halves, in minor units. O(2^n n log n), for at most 12 bids.

    Swapping the halves changes no revenue, so the first bid may be kept in half A.

    Raises:
        ValueError: more than ``MAX_ENUMERATED`` bids.
    """
    size = len(bids)
    if size > MAX_ENUMERATED:
        message = f"{size} bids are too many to enumerate"
        raise ValueError(message)
    divisions = 2 ** max(size - 1, 0)
    total = sum(
        sum(random_sampling(bids, [False, *(bool(code >> place & 1) for place in range(size - 1))][:size]).pays)
        for code in range(divisions)
    )
    return Fraction(total, divisions)
