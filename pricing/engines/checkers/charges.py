"""The checkers of tariffs: what must hold of a charge as usage grows or is split.

Tariff properties speak of the exact charge, before its one rounding to the minor unit; usage that is carried through a period is rounded
on its running total, so splitting a period into bills gains nobody anything (see ``metered``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from pricing.engines.checkers.property import Property
from pricing.engines.curve import Curve
from pricing.engines.result import Quote

Steps = Mapping[str, int]
"""A counterexample in whole steps, indices or minor units."""

MONOTONE: Final = "monotone"
SUBADDITIVE: Final = "subadditive"
PERIOD_SPLITS: Final = "period_splits"
COMMITMENTS_CLAMP: Final = "commitments_clamp"
LINES_SUM: Final = "lines_sum"
SHARE_WITHIN_INCOME: Final = "share_within_income"


def monotone(curve: Curve) -> Steps | None:
    """Decide whether using more never costs less: T(q) <= T(q') for all whole steps q <= q'.

    Within a piece the slope is not negative, so only the step from one piece to the next can fall. O(pieces).

    Returns:
        None if it holds everywhere, or the greatest fall, ``{"less", "more"}`` with T(more) < T(less) and more = less + 1.
    """
    starts = curve.starts[1:]
    falls = [curve.at(start - 1) - curve.at(start) for start in starts]
    greatest = max(range(len(falls)), key=lambda index: (falls[index], -index), default=None)
    if greatest is None or falls[greatest] <= 0:
        return None
    return {"less": starts[greatest] - 1, "more": starts[greatest]}


def subadditive(curve: Curve) -> Steps | None:
    """Decide whether buying in two lots never costs less than buying at once: T(x + y) <= T(x) + T(y) for all whole steps.

    T(x) + T(y) - T(x + y) is affine where x, y and x + y each stay in one piece. Those regions have integral corners (their constraints
    x, y, x + y form a totally unimodular matrix) and the difference does not fall along their unbounded directions, so its least value is
    at a corner: two of x, y, x + y are a first or last step of a piece. Trying all corners decides it. O(pieces^2 log pieces).

    Returns:
        None if it holds everywhere, or ``{"one", "other"}`` with T(one + other) > T(one) + T(other).
    """
    breaks, at = curve.breaks(), curve.whole_at()
    charge = {step: at(step) for step in breaks}
    for one in breaks:
        for other in breaks:
            if other >= one and at(one + other) > charge[one] + charge[other]:
                return {"one": one, "other": other}
            if other > one and charge[other] > charge[one] + at(other - one):
                return {"one": one, "other": other - one}
    return None


def monotone_up_to(charge: Callable[[int], Fraction], last: int) -> Steps | None:
    """Check T(q) <= T(q + 1) for every whole q below ``last``; the same question by trial, for charges that are not a curve."""
    for step in range(last):
        if charge(step + 1) < charge(step):
            return {"less": step, "more": step + 1}
    return None


def subadditive_up_to(charge: Callable[[int], Fraction], last: int) -> Steps | None:
    """Check T(x + y) <= T(x) + T(y) for every whole x + y up to ``last``, by trial."""
    table = [charge(step) for step in range(last + 1)]
    for whole in range(last + 1):
        for one in range(whole // 2 + 1):
            if table[whole] > table[one] + table[whole - one]:
                return {"one": one, "other": whole - one}
    return None


def lines_sum(quote: Quote) -> Steps | None:
    """Check that the lines sum to the amount and each is within one minor unit of its quantity times its unit price."""
    total = sum([line.amount_minor for line in quote.lines])
    if total != quote.amount_minor:
        return {"lines": total, "amount": quote.amount_minor}
    scale = quote.currency.scale
    for index, line in enumerate(quote.lines):
        units, of = line.quantity.as_integer_ratio()
        price, price_of = line.unit_price.as_integer_ratio()
        if abs(units * price * scale - line.amount_minor * of * price_of) >= of * price_of:
            return {"line": index}
    return None


def share_within_income(share_minor: int, income_minor: int) -> Steps | None:
    """Check that a share of an income is not negative and not above it."""
    return None if 0 <= share_minor <= income_minor else {"share": share_minor, "income": income_minor}


def period_splits(bill: Callable[[Sequence[int], int], int], parts: Sequence[int]) -> Steps | None:
    """Check that the bills of a period's parts, each carrying the usage before it, sum to one bill for the whole period.

    Args:
        bill: minor units of the bill for one part: from the usage of all parts in order, and which of them is billed; the last one closes
            the period.
        parts: the usage of each part in order, at least one.
    """
    billed = sum(bill(parts, at) for at in range(len(parts)))
    whole = bill([sum(parts)], 0)
    return None if billed == whole else {"parts": billed, "whole": whole}


def commitments_clamp(bare_minor: int, charged_minor: int, minimum_minor: int, maximum_minor: int | None) -> Steps | None:
    """Check that a closed period costs its bare charge, lifted to the minimum and then cut to the maximum, and nothing else."""
    expected = max(bare_minor, minimum_minor)
    expected = expected if maximum_minor is None else min(expected, maximum_minor)
    return None if charged_minor == expected else {"charged": charged_minor, "expected": expected}


PROPERTIES: Final = (
    Property(5, MONOTONE, monotone, ("Using more never costs less (before rounding)", "用量增加，费用不减（取整前）")),
    Property(
        5,
        SUBADDITIVE,
        subadditive,
        ("Splitting a purchase never costs less (before rounding)", "拆分购买不会更便宜（取整前）"),
    ),
    Property(37, PERIOD_SPLITS, period_splits, ("The bills of a period sum to one bill for it", "一期内各次账单之和等于整期一次账单")),
    Property(
        37, COMMITMENTS_CLAMP, commitments_clamp, ("A period costs no less and no more than committed", "每期费用在约定的最低与封顶之间")
    ),
    Property(38, LINES_SUM, lines_sum, ("The lines sum to the amount", "各行之和等于总额")),
    Property(33, SHARE_WITHIN_INCOME, share_within_income, ("The share never exceeds the income", "分成不超过收入")),
)
