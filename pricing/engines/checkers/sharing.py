"""The checkers of revenue sharing: what must hold of shares, given what every coalition is worth.

A table lists the worth of the 2^n coalitions by their bits, in whole numbers; values and shares are exact and in the same unit. A rule is a
callable from a table to the values of its players.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

import numpy as np

from pricing.engines.checkers.property import Property, Witness
from pricing.engines.sharing.games import Table, coalition_sums, exact_table, players_of

Values = Sequence[Fraction]
Rule = Callable[[Sequence[int]], Values]
Similarity = Sequence[Sequence[Fraction]]
Mechanism = Callable[[Sequence[int], Similarity], Values]
"""A table and the similarity of each pair of players, to what each player receives."""
Divide = Callable[[int, Mapping[str, Fraction]], Mapping[str, int]]
"""Minor units and parts by key, to minor units by key."""

EFFICIENT: Final = "efficient_division"
SYMMETRIC: Final = "symmetric"
NULL_PLAYER: Final = "null_player"
DUMMY_PLAYER: Final = "dummy_player"
LINEAR: Final = "linear"
SEMIVALUE: Final = "semivalue_weights"
TWO_EFFICIENT: Final = "two_efficient"
IN_CORE: Final = "in_core"
LEAST_EXCESS: Final = "least_excess"
CONVEX_CORE: Final = "convex_core"
STRONG_MONOTONE: Final = "strong_monotone"
WITHIN_HALF_WIDTH: Final = "within_half_width"
UNBIASED: Final = "unbiased"
REPLICATION: Final = "replication_robust"
CENTS: Final = "cents_exact"
TRUTHFUL_GAIN: Final = "truthful_gain_bid"
WITHIN_VALUE: Final = "pays_within_value"


def efficient(values: Values, worth: Fraction) -> Witness | None:
    """Check that the values sum to what all are worth together, less what nobody is."""
    total = sum(values, Fraction(0))
    return None if total == worth else {"sum": str(total), "worth": str(worth)}


def symmetric(table: Sequence[int], values: Values) -> Witness | None:
    """Check that two players who add the same to every coalition without both have equal values. O(n^2 2^n)."""
    worth = exact_table(table)
    for one, other in itertools.combinations(range(players_of(table)), 2):
        without = _without(len(table), one, other)
        if values[one] != values[other] and bool(np.all(worth[without | 1 << one] == worth[without | 1 << other])):
            return {"one": one, "other": other, "one_value": str(values[one]), "other_value": str(values[other])}
    return None


def null_player(table: Sequence[int], values: Values) -> Witness | None:
    """Check that a player who adds nothing to any coalition has the value zero. O(n 2^n)."""
    for player, adds in _dummies(table):
        if adds == 0 and values[player] != 0:
            return {"player": player, "value": str(values[player])}
    return None


def dummy_player(table: Sequence[int], values: Values) -> Witness | None:
    """Check that a player who adds the same to every coalition has that as value. O(n 2^n)."""
    for player, adds in _dummies(table):
        if values[player] != adds:
            return {"player": player, "adds": adds, "value": str(values[player])}
    return None


def linear(rule: Rule, one: Sequence[int], other: Sequence[int], factors: tuple[int, int]) -> Witness | None:
    """Check on two games that the rule of a weighted sum of them is the weighted sum of the rule."""
    mixed = rule([factors[0] * a + factors[1] * b for a, b in zip(one, other, strict=True)])
    for player, (value, first, second) in enumerate(zip(mixed, rule(one), rule(other), strict=True)):
        if value != factors[0] * first + factors[1] * second:
            return {"player": player, "value": str(value), "sum": str(factors[0] * first + factors[1] * second)}
    return None


def semivalue_weights(weights: Values) -> Witness | None:
    """Check that the weights by coalition size are not negative and, over all coalitions of the others, sum to one."""
    total = sum((math.comb(len(weights) - 1, size) * weight for size, weight in enumerate(weights)), Fraction(0))
    return None if total == 1 and min(weights) >= 0 else {"sum": str(total), "least": str(min(weights))}


def two_efficient(rule: Rule, table: Sequence[int]) -> Witness | None:
    """Check that two players merged into one have the sum of their values, for every pair."""
    values = rule(table)
    for one, other in itertools.combinations(range(players_of(table)), 2):
        merged = rule(
            [worth for mask, worth in enumerate(table) if not mask >> other & 1 and not mask >> one & 1] + _with(table, one, other)
        )
        if merged[-1] != values[one] + values[other]:
            return {"one": one, "other": other, "merged": str(merged[-1]), "sum": str(values[one] + values[other])}
    return None


def in_core(table: Sequence[int], values: Values, excess: Fraction = Fraction(0)) -> Witness | None:
    """Check that every coalition but the empty and the whole one receives at least its worth less ``excess``; O(2^n).

    Returns:
        None, or the coalition that lacks most, by its bits.
    """
    common = math.lcm(excess.denominator, *(value.denominator for value in values))
    worth = exact_table(table) - table[0]
    lacking = (worth * common - coalition_sums([int(value * common) for value in values]))[1:-1]
    if not len(lacking) or lacking.max() <= excess * common:
        return None
    coalition = int(np.argmax(lacking)) + 1
    received = sum((value for player, value in enumerate(values) if coalition >> player & 1), Fraction(0))
    return {"coalition": coalition, "worth": str(worth[coalition]), "receives": str(received)}


def least_excess(table: Sequence[int], values: Values, excess: Fraction, balance: Mapping[int, Fraction]) -> Witness | None:
    """Check that shares sum to the whole, keep every coalition within the excess, and that a balance of coalitions proves it least.

    Weights that sum to one and weigh every player by the same q give, for any shares x: the excess is at least the weighted mean of
    v(S) - x(S), which is the weighted mean of v(S) less q v(N), whatever x is.
    """
    wrong = efficient(values, Fraction(table[-1] - table[0])) or in_core(table, values, excess)
    if wrong is not None:
        return wrong
    count = players_of(table)
    carried = {sum((weight for mask, weight in balance.items() if mask >> player & 1), Fraction(0)) for player in range(count)}
    if len(carried) != 1 or sum(balance.values()) != 1 or min(balance.values()) < 0 or not set(balance) <= set(range(1, len(table) - 1)):
        return {"balance": ", ".join(f"{mask}: {weight}" for mask, weight in balance.items())}
    bound = sum((weight * (table[mask] - table[0]) for mask, weight in balance.items()), -carried.pop() * (table[-1] - table[0]))
    return None if bound == excess else {"bound": str(bound), "excess": str(excess)}


def convex_core(table: Sequence[int], values: Values) -> Witness | None:
    """Check that the values are in the core, if the game is convex: what a player adds never falls as a coalition grows. O(n^2 2^n)."""
    worth = exact_table(table)
    for one, other in itertools.combinations(range(players_of(table)), 2):
        without = _without(len(table), one, other)
        gains = worth[without | 1 << one | 1 << other] - worth[without | 1 << one] - worth[without | 1 << other] + worth[without]
        if gains.min() < 0:
            return None
    return in_core(table, values)


def strong_monotone(rule: Rule, one: Sequence[int], other: Sequence[int]) -> Witness | None:
    """Check that a player who adds at least as much to every coalition in one game as in the other has at least the value there.

    Source: Young, Monotonic solutions of cooperative games (1985).
    """
    first, second = rule(one), rule(other)
    for player in range(players_of(one)):
        more = _gains(exact_table(one), player) - _gains(exact_table(other), player)
        if more.min() >= 0 and first[player] < second[player]:
            return {"player": player, "value": str(first[player]), "where_it_adds_less": str(second[player])}
    return None


def within_half_width(
    runs: Sequence[tuple[Values, Sequence[float]]], exact: Values, confidence: Fraction = Fraction(95, 100)
) -> Witness | None:
    """Check, for each player, that the share of runs whose estimate is within its stated half-width is at least the confidence."""
    for player, value in enumerate(exact):
        inside = sum(abs(estimates[player] - value) <= Fraction(widths[player]) for estimates, widths in runs)
        if inside < confidence * len(runs):
            return {"player": player, "inside": inside, "runs": len(runs)}
    return None


def unbiased(average: Callable[[Table], Values], exact: Values) -> Witness | None:
    """Check that an estimator that averages over orders of arrival is exact on all n! of them, so that a uniform order is unbiased."""
    every = np.array(list(itertools.permutations(range(len(exact)))), dtype=np.int64)
    for player, (mean, value) in enumerate(zip(average(every), exact, strict=True)):
        if mean != value:
            return {"player": player, "mean": str(mean), "value": str(value)}
    return None


def replication_robust(mechanism: Mechanism, table: Sequence[int], similarity: Similarity, copies: int = 1) -> Witness | None:
    """Check that no player receives more in all by entering up to so many exact copies beside itself. O(n copies) runs of the mechanism.

    A copy adds nothing where the player or another copy is present already, and is similar to the player by one.

    Returns:
        None, or the greatest gain: the player, the copies, and what it received before and after.
    """
    before = mechanism(table, similarity)
    greatest: tuple[Fraction, Witness] | None = None
    for player in range(players_of(table)):
        grown, alike = table, similarity
        for entered in range(1, copies + 1):
            grown, alike = replicated(grown, alike, player)
            values = mechanism(grown, alike)
            after = sum(values[players_of(table) :], values[player])
            if after > before[player] and (greatest is None or after - before[player] > greatest[0]):
                witness: Witness = {"player": player, "copies": entered, "before": str(before[player]), "after": str(after)}
                greatest = after - before[player], witness
    return greatest[1] if greatest else None


def replicated(table: Sequence[int], similarity: Similarity, player: int) -> tuple[list[int], list[list[Fraction]]]:
    """Return the table and the similarities with one exact copy of a player as a new last player."""
    row = list(similarity[player])
    row[player] = Fraction(1)
    alike = [[*others, like] for others, like in zip(similarity, row, strict=True)]
    return [*table, *(table[mask | 1 << player] for mask in range(len(table)))], [*alike, [*row, Fraction(1)]]


def cents_exact(amount_minor: int, parts: Mapping[str, Fraction], divide: Divide) -> Witness | None:
    """Check that whole shares sum to the amount, each within one of its exact part, and do not depend on the order of the holders.

    Ties that go by position would fail even as multisets: 100 in parts 2/3, 1/6, 1/6 leaves two units for three equal remainders, which
    gives 67, 17, 16 in this order and 66, 17, 17 in reverse. So ties must go by key.

    Args:
        amount_minor: what is divided.
        parts: by key; sum to one.
        divide: the division that is judged.
    """
    shares = divide(amount_minor, parts)
    if sum(shares.values()) != amount_minor:
        return {"sum": sum(shares.values()), "amount": amount_minor}
    for key, part in parts.items():
        if abs(shares[key] - amount_minor * part) >= 1:
            return {"holder": key, "share": shares[key], "exact": str(amount_minor * part)}
    for order in (list(parts)[::-1], sorted(parts), sorted(parts, key=lambda key: parts[key])):
        other = divide(amount_minor, {key: parts[key] for key in order})
        for key, share in shares.items():
            if other[key] != share:
                return {"holder": key, "share": share, "in_other_order": other[key]}
    return None


def truthful_gain_bid(charge: Callable[[Fraction], tuple[Fraction, Fraction]], values: Sequence[Fraction]) -> Witness | None:
    """Check that no buyer of gain does better by another bid than the value: v G(v) - pay(v) >= v G(b) - pay(b) for all v and b tried.

    A gain in steps or straight pieces makes the difference piecewise a polynomial of degree two at most; the ends of the pieces are where
    to look.

    Args:
        charge: a bid to the gain that it gets and what it pays.
        values: values and bids to try, each against each.
    """
    offers = {bid: charge(bid) for bid in values}
    for value in values:
        gain, payment = offers[value]
        for bid, (other_gain, other_payment) in offers.items():
            if value * other_gain - other_payment > value * gain - payment:
                return {"value": str(value), "bid": str(bid), "better_by": str(value * (other_gain - gain) - other_payment + payment)}
    return None


def pays_within_value(charge: Callable[[Fraction], tuple[Fraction, Fraction]], values: Sequence[Fraction]) -> Witness | None:
    """Check that a buyer who bids the value pays at least nothing and at most what the gain is worth at that value."""
    for value in values:
        gain, payment = charge(value)
        if not 0 <= payment <= value * gain:
            return {"value": str(value), "worth": str(value * gain), "payment": str(payment)}
    return None


def _without(coalitions: int, *players: int) -> Table:
    """Return the coalitions that hold none of the players."""
    masks = np.arange(coalitions)
    without: Table = masks[(masks & sum(1 << player for player in players)) == 0]
    return without


def _gains(worth: Table, player: int) -> Table:
    without = _without(len(worth), player)
    gained: Table = worth[without | 1 << player] - worth[without]
    return gained


def _dummies(table: Sequence[int]) -> list[tuple[int, int]]:
    """Return the players who add the same to every coalition, and what they add."""
    worth = exact_table(table)
    gains = ((player, _gains(worth, player)) for player in range(players_of(table)))
    return [(player, int(gained[0])) for player, gained in gains if bool(np.all(gained == gained[0]))]


def _with(table: Sequence[int], one: int, other: int) -> list[int]:
    """Return the coalitions that hold both players, in the order of what else they hold."""
    return [worth for mask, worth in enumerate(table) if mask >> one & 1 and mask >> other & 1]


PROPERTIES: Final = (
    Property(8, TRUTHFUL_GAIN, truthful_gain_bid, ("No bid serves the buyer better than the true value", "如实出价对买方最有利")),
    Property(9, WITHIN_VALUE, pays_within_value, ("The buyer never pays more than the bid is worth", "买方支付不超过出价对应的价值")),
    Property(22, EFFICIENT, efficient, ("The shares sum to what all are worth together", "各方份额之和等于整体价值")),
    Property(23, SYMMETRIC, symmetric, ("Those who contribute alike receive alike", "贡献相同者所得相同")),
    Property(24, NULL_PLAYER, null_player, ("Who adds nothing to any coalition receives nothing", "对任何联盟均无贡献者所得为零")),
    Property(
        24,
        DUMMY_PLAYER,
        dummy_player,
        ("Who adds the same to every coalition receives exactly that", "对每个联盟贡献恒定者所得恰为该贡献"),
    ),
    Property(25, LINEAR, linear, ("The values of a sum of games are the sum of the values", "博弈之和的价值等于各博弈价值之和")),
    Property(
        26, SEMIVALUE, semivalue_weights, ("The weights of all coalitions of the others sum to one", "其他各方全部联盟的权重之和为一")
    ),
    Property(27, TWO_EFFICIENT, two_efficient, ("Two who merge receive what both did", "两方合并后所得等于原两方之和")),
    Property(28, IN_CORE, in_core, ("No group could do better on its own", "任何子联盟单独行动都不会更好")),
    Property(28, LEAST_EXCESS, least_excess, ("No division keeps every group's complaint smaller", "任何分配都不能使最大不满更小")),
    Property(
        28, CONVEX_CORE, convex_core, ("If contributions never fall as groups grow, no group could do better", "凸博弈的夏普利值位于核中")
    ),
    Property(29, STRONG_MONOTONE, strong_monotone, ("Who contributes more receives no less", "贡献增加者所得不减")),
    Property(31, UNBIASED, unbiased, ("The estimate is right on average", "估计是无偏的")),
    Property(
        31,
        WITHIN_HALF_WIDTH,
        within_half_width,
        ("The estimate is within its half-width at the stated confidence", "估计误差以所述置信度不超过半宽"),
    ),
    Property(32, REPLICATION, replication_robust, ("Entering copies of one's own data gains nothing", "复制自身数据参与不会多得")),
    Property(
        33,
        CENTS,
        cents_exact,
        ("Whole shares sum to the amount, each within one minor unit", "整数份额之和等于总额，各误差不足一个最小单位"),
    ),
)
