"""The arithmetic of the regulated ceiling: permitted revenue, caps per product and the claw-back of what was earned beyond it.

Source: 发改价格〔2025〕65号, in force from 2025-03-01: most permitted revenue = operating cost after subsidy + permitted profit + tax; the
profit rate is the ten-year government bond's average yield of the year before plus at most six percentage points; revenue above the
permitted is deducted in the next period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

MOST_POINTS: Final = 6
REVIEW_LIMIT: Final = Fraction(1, 10)


@dataclass(frozen=True, slots=True)
class Permitted:
    """The most that one period may bring in, in major units, and what it is made of."""

    cost: Fraction
    subsidy: Fraction
    profit: Fraction
    tax: Fraction

    @property
    def total(self) -> Fraction:
        """Operating cost after subsidy, plus permitted profit, plus tax."""
        return self.cost - self.subsidy + self.profit + self.tax


@dataclass(frozen=True, slots=True)
class Row:
    """One past period of the claw-back ledger, in minor units.

    Attributes:
        permitted: the most permitted before any deduction.
        deducted: what earlier periods had earned too much, taken off here.
        realised: what came in.
        excess: what came in beyond ``permitted - deducted``.
        carried: what is still to be deducted after this period.
    """

    permitted: int
    deducted: int
    realised: int
    excess: int
    carried: int


def permitted_revenue(cost: Fraction, subsidy: Fraction, yield_percent: Fraction, points: Fraction, tax: Fraction) -> Permitted:
    """Return the permitted revenue; profit is on the cost after subsidy."""
    return Permitted(cost, subsidy, (cost - subsidy) * (yield_percent + points) / 100, tax)


def claw_back(periods: Sequence[tuple[int, int]]) -> list[Row]:
    """Return the ledger of past periods, each given as permitted and realised revenue in minor units, oldest first.

    Excess is deducted from the next period, and as far as that period's permitted revenue does not suffice, from those after it. A period
    that brought in less than permitted earns no credit: the notice knows none.
    """
    rows: list[Row] = []
    carried = 0
    for permitted, realised in periods:
        deducted = min(carried, permitted)
        excess = max(realised - (permitted - deducted), 0)
        carried += excess - deducted
        rows.append(Row(permitted, deducted, realised, excess, carried))
    return rows


def caps(allowed: Fraction, weights: Sequence[int], volumes: Sequence[Fraction], decimals: int) -> list[Fraction]:
    """Return the highest unit price of each product, in major units, so that the forecast volumes bring in no more than allowed.

    The allowed revenue is allotted to products in proportion to their weights, divided by each one's volume and rounded down.

    Args:
        allowed: not negative.
        weights: one a product, at least one positive.
        volumes: one a product, positive.
        decimals: decimal places of a unit price.
    """
    total, scale = sum(weights), 10**decimals
    return [Fraction(allowed * weight * scale // (total * volume), scale) for weight, volume in zip(weights, volumes, strict=True)]


def review(row: Row) -> tuple[Fraction, str]:
    """Return how far a period's revenue went beyond what was allowed, as a part of that, and what the yearly review adjusts.

    Up to a tenth the operator's price is adjusted, beyond that the ceiling.
    """
    allowed = row.permitted - row.deducted
    if row.realised <= allowed:
        return Fraction(0), "nothing"
    deviation = Fraction(row.realised - allowed, allowed) if allowed else Fraction(1)
    return deviation, "price" if deviation <= REVIEW_LIMIT else "ceiling"
