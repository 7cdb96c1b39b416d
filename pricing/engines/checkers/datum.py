"""The checkers of data valuation: values are the semivalue they say, add up to the utility, and what copying a point does to a share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import comb
from typing import Final, TypeAlias

from pricing.engines.checkers.property import Property

Found: TypeAlias = Mapping[str, int | str]
Utility: TypeAlias = Callable[[frozenset[int]], Fraction]
"""What a set of points achieves, exactly."""

POINTS_EXACT: Final = "points_exact"
POINTS_EFFICIENT: Final = "points_efficient"
POINT_INTERVALS: Final = "point_intervals"
POINT_REPLICATION_ROBUST: Final = "point_replication_robust"
VALUE_SHARES_EXACT: Final = "value_shares_exact"
BRUTE_FORCE_MAX: Final = 10


def shapley_weights(count: int) -> list[Fraction]:
    """Return the weight of a marginal contribution to s others, s = 0 … count - 1, in the Shapley value."""
    return [Fraction(1, count * comb(count - 1, size)) for size in range(count)]


def banzhaf_weights(count: int) -> list[Fraction]:
    """Return the same weights for the Banzhaf value."""
    return [Fraction(1, 2 ** (count - 1))] * count


def last_weights(count: int) -> list[Fraction]:
    """Return the same weights for leave-one-out: all on the marginal contribution to everybody else."""
    return [Fraction(int(size == count - 1)) for size in range(count)]


def beta_weights(count: int, alpha: int, beta: int) -> list[Fraction]:
    """Return the same weights for the Beta(alpha, beta) semivalue: ``B(s + beta, n - 1 - s + alpha) / B(beta, alpha)``."""

    def rising(start: int, steps: int) -> Fraction:
        product = Fraction(1)
        for step in range(steps):
            product *= start + step
        return product

    return [rising(beta, size) * rising(alpha, count - 1 - size) / rising(alpha + beta, count - 1) for size in range(count)]


def semivalue(count: int, utility: Utility, weights: Sequence[Fraction]) -> list[Fraction]:
    """Return every point's semivalue by summing over all subsets: the definition itself, O(2^n n), for at most ten points.

    Raises:
        ValueError: more points than that.
    """
    if count > BRUTE_FORCE_MAX:
        message = f"{count} points are too many to enumerate"
        raise ValueError(message)
    table = [utility(_members(mask, count)) for mask in range(2**count)]
    values = [Fraction(0)] * count
    for mask, without in enumerate(table):
        for point in range(count):
            if not mask >> point & 1:
                values[point] += weights[mask.bit_count()] * (table[mask | 1 << point] - without)
    return values


def _members(mask: int, count: int) -> frozenset[int]:
    return frozenset(point for point in range(count) if mask >> point & 1)


def neighbour_utility(order: Sequence[Sequence[int]], matches: Sequence[Sequence[bool]], k: int) -> Utility:
    """Return the utility of the K-nearest-neighbour classifier: mean over tests of (1/K) times the matches among the nearest K of the set.

    Args:
        order: for each test point, all points nearest first.
        matches: for each test point, whether each point (by index) has its label.
        k: how many neighbours vote.
    """

    def utility(members: frozenset[int]) -> Fraction:
        right = sum(
            sum(match[point] for point in [each for each in row if each in members][:k]) for row, match in zip(order, matches, strict=True)
        )
        return Fraction(right, k * len(order))

    return utility


def soft_utility(order: Sequence[Sequence[int]], matches: Sequence[Sequence[bool]], k: int, classes: int) -> Utility:
    """Return the utility of the soft-label classifier: the mean match among the neighbours there are, a blind guess without any."""

    def utility(members: frozenset[int]) -> Fraction:
        found = Fraction(0)
        for row, match in zip(order, matches, strict=True):
            nearest = [match[each] for each in row if each in members][:k]
            found += Fraction(sum(nearest), len(nearest)) if nearest else Fraction(1, classes)
        return found / len(order)

    return utility


def threshold_utility(inside: Sequence[Sequence[bool]], matches: Sequence[Sequence[bool]], classes: int) -> Utility:
    """Return the utility of the threshold classifier: the mean match among the members within the radius, a blind guess without any."""

    def utility(members: frozenset[int]) -> Fraction:
        found = Fraction(0)
        for near, match in zip(inside, matches, strict=True):
            votes = [match[each] for each in members if near[each]]
            found += Fraction(sum(votes), len(votes)) if votes else Fraction(1, classes)
        return found / len(inside)

    return utility


def points_exact(values: Sequence[Fraction], utility: Utility, weights: Sequence[Fraction]) -> Found | None:
    """Check that the values are the semivalue of the utility, against the sum over all subsets; at most ten points."""
    for index, truth in enumerate(semivalue(len(values), utility, weights)):
        if values[index] != truth:
            return {"point": index, "value": str(values[index]), "brute_force": str(truth)}
    return None


def points_efficient(total: Fraction, gained: Fraction) -> Found | None:
    """Check that the values sum to what all the points together gain over none: v(N) - v({})."""
    return None if total == gained else {"values_sum_to": f"{float(total):.9g}", "gained": f"{float(gained):.9g}"}


def point_intervals(values: Sequence[Fraction], half_widths: Sequence[float], truth: Sequence[Fraction]) -> Found | None:
    """Check that every estimate is within its half-width of the truth; for one point, all but the stated share of seeds must pass."""
    for index, (value, half, true) in enumerate(zip(values, half_widths, truth, strict=True)):
        if abs(value - true) > Fraction(half):
            return {"point": index, "value": str(value), "truth": str(true)}
    return None


def point_replication_robust(
    shares: Callable[[Sequence[int]], Mapping[str, Fraction]],
    holders: Sequence[str],
    candidates: Sequence[int],
    least: Fraction = Fraction(0),
) -> Found | None:
    """Check that no holder's share of the amount grows by more than ``least`` when it enters one of its own points a second time.

    Args:
        shares: each holder's share of the amount when these points (indices, appended as copies) are entered again.
        holders: of each point.
        candidates: which points to copy, one at a time.
        least: what the shares may be in error by.

    Returns:
        None if no such copy pays, or the first that does: ``{"copied_point", "holder", "share_before", "share_after"}``.
    """
    before = shares([])
    for point in candidates:
        holder = holders[point]
        after = shares([point])[holder]
        if after > before[holder] + least:
            told = {"share_before": f"{float(before[holder]):.9f}", "share_after": f"{float(after):.9f}"}
            return {"copied_point": point, "holder": holder, **told}
    return None


def value_shares_exact(
    amount_minor: int, weights: Mapping[str, Fraction | int], shares: Mapping[str, int], undistributed_minor: int
) -> Found | None:
    """Check that shares and rest are the amount, each share within one minor unit of its exact part, and none without weight."""
    if sum(shares.values()) + undistributed_minor != amount_minor:
        return {"shares": sum(shares.values()), "undistributed": undistributed_minor, "amount": amount_minor}
    whole = sum(weights.values(), Fraction(0))
    for holder, share in shares.items():
        exact = amount_minor * Fraction(weights[holder]) / whole if whole else Fraction(0)
        if abs(exact - share) >= 1 or (share and not weights[holder]):
            return {"holder": holder, "share": share, "exact": str(exact)}
    return None


PROPERTIES: Final = (
    Property(
        30,
        POINTS_EXACT,
        points_exact,
        ("Each value is exactly the stated value of the stated utility", "各数据点价值即所述效用下所述价值的精确值"),
    ),
    Property(
        22,
        POINTS_EFFICIENT,
        points_efficient,
        ("The values sum to what all points gain over none", "各数据点价值之和等于全部数据相对于无数据的效用增量"),
    ),
    Property(
        31,
        POINT_INTERVALS,
        point_intervals,
        ("Each estimate is within its half-width at the stated confidence", "在所述置信水平下，各估计值误差不超过所列半宽"),
    ),
    Property(
        32,
        POINT_REPLICATION_ROBUST,
        point_replication_robust,
        ("Entering a point twice does not raise its holder's share", "重复提交同一数据点不会提高其持有方的份额"),
    ),
    Property(
        33,
        VALUE_SHARES_EXACT,
        value_shares_exact,
        ("Shares sum to the amount, each within one minor unit of exact", "各份额之和等于总额，且与精确值相差不足一个最小货币单位"),
    ),
)
