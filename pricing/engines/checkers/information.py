"""The checkers of information products: no cheaper way to the same by parts, by averaging, by asking again or by another query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from itertools import pairwise, permutations, product
from typing import Final

from pricing.engines.checkers.property import Property, Witness

Price = Callable[[AbstractSet[int]], "Fraction | int"]
"""What a set of items (support elements, views) costs."""

BUNDLE_MONOTONE: Final = "bundle_monotone"
BUNDLE_SUBADDITIVE: Final = "bundle_subadditive"
INFORMATION_MONOTONE: Final = "information_monotone"
NEVER_CHARGED_TWICE: Final = "never_charged_twice"
NOISE_MONOTONE: Final = "noise_monotone"
NOISE_SUBADDITIVE: Final = "noise_subadditive"
COMBINATIONS_SUBADDITIVE: Final = "combinations_subadditive"
PRICE_POINTS: Final = "price_points"
WITHIN_BUDGET: Final = "within_budget"
OWNERS_COMPENSATED: Final = "owners_compensated"
OFFERS_MONOTONE: Final = "offers_monotone"

MAX_ORDERS: Final = 5
MULTIPLES: Final = (Fraction(-1), Fraction(1, 3), Fraction(10))
"""An answer so many times as large, with the noise that it then has, gives back the answer itself."""


def bundle_monotone(price: Price, bundles: Sequence[AbstractSet[int]]) -> Witness | None:
    """Check that adding one bundle to another never makes it cheaper: p(A) <= p(A or B), for all pairs. O(n^2) prices."""
    for one, other in product(range(len(bundles)), repeat=2):
        if price(bundles[one]) > price(bundles[one] | bundles[other]):
            return {"one": one, "other": other}
    return None


def bundle_subadditive(price: Price, bundles: Sequence[AbstractSet[int]]) -> Witness | None:
    """Check that two bundles together never cost more than apart: p(A or B) <= p(A) + p(B), for all pairs. O(n^2) prices."""
    for one, other in product(range(len(bundles)), repeat=2):
        if price(bundles[one] | bundles[other]) > price(bundles[one]) + price(bundles[other]):
            return {"one": one, "other": other}
    return None


def information_monotone(conflicts: Sequence[AbstractSet[int]], prices: Sequence[Fraction | int]) -> Witness | None:
    """Check that a query which tells no more never costs more: C(B) within C(A) implies p(B) <= p(A), for all pairs.

    If A determines B, any database that answers A alike answers B alike, so C(B) lies within C(A).
    """
    for more, less in product(range(len(conflicts)), repeat=2):
        if conflicts[less] <= conflicts[more] and prices[less] > prices[more]:
            return {"more": more, "less": less}
    return None


def never_charged_twice(charge: Callable[[Sequence[int], int], int], together: int, count: int) -> Witness | None:
    """Check that the charges for ``count`` queries, asked in any order, sum to the price of them all together.

    Args:
        charge: the charge for one query (an index) after the ones asked before, in minor units.
        together: the price of all at once.
        count: at most ``MAX_ORDERS``; all orders are tried.
    """
    for order in permutations(range(min(count, MAX_ORDERS))):
        total = sum(charge(order[:place], query) for place, query in enumerate(order))
        if total != together:
            return {"order": " ".join(map(str, order)), "total": total, "together": together}
    return None


def price_points(price: Price, points: Sequence[tuple[AbstractSet[int], Fraction | int]]) -> Witness | None:
    """Check that every view the seller priced costs exactly that."""
    for index, (view, stated) in enumerate(points):
        if price(view) != stated:
            return {"point": index, "price": str(price(view)), "stated": str(stated)}
    return None


def noise_monotone(price: Callable[[Fraction], Fraction | int], precisions: Sequence[Fraction]) -> Witness | None:
    """Check that a more precise release never costs less, over all pairs of the precisions given."""
    ordered = sorted(precisions)
    for less, more in pairwise(ordered):
        if price(less) > price(more):
            return {"less": str(less), "more": str(more)}
    return None


def noise_subadditive(price: Callable[[Fraction], Fraction | int], precisions: Sequence[Fraction]) -> Witness | None:
    """Check that averaging two releases is no cheaper than the release as precise as their best average, over all pairs.

    The average of releases of variance v and w with the best weights has variance 1 / (1/v + 1/w): precisions add. Other weights do worse,
    so with ``noise_monotone`` this covers every average.
    """
    for one, other in product(precisions, repeat=2):
        if price(one + other) > price(one) + price(other):
            return {"one": str(one), "other": str(other)}
    return None


def combinations_subadditive(
    price: Callable[[Sequence[Fraction], Fraction], Fraction | int], answers: Sequence[tuple[Sequence[Fraction], Fraction]]
) -> Witness | None:
    """Check that no multiple of a noisy linear answer, and no sum or difference of two, is cheaper than the answer it amounts to.

    Args:
        price: what an answer costs, by its weights and its variance.
        answers: pairs of weights, all of one length, and a positive variance; each is tried at ``MULTIPLES``, and with every other.
    """
    for (one, (weights, variance)), times in product(enumerate(answers), MULTIPLES):
        if price(weights, variance) > price([times * each for each in weights], times**2 * variance):
            return {"one": one, "times": str(times)}
    for (one, (weights, variance)), (other, (others, noise)) in product(enumerate(answers), repeat=2):
        for sign in (1, -1):
            together = price([a + sign * b for a, b in zip(weights, others, strict=True)], variance + noise)
            if together > price(weights, variance) + price(others, noise):
                return {"one": one, "other": other, "sign": sign}
    return None


def within_budget(payments: Sequence[int], budget: int) -> Witness | None:
    """Check that the payments to owners are not negative and sum to at most the budget, in minor units."""
    total = sum(payments)
    return None if total <= budget and min(payments, default=0) >= 0 else {"total": total, "budget": budget}


def owners_compensated(payments: Sequence[int], squared_costs: Sequence[Fraction]) -> Witness | None:
    """Check that each owner is paid at least what the loss of privacy costs them.

    Args:
        payments: minor units, not negative.
        squared_costs: the square of each owner's cost in minor units; costs may be square roots, their squares are exact.
    """
    for index, (payment, squared) in enumerate(zip(payments, squared_costs, strict=True)):
        if payment < 0 or payment * payment < squared:
            return {"owner": index, "payment": payment}
    return None


def offers_monotone(bought: Callable[[Sequence[int]], Sequence[int]], costs: Sequence[int]) -> Witness | None:
    """Check that an owner who is bought from still is after asking less, and is paid no less for it.

    Args:
        bought: the mechanism: payments by owner for these costs, zero for those not bought from.
        costs: whole numbers; each winner's cost is lowered to every smaller cost in turn and to zero.
    """
    paid = bought(costs)
    for owner, payment in enumerate(paid):
        for lower in sorted({0, *(cost for cost in costs if cost < costs[owner])}) if payment else ():
            again = bought([lower if index == owner else cost for index, cost in enumerate(costs)])[owner]
            if again < payment:
                return {"owner": owner, "lower": lower, "payment": again}
    return None


PROPERTIES: Final = (
    Property(1, BUNDLE_MONOTONE, bundle_monotone, ("Adding to a bundle never makes it cheaper", "增加内容，组合价格不降")),
    Property(2, BUNDLE_SUBADDITIVE, bundle_subadditive, ("Buying in parts never costs less than together", "分开购买不会比合并购买更便宜")),
    Property(
        3,
        INFORMATION_MONOTONE,
        information_monotone,
        ("What one answer determines never costs more than that answer", "可由某答案推出的信息，价格不高于该答案"),
    ),
    Property(4, NEVER_CHARGED_TWICE, never_charged_twice, ("Information bought before is never charged again", "已购信息不重复收费")),
    Property(6, NOISE_MONOTONE, noise_monotone, ("Less noise never costs less", "噪声越小，价格不降")),
    Property(
        6,
        NOISE_SUBADDITIVE,
        noise_subadditive,
        ("Averaging noisy releases never costs less than the precise one", "对多份含噪版本取平均不会更便宜"),
    ),
    Property(
        6,
        COMBINATIONS_SUBADDITIVE,
        combinations_subadditive,
        ("No combination of noisy answers is cheaper than the answer it gives", "组合多个含噪答案不会比直接购买更便宜"),
    ),
    Property(7, PRICE_POINTS, price_points, ("The seller's price points are met exactly", "卖方指定的价格点严格成立")),
    Property(20, WITHIN_BUDGET, within_budget, ("The payments to owners stay within the budget", "支付给数据主体的总额不超预算")),
    Property(
        20,
        OWNERS_COMPENSATED,
        owners_compensated,
        ("Each owner is paid at least the stated cost of the privacy lost", "每位数据主体所得不低于其申报的隐私成本"),
    ),
    Property(20, OFFERS_MONOTONE, offers_monotone, ("Asking less never loses a place or pay", "降低要价不会失去资格或报酬")),
)
