"""The two classical statements about an auction's expected revenue, integrated exactly over values uniform on [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from pricing.engines.auctions.outcome import Outcome
from pricing.engines.checkers.property import Property, Witness

REVENUE_EQUIVALENT: Final = "revenue_equivalent"
ONE_MORE_BIDDER: Final = "one_more_bidder"

Rule = Callable[[Sequence[int], int], Outcome]
"""From bids and a reserve, in minor units, to an outcome."""


@dataclass(frozen=True, slots=True)
class Played:
    """A rule and how it is played: the bid for each value, which must be affine in the value."""

    rule: Rule
    bid: Callable[[Fraction], Fraction] = lambda value: value


def uniform_revenue(played: Played, bidders: int, reserve: Fraction = Fraction(0)) -> Fraction:
    """Return the exact expected revenue where values are independent and uniform on [0, 1].

    Given how many values reach the reserve, those above it and those below it are uniform on their parts, and the revenue is affine in
    the sorted values; so its mean is the revenue at the mean of the sorted values, which lie evenly. O(n) runs of the rule.

    Args:
        played: a rule that treats bidders alike and whose revenue is affine in the bids while their order stays.
        bidders: how many, at least 1.
        reserve: from 0 to below 1.
    """
    total = Fraction(0)
    for above in range(bidders + 1):
        chance = math.comb(bidders, above) * (1 - reserve) ** above * reserve ** (bidders - above)
        high = [reserve + (1 - reserve) * Fraction(place, above + 1) for place in range(above, 0, -1)]
        low = [reserve * Fraction(place, bidders - above + 1) for place in range(bidders - above, 0, -1)]
        bids = [played.bid(value) for value in (*high, *low)]
        scale = math.lcm(reserve.denominator, *(bid.denominator for bid in bids))
        total += chance * Fraction(sum(played.rule([int(bid * scale) for bid in bids], int(reserve * scale)).pays), scale)
    return total


def revenue_equivalent(rules: Mapping[str, Played], bidders: int) -> Witness | None:
    """Check that these rules, each played in its equilibrium, bring the same expected revenue.

    They give the copy to the highest value and nothing to the lowest, so the revenue equivalence theorem says that they must.

    Source: Myerson, Optimal auction design, Mathematics of Operations Research 6 (1981).
    """
    revenues = {name: uniform_revenue(played, bidders) for name, played in rules.items()}
    if len(set(revenues.values())) <= 1:
        return None
    return {name: str(revenue) for name, revenue in revenues.items()}


def one_more_bidder(played: Played, bidders: int, best_reserve: Fraction) -> Witness | None:
    """Check that one more bidder, without a reserve, is worth at least the best reserve.

    Source: Bulow and Klemperer, Auctions versus negotiations, American Economic Review 86 (1996).
    """
    more, best = uniform_revenue(played, bidders + 1), uniform_revenue(played, bidders, best_reserve)
    return None if more >= best else {"one_more_bidder": str(more), "best_reserve": str(best)}


PROPERTIES: Final = (
    Property(
        14,
        REVENUE_EQUIVALENT,
        revenue_equivalent,
        ("Rules with the same winner bring the same expected revenue", "成交者相同的规则，期望收入相同"),
    ),
    Property(
        15,
        ONE_MORE_BIDDER,
        one_more_bidder,
        ("One more bidder is worth at least the best reserve price", "多一位竞买人，收益不低于最优保留价"),
    ),
)
